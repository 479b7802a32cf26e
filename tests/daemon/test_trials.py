"""A reload on trial, on the clock of a test: taken, confirmed, taken back, and what comes between."""
import json

import pytest

from fbmon.config import reader
from fbmon.daemon.answers import Commanded
from fbmon.daemon.controller import Reload, Stop
from fbmon.daemon.trials import TakeBack, Tried
from fbmon.memory.records import Records
from settings import config, listener
from test_controller import HOST
from test_controller import world  # noqa: F401

OLD = config([listener(0)])._replace(data=b'old \xff')
NEW = config([listener(0), listener(1)])._replace(data=b'new')


class Fetcher(object):
    """A reader of a file that has the Config of the test, and reports when the test says so."""

    path = '/etc/test.env.unconfirmed'

    def __init__(self):
        self.asked, self.loaded = 0, NEW

    def ask(self):
        self.asked += 1

    def under_way(self):
        return False

    def load(self, _path):
        return self.loaded


class Keeping(object):
    error = None

    def __init__(self):
        self.files = []

    def keep(self, data, by):
        self.files.append((data, by))

    def deadline(self):
        return None

    def step(self):
        pass


@pytest.fixture
def switch(world, tmp_path):  # noqa: F811
    """A World that runs OLD. say(command, fields...) gives a command and returns the answer."""
    made = world(OLD, HOST)
    made.tried, made.kept, made.records = Fetcher(), Keeping(), Records(str(tmp_path / 'trial'))
    reloads = made.controller.reloads
    reloads.connect(None, made.tried, made.kept, made.records)
    reloads.begin()

    def say(command, **fields):
        answers = []
        made.turn(Commanded(dict(fields, command=command), answers.append))
        return json.loads(answers[0])
    made.say = say
    return made


def tried(switch, seconds=60):
    assert switch.say('try', by='alice', seconds=seconds) == {'done': ''}
    switch.turn(Tried())


def indexes(switch):
    return [one.index for one in switch.controller.settings.listeners]


def reloads(switch):
    return [(one.new, one.why) for one in switch.history.transitions if one.kind == 'reload']


def test_it_runs_until_its_time_is_over_and_then_what_ran_before(switch):
    tried(switch)
    assert (indexes(switch), switch.tried.asked) == ([0, 1], 1)
    assert switch.controller._deadline() is not None and switch.controller.reloads.deadline() == 160.0
    assert switch.status()['trial'] == {'by': 'alice', 'since_s': 0.0, 'left_s': 60.0}

    switch.now += 59.9
    switch.turn()
    assert switch.mail == []
    switch.now += 0.2
    switch.turn()
    assert switch.mail == [TakeBack()]
    # Nothing makes the controller come round meanwhile.
    assert switch.controller.reloads.deadline() is None
    switch.turn(*switch.mail)
    assert (indexes(switch), switch.status()['trial']) == ([0], None)
    assert [outcome for outcome, _ in reloads(switch)] == ['taken', 'taken back']
    assert reloads(switch)[0][1].startswith('on trial for 1 min by alice: 1 component kept, 1 added')
    assert reloads(switch)[1][1].startswith('a reload by alice was not confirmed within 1 min: 1 component kept')


def test_it_is_not_kept_before_it_is_confirmed(switch):
    switch.turn()
    assert switch.kept.files == [(b'old \xff', 'start')]
    tried(switch)
    assert len(switch.kept.files) == 1

    assert switch.say('confirm', by='bob') == {'done': ''}
    assert switch.kept.files[1:] == [(b'new', 'bob')]
    switch.now += 1000
    switch.turn()
    assert (switch.mail, indexes(switch), switch.status()['trial']) == ([], [0, 1], None)
    assert reloads(switch)[-1] == ('confirmed', 'by bob, a reload by alice')


def test_a_confirm_that_comes_too_late_or_for_nothing_is_refused(switch):
    assert switch.say('confirm') == {'refused': 'no reload waits for a confirm: see fbypass_ctl show --history'}
    tried(switch)
    switch.now += 61
    switch.turn()
    assert switch.say('confirm') == {'refused': 'too late: its time is over'}
    switch.turn(*switch.mail)
    assert indexes(switch) == [0]


def test_a_second_one_is_refused_and_a_plain_reload_ends_the_first(switch):
    assert switch.say('try', by='alice', seconds=90)['done'] == ''
    assert 'is on trial already' in switch.say('try', by='bob', seconds=90)['refused']
    switch.turn(Tried())
    assert switch.say('try', by='bob', seconds=90) == {
        'refused': 'a reload by alice is on trial already, for 90 s: fbypass_ctl confirm keeps it, fbypass_ctl reload '
                   'ends it'}

    switch.loaded = OLD
    switch.turn(Reload())
    assert (indexes(switch), switch.status()['trial']) == ([0], None)
    assert reloads(switch)[-1][1].startswith('ends the trial of a reload by alice: 1 component kept, 1 removed')
    assert switch.kept.files[-1] == (b'old \xff', 'SIGHUP')
    tried(switch)


def test_one_that_is_refused_leaves_no_trial_behind(switch):
    switch.tried.loaded = NEW._replace(mistakes=(reader.Mistake(3, None, None, 'wrong'),))
    tried(switch)
    assert (indexes(switch), switch.status()['trial']) == ([0], None)
    assert [text for text in switch.status()['reload']['refused'] if '/etc/test.env.unconfirmed:3: error' in text]
    assert reloads(switch)[-1] == ('refused', 'line 3: wrong')

    switch.tried.loaded = NEW
    tried(switch)
    assert indexes(switch) == [0, 1]
    assert 'reload' not in switch.controller.troubles


def test_a_plain_reload_that_is_refused_does_not_end_it(switch):
    tried(switch)
    switch.loaded = OLD._replace(mistakes=(reader.Mistake(3, None, None, 'wrong'),))
    switch.turn(Reload())

    assert (indexes(switch), switch.status()['trial']['by']) == ([0, 1], 'alice')


@pytest.mark.parametrize('seconds', [9, 86401, -1, 'x', None, 10.5, [60], 10 ** 30])
def test_a_time_of_nonsense_is_refused(switch, seconds):
    assert switch.say('try', by='alice', seconds=seconds) == {'refused': 'a trial takes from 10 to 86400 seconds'}
    assert switch.tried.asked == 0


def test_after_a_stop_nothing_is_tried_or_taken_back(switch):
    tried(switch)
    switch.now += 61
    switch.turn()
    switch.turn(Stop(), *switch.mail)

    assert indexes(switch) == [0, 1]


def test_the_next_start_says_that_one_was_not_confirmed(switch, world):  # noqa: F811
    tried(switch)
    left = Records(switch.records._path)
    after = world(OLD, HOST)
    after.controller.reloads.connect(None, Fetcher(), Keeping(), left)

    assert reloads(after) == [('taken back', 'the daemon ended before a reload by alice was confirmed')]
    assert Records(switch.records._path).read() == []
    again = world(OLD, HOST)
    again.controller.reloads.connect(None, Fetcher(), Keeping(), Records(switch.records._path))
    assert reloads(again) == []


@pytest.mark.parametrize('line', ['', '[]', '{}', 'noise', '{"by": 5}', '{"by": "\x1b[1m"}', '7'])
def test_noise_in_its_record_is_no_reason_not_to_start(switch, world, line):  # noqa: F811
    switch.records.rewrite([line])
    after = world(OLD, HOST)
    after.controller.reloads.connect(None, Fetcher(), Keeping(), Records(switch.records._path))

    assert [why for outcome, why in reloads(after) if '\x1b' in why] == []


def test_the_daemon_gives_away_the_file_that_runs_unless_it_has_mistakes(switch, world):  # noqa: F811
    assert switch.say('file')['done'].encode('latin-1') == b'old \xff'
    faulty = OLD._replace(mistakes=(reader.Mistake(3, None, None, 'wrong'),))
    other = world(faulty, HOST)
    answers = []
    other.turn(Commanded({'command': 'file'}, answers.append))
    assert 'what runs has mistakes' in json.loads(answers[0])['refused']


def test_the_file_of_a_start_is_kept_after_the_listeners_were_launched(switch):
    switch.controller.reloads.step(False)
    assert switch.kept.files == []
    switch.controller.reloads.step(True)
    assert switch.kept.files == [(b'old \xff', 'start')]


def test_a_file_with_mistakes_is_not_kept_at_a_start(world):  # noqa: F811
    made = world(OLD._replace(mistakes=(reader.Mistake(3, None, None, 'wrong'),)), HOST)
    kept = Keeping()
    made.controller.reloads.connect(None, None, kept, Records('/nowhere/x'))
    made.controller.reloads.begin()
    made.turn()

    assert kept.files == []


def test_a_reload_that_a_person_asks_for_is_kept_under_the_name(switch):
    assert switch.say('reload', by='carol') == {'done': ''}
    assert switch.mail == [Reload()]
    switch.loaded = NEW
    switch.turn(*switch.mail)
    assert switch.kept.files[1:] == [(b'new', 'carol')]
    switch.turn(Reload())
    assert switch.kept.files[2:] == [(b'new', 'SIGHUP')]


def test_a_file_that_is_repaired_after_a_refusal_is_not_kept_under_the_name_of_who_was_refused(switch):
    switch.say('reload', by='carol')
    switch.loaded = NEW._replace(mistakes=(reader.Mistake(3, None, None, 'wrong'),))
    switch.turn(Reload())
    switch.loaded = NEW
    switch.turn(Reload())

    assert switch.kept.files[1:] == [(b'new', 'SIGHUP')]


def test_one_that_is_still_read_is_named_by_who_asks_for_it_and_not_by_who_had_the_last(switch):
    tried(switch)
    switch.say('confirm', by='alice')
    assert switch.say('try', by='bob', seconds=60)['done'] == ''

    refused = switch.say('try', by='carol', seconds=60)['refused']
    assert refused.startswith('a reload by bob is on trial already, for now')
