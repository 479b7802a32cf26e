"""figures.py against worlds that are played second by second: what they were like is known, and not read from words."""
import random

import pytest

from fbmon.memory import journal
from fbmon.memory.history import Transition
from fbmon.report import causes
from fbmon.report.figures import figures

NODES = ['dpi-1', 'dpi-2', 'dpi-10']
CARD = '10.0.1.1'
BEGIN = 1000000


class World(object):
    """A switch with three nodes, of which two may not fail, and what its daemon writes.

    truth: for each second (what, who) as the report should say it, and whether a daemon decided; told: for each second
    {node: state} as the daemon knew it.
    """

    def __init__(self, seed):
        self.random, self.now = random.Random(seed), BEGIN
        self.lines, self.truth, self.told, self.absent, self.hands = [], [], [], [], []
        self.well, self.known, self.away = dict.fromkeys(NODES, True), {}, set()
        self.there = self.decided = self.gone = self.forced = self.booted = False
        self.state, self.cards, self.blame, self.alone = 'unknown', None, None, None
        self.override, self.waits, self.shown, self.gap = False, 0, 'absent', None
        self.failures = []

    def say(self, kind, name, old, new, why='', called=''):
        self.lines.append(Transition(float(self.now), kind, name, old, new, why, called))

    def daemon(self, new):
        self.say(journal.DAEMON, journal.PROCESS, '-', new)

    def play(self, seconds):
        self.start()
        for _ in range(seconds):
            self.something()
            self.second()
        while not self.decided:
            self.start() if not self.there else self.step()
            self.second()
        return self

    def something(self):
        if self.there and not self.decided:
            return self.step()
        dice = self.random.random()
        if dice < 0.15:
            node = self.random.choice(NODES)
            self.well[node] = not self.well[node]
        elif not self.there:
            return self.start() if dice < 0.3 else self.force() if dice < 0.35 and not self.gone else None
        elif dice < 0.17:
            return self.stop()
        elif dice < 0.19:
            return self.crash()
        elif dice < 0.22:
            self.order()
        elif dice < 0.26:
            self.maintain()
        if self.there:
            self.decide()

    def start(self):
        self.daemon('started')
        if self.state != 'unknown' and not self.booted:
            self.say('global', 'state', self.state, 'unknown',
                     'started' if self.forced else 'started; the daemon had ended without a stop')
        self.there, self.state, self.forced, self.waits = True, 'unknown', False, self.random.randrange(4)

    def step(self):
        self.waits -= 1
        if self.waits < 0:
            self.decide()

    def stop(self):
        if self.random.random() < 0.3 and self.state == 'normal':
            self.say('global', 'state', 'normal', 'bypass', 'the system is going down')
            self.show('absent')
            self.state, self.cards, self.alone = 'bypass', 'bypass', (causes.SHUTDOWN, '')
        self.gone = self.random.random() < 0.3
        self.say('global', 'state', self.state, 'unknown', 'stopped')
        self.daemon('stopped')
        self.there = self.decided = False
        self.state, self.gap, self.booted = 'unknown', len(self.truth), self.gone

    def crash(self):
        self.daemon('alive')
        self.there = self.decided = False
        self.gone, self.gap = self.random.random() < 0.3, len(self.truth)
        self.booted = self.gone

    def force(self):
        wanted = self.random.choice(['bypass', 'normal'])
        word = {'bypass': 'force_on', 'normal': 'force_off'}[wanted] + ' by carol'
        self.show({'bypass': 'absent', 'normal': 'present'}[wanted], word)
        if not self.forced and self.state != 'unknown':
            self.say('global', 'state', self.state, 'unknown', 'the daemon had ended without a stop')
        if not self.forced or self.state != wanted:
            self.say('global', 'state', self.state if self.forced else 'unknown', wanted, word)
            self.hands.append(self.now)
        self.state = self.cards = wanted
        self.forced, self.alone = True, (causes.OPERATOR, 'carol')

    def order(self):
        self.override = not self.override
        self.say('operator', 'override', *(('off', 'bypass') if self.override else ('bypass', 'off')),
                 why='by alice: tests' if self.override else 'by alice')
        self.hands.append(self.now)
        if not self.override:
            self.blame = None

    def maintain(self):
        node = self.random.choice(NODES)
        if node not in self.away and not [one for one in NODES if one != node and one not in self.away
                                          and self.known[one] == 'active']:
            return    # it would be refused
        if node in self.away:
            self.away.remove(node)
            self.say('operator', node, 'maintenance', 'off', 'by bob')
        else:
            self.away.add(node)
            self.say('operator', node, 'off', 'maintenance', 'by bob: new disk')
        self.hands.append(self.now)

    def decide(self):
        for node in NODES:
            new, old = 'active' if self.well[node] else 'failed', self.known.get(node, 'unknown')
            if not self.decided and (new == 'failed' or old == 'failed' and not self.booted):
                self.say('listener', '%d' % NODES.index(node), 'unknown', new, 'x', node)
            elif new != old and not (self.booted and not self.decided):
                self.say('listener', '%d' % NODES.index(node), old, new, 'x', node)
            self.known[node] = new
        self.booted = False
        failed = [node for node in NODES if self.known[node] == 'failed' and node not in self.away]
        active = [node for node in NODES if self.known[node] == 'active' and node not in self.away]
        count = len(failed)
        state = 'bypass' if self.override or not active or count and count + len(self.away) >= 2 else 'normal'
        if state != self.state:
            why = 'override bypass by alice: tests' if self.override else '%d failed, so to say' % count
            self.say('global', 'state', self.state, state, why)
            self.blame = None
        if self.override:
            self.blame = causes.OPERATOR, 'alice'
        elif state == 'bypass' and self.blame is None:
            self.blame = causes.NODES, ', '.join(failed)
        if state == 'normal' and self.gone and self.cards == 'normal' and self.gap is not None:
            for second in range(self.gap, len(self.truth)):
                self.truth[second] = (causes.NO_DAEMON, ''), False
            self.shown = 'absent'
        if self.gone:
            self.shown = 'absent'
        self.gone, self.gap, self.decided = False, None, True
        self.state = self.cards = state
        self.alone = causes.NO_DAEMON, ''
        self.show('absent' if state == 'bypass' else 'present')

    def show(self, new, why='global state so'):
        if new != self.shown:
            self.say('card', CARD, self.shown, new, why, 'east')
        self.shown = new

    def second(self):
        if self.decided:
            now = self.blame if self.state == 'bypass' else (causes.NORMAL, '')
        else:
            now = self.alone if self.cards == 'bypass' else (causes.UNWATCHED, '')
        self.truth.append((now, self.decided))
        self.told.append(dict((node, 'maintenance' if node in self.away else state)
                              for node, state in self.known.items()))
        self.now += 1


def runs(seconds, fits):
    """[(first, after the last)] of the seconds that fit."""
    found = []
    for second, one in enumerate(seconds):
        if fits(one) and (second == 0 or not fits(seconds[second - 1])):
            found.append([second, second])
        if fits(one):
            found[-1][1] = second + 1
    return [tuple(run) for run in found]


def clip(run, since, until):
    return max(0, min(run[1], until) - max(run[0], since))


def differences(found, truth):
    """[The first second that differs, and both], since pytest of 2.7 needs a minute for a long list."""
    return [(second, one, other) for second, (one, other) in enumerate(zip(found, truth)) if one != other][:1]


def is_bypass(one):
    return one[0][0] in causes.BYPASSES


def naive_node(world, node, since, until):
    """(failures, down, longest, active, away) counted second by second."""
    failures = down = longest = active = away = row = 0
    before = None
    for second, told in enumerate(world.told):
        state, inside = told.get(node), since <= second < until
        if state == 'failed' and before != 'failed':
            failures += inside
            row = 0
        before = state
        watched = inside and world.truth[second][1]
        if watched and state == 'failed':
            down, row = down + 1, row + 1
            longest = max(longest, row)
        active += bool(watched and state == 'active')
        away += bool(watched and state == 'maintenance')
    return failures, down, longest, active, away


@pytest.mark.parametrize('seed', range(40))
def test_the_figures_are_those_of_a_world_that_is_counted_second_by_second(seed):
    world = World(seed).play(1500)
    dice = random.Random(seed)
    first, last = sorted(dice.sample(range(len(world.truth) + 1), 2)) if seed % 4 else (0, len(world.truth))
    since, until = BEGIN + first, BEGIN + last

    found = figures(world.lines, since, until)

    truth = world.truth[first:last]
    spans = [((span.cause.what, span.cause.who), span.watched) for span in found.spans
             for _ in range(int(span.end - span.begin))]
    assert len(spans) == len(truth)
    assert differences(spans, truth) == []
    assert sum(found.seconds.values()) == until - since
    assert dict((what, seconds) for what, seconds in found.seconds.items() if seconds) == dict(
        (what, sum(one[0][0] == what for one in truth)) for what in set(one[0][0] for one in truth))
    assert [(one.begin - BEGIN, one.length) for one in found.bypasses] == [
        (run[0], clip(run, first, last)) for run in runs(world.truth, is_bypass) if clip(run, first, last)]
    assert [(one.begin - BEGIN, one.length) for one in found.unwatched] == [
        (run[0], clip(run, first, last)) for run in runs(world.truth, lambda one: not one[1])
        if clip(run, first, last)]
    causes_found = {}
    for total in found.causes:
        key = total.cause[:2]
        causes_found[key] = causes_found.get(key, 0) + total.seconds
    assert causes_found == dict((key, sum(one[0] == key for one in truth))
                                for key in set(one[0] for one in truth if is_bypass(one)))
    for node in found.nodes:
        assert node[1:6] == naive_node(world, node.name, first, last)
    assert [one.at for one in found.actions] == [at for at in world.hands if since <= at < until]


def test_each_cause_counts_once_in_each_bypass():
    world = World(5).play(3000)

    found = figures(world.lines, BEGIN, world.now)

    counts = {}
    for run in runs(world.truth, is_bypass):
        for key in set(one[0] for one in world.truth[run[0]:run[1]]):
            counts[key] = counts.get(key, 0) + 1
    assert dict((total.cause[:2], total.count) for total in found.causes) == counts
    assert len(counts) > 3


def line(at, kind, name, old, new, why='', called=''):
    return Transition(float(at), kind, name, old, new, why, called)


def told(found):
    """[(begin, end, what, who)] of the spans."""
    return [(span.begin, span.end, span.cause.what, span.cause.who) for span in found.spans]


NORMAL_AT_10 = [line(10, 'daemon', 'process', '-', 'started'),
                line(10, 'global', 'state', 'unknown', 'normal', '0 failed < 1')]
FAILED_AT_20 = [line(20, 'listener', '0', 'active', 'failed', 'x', 'dpi-1'),
                line(20, 'global', 'state', 'normal', 'bypass', '1 failed >= 1')]
BACK_AT_30 = [line(30, 'listener', '0', 'failed', 'active', 'x', 'dpi-1'),
              line(30, 'global', 'state', 'bypass', 'normal', '0 failed < 1')]


def test_an_empty_period_is_one_without_a_record():
    found = figures([], 100, 200)

    assert told(found) == [(100, 200, causes.UNRECORDED, '')]
    assert (found.bypasses, found.nodes, found.cards, found.actions) == ([], [], [], [])
    assert [one.length for one in found.unwatched] == [100]


def test_what_was_before_the_period_still_counts_for_its_beginning():
    found = figures(NORMAL_AT_10 + FAILED_AT_20, 100, 200)

    assert told(found) == [(100, 200, causes.NODES, 'dpi-1')]
    assert [(one.begin, one.length, one.open) for one in found.bypasses] == [(20, 100, True)]
    assert found.nodes[0][:4] == ('dpi-1', 0, 100, 100)


def test_a_bypass_over_midnight_is_shared_by_two_days():
    lines = NORMAL_AT_10 + FAILED_AT_20 + BACK_AT_30

    days = [figures(lines, 0, 25), figures(lines, 25, 50)]

    assert [day.seconds[causes.NODES] for day in days] == [5, 5]
    assert [[(one.begin, one.open) for one in day.bypasses] for day in days] == [[(20, True)], [(20, False)]]
    assert [day.nodes[0].failures for day in days] == [1, 0]
    assert [day.nodes[0].share for day in days] == [10 / 15.0, 20 / 25.0]


def test_the_end_of_a_period_belongs_to_the_next_one():
    found = figures(NORMAL_AT_10 + FAILED_AT_20, 10, 20)

    assert told(found) == [(10, 20, causes.NORMAL, '')]
    assert (found.bypasses, found.nodes[0].failures) == ([], 0)


def test_two_months_are_the_sum_of_both():
    world = World(11).play(1500)
    middle, end = BEGIN + 700, world.now

    both, first, second = [figures(world.lines, *period) for period in (
        (BEGIN, end), (BEGIN, middle), (middle, end))]

    assert both.seconds == dict((what, first.seconds[what] + second.seconds[what]) for what in both.seconds)
    assert [node.down for node in both.nodes] == [one.down + other.down
                                                  for one, other in zip(first.nodes, second.nodes)]


def test_a_daemon_that_died_in_bypass_decides_nothing_from_its_last_sign_of_life_on():
    lines = NORMAL_AT_10 + FAILED_AT_20 + [
        line(50, 'daemon', 'process', '-', 'alive'),
        line(90, 'global', 'state', 'bypass', 'unknown', 'started; the daemon had ended without a stop'),
        line(90, 'daemon', 'process', '-', 'started'),
        line(94, 'listener', '0', 'unknown', 'failed', 'x', 'dpi-1'),
        line(95, 'global', 'state', 'unknown', 'bypass', '1 failed >= 1')]

    found = figures(lines, 0, 100)

    assert told(found)[2:] == [(20, 50, causes.NODES, 'dpi-1'), (50, 95, causes.NO_DAEMON, ''),
                               (95, 100, causes.NODES, 'dpi-1')]
    assert [(one.begin, one.end, [cause.what for cause in one.causes]) for one in found.bypasses] == [
        (20, 100, [causes.NODES, causes.NO_DAEMON])]


def test_a_daemon_that_died_and_never_came_back_watches_nothing():
    lines = NORMAL_AT_10 + [line(50, 'daemon', 'process', '-', 'alive')]

    assert told(figures(lines, 10, 50 + 7200))[-1] == (10, 50 + 7200, causes.NORMAL, '')
    assert told(figures(lines, 10, 50 + 7201)) == [(10, 50, causes.NORMAL, ''), (50, 7251, causes.UNWATCHED, '')]


def test_a_line_after_the_period_tells_of_a_death_in_it():
    lines = NORMAL_AT_10 + [line(50, 'daemon', 'process', '-', 'alive'),
                            line(200, 'daemon', 'process', '-', 'started')]

    assert told(figures(lines, 10, 100)) == [(10, 50, causes.NORMAL, ''), (50, 100, causes.UNWATCHED, '')]


def test_a_history_without_a_word_of_daemons_goes_on_until_it_says_otherwise():
    lines = NORMAL_AT_10[1:] + [line(90, 'global', 'state', 'normal', 'unknown',
                                     'started; the daemon had ended without a stop')]

    assert told(figures(lines, 10, 100)) == [(10, 90, causes.NORMAL, ''), (90, 100, causes.UNWATCHED, '')]


def test_an_address_whose_lease_ran_out_is_a_bypass_until_it_is_back():
    lines = NORMAL_AT_10 + [line(40, 'card', 'a', 'present', 'absent', 'by somebody else, or its lease ran out'),
                            line(45, 'card', 'a', 'absent', 'present', 'put back')]

    found = figures(lines, 10, 100)

    assert told(found)[1] == (40, 45, causes.LEASE, '')
    assert found.cards[0] == ('a', '', 1, 5, 1, 0)


def test_how_often_a_card_stopped_pinging_is_counted_and_not_told_again_by_a_start():
    def pings(at, old, new):
        return line(at, 'pings', 'a', old, new, 'x', 'east')
    lines = NORMAL_AT_10 + [pings(15, 'seen', 'silent'), pings(20, 'silent', 'seen'), pings(30, 'seen', 'silent')]
    again = BOOT_AT_50 + [pings(65, 'unknown', 'silent')]

    for since, more, count in ((10, [], 2), (20, [], 1), (10, again, 2), (50, again, 0),
                               (10, BOOT_AT_50 + [pings(70, 'seen', 'silent')], 3)):
        assert figures(lines + more, since, 100).cards == [('a', 'east', 0, 0, 0, count)]


def test_what_is_only_observed_is_neither_normal_nor_a_bypass():
    lines = [line(10, 'global', 'state', 'unknown', 'bypass', 'would be: 1 failed >= 1'),
             line(20, 'global', 'state', 'bypass', 'normal', 'would be: 0 failed < 1'),
             line(40, 'reload', 'file', '-', 'taken', '9 components kept; changed: LOG_LEVEL, OBSERVE')]

    assert told(figures(lines, 10, 100)) == [(10, 40, causes.OBSERVED, ''), (40, 100, causes.NORMAL, '')]


def test_a_bypass_that_only_waits_for_its_return_keeps_its_cause_over_a_restart():
    lines = NORMAL_AT_10 + FAILED_AT_20 + [
        line(30, 'listener', '0', 'failed', 'active', 'x', 'dpi-1'),
        line(40, 'global', 'state', 'bypass', 'unknown', 'stopped'),
        line(40, 'daemon', 'process', '-', 'stopped'), line(41, 'daemon', 'process', '-', 'started'),
        line(42, 'global', 'state', 'unknown', 'bypass', 'a bypass has to be returned from: returns in 3 s')]

    assert told(figures(lines, 20, 50)) == [(20, 40, causes.NODES, 'dpi-1'), (40, 42, causes.NO_DAEMON, ''),
                                            (42, 50, causes.NODES, 'dpi-1')]


def test_a_node_with_two_listeners_fails_with_the_second_one():
    lines = NORMAL_AT_10 + [line(20, 'listener', '0', 'active', 'failed', 'x', 'dpi-1'),
                            line(15, 'listener', '1', 'active', 'active', 'x', 'dpi-1')]
    lines = [lines[0], lines[1], lines[3], lines[2], line(30, 'listener', '1', 'active', 'failed', 'x', 'dpi-1'),
             line(40, 'listener', '0', 'failed', 'active', 'x', 'dpi-1')]

    assert figures(lines, 10, 50).nodes[0][:5] == ('dpi-1', 1, 10, 10, 30)


# At its start the daemon has found both listeners of dpi-1 active, and says so of the node alone.
TWO_WAYS = [line(5, 'daemon', 'process', '-', 'started'), line(10, 'node', 'dpi-1', 'unknown', 'active')] + [
    NORMAL_AT_10[1], line(20, 'listener', '0', 'active', 'failed', 'x', 'dpi-1')]


def test_a_node_with_two_listeners_of_which_one_was_never_told_of_fails_when_it_says_so():
    lines = TWO_WAYS + [line(30, 'listener', '1', 'active', 'failed', 'x', 'dpi-1'),
                        line(30, 'node', 'dpi-1', 'active', 'failed'),
                        line(40, 'listener', '0', 'failed', 'active', 'x', 'dpi-1'),
                        line(40, 'node', 'dpi-1', 'failed', 'active')]

    assert figures(TWO_WAYS, 10, 50).nodes[0][:5] == ('dpi-1', 0, 0, 0, 40)
    assert figures(lines, 10, 50).nodes[0][:5] == ('dpi-1', 1, 10, 10, 30)


def test_a_node_that_has_only_one_listener_any_more_fails_with_it():
    gone = line(15, 'listener', '1', 'active', 'unconfigured', 'a reload has removed it', 'dpi-1')
    told = line(12, 'listener', '1', 'failed', 'active', 'x', 'dpi-1')
    again = [line(15, 'daemon', 'process', '-', 'started'), line(16, 'global', 'state', 'unknown', 'normal')]

    assert figures(TWO_WAYS[:3] + [told, gone] + TWO_WAYS[3:], 10, 50).nodes[0][:2] == ('dpi-1', 1)
    assert figures(TWO_WAYS[:3] + again + TWO_WAYS[3:], 10, 50).nodes[0][:2] == ('dpi-1', 1)


def test_a_failed_node_that_a_reload_has_removed_is_not_down_any_more():
    lines = NORMAL_AT_10 + FAILED_AT_20 + [line(30, 'reload', 'file', '-', 'taken', '3 components kept, 1 removed')]

    assert figures(lines, 10, 100).nodes[0][:4] == ('dpi-1', 1, 10, 10)
    heard = lines + BACK_AT_30[:1]
    assert figures(heard, 10, 100).nodes[0][:4] == ('dpi-1', 1, 10, 10)


def test_a_node_that_a_reload_has_removed_counts_for_nothing_from_then_on():
    gone = [line(30, 'reload', 'file', '-', 'taken', '3 components kept, 1 removed'),
            line(30, 'listener', '0', 'failed', 'unconfigured', 'a reload has removed it', 'dpi-1')]
    well = NORMAL_AT_10 + [line(20, 'listener', '0', 'unknown', 'active', 'x', 'dpi-1'), gone[1]._replace(old='active')]

    assert figures(NORMAL_AT_10 + FAILED_AT_20 + gone + BOOT_AT_50, 10, 100).nodes[0][:5] == ('dpi-1', 1, 10, 10, 10)
    assert figures(well + BOOT_AT_50, 10, 100).nodes[0][:5] == ('dpi-1', 0, 0, 0, 10)


BOOT_AT_50 = [line(50, 'daemon', 'process', '-', 'started'),
              line(60, 'global', 'state', 'unknown', 'normal', '0 failed < 1')]


def test_a_failed_node_that_is_found_active_after_a_boot_was_down_until_then():
    lines = NORMAL_AT_10 + FAILED_AT_20 + [line(40, 'daemon', 'process', '-', 'alive')]

    assert figures(lines + BOOT_AT_50, 10, 100).nodes[0][:5] == ('dpi-1', 1, 20, 20, 50)
    still = BOOT_AT_50[:1] + [line(55, 'listener', '0', 'unknown', 'failed', 'x', 'dpi-1')] + BOOT_AT_50[1:]
    assert figures(lines + still, 10, 100).nodes[0][:5] == ('dpi-1', 1, 60, 60, 10)


def test_a_state_that_a_person_forces_says_nothing_of_the_nodes():
    lines = NORMAL_AT_10 + FAILED_AT_20 + [
        line(40, 'daemon', 'process', '-', 'started'),
        line(45, 'global', 'state', 'unknown', 'bypass', 'force_on by carol'), BOOT_AT_50[0],
        line(55, 'listener', '0', 'unknown', 'failed', 'x', 'dpi-1'),
        line(60, 'global', 'state', 'unknown', 'bypass', '1 failed >= 1')]

    assert figures(lines, 10, 100).nodes[0].failures == 1


def test_a_state_before_a_boot_says_nothing_of_the_time_until_the_next_decision():
    alive = [line(40, 'daemon', 'process', '-', 'alive')]

    assert told(figures(NORMAL_AT_10 + alive + BOOT_AT_50, 10, 100)) == [
        (10, 40, causes.NORMAL, ''), (40, 60, causes.UNWATCHED, ''), (60, 100, causes.NORMAL, '')]
    assert told(figures(NORMAL_AT_10 + FAILED_AT_20 + alive + BOOT_AT_50, 20, 100)) == [
        (20, 40, causes.NODES, 'dpi-1'), (40, 60, causes.NO_DAEMON, ''), (60, 100, causes.NORMAL, '')]


def test_a_failed_node_that_a_reload_has_removed_is_not_found_active_after_a_boot():
    lines = NORMAL_AT_10 + FAILED_AT_20 + [line(30, 'reload', 'file', '-', 'taken', '3 components kept, 1 removed')]

    assert figures(lines + BOOT_AT_50, 10, 100).nodes[0][:5] == ('dpi-1', 1, 10, 10, 10)


@pytest.mark.parametrize('wrong', [0.0, -4000.0, 3e8])
def test_lines_with_a_wrong_clock_happen_between_their_neighbours(wrong):
    lines = NORMAL_AT_10 + FAILED_AT_20 + BACK_AT_30 + [line(60, 'daemon', 'process', '-', 'alive')]
    lines = [one._replace(at=max(0.0, one.at + wrong)) if one.at == 30 else one for one in lines]

    found = figures(lines, 10, 100, 100)

    assert found.moved == (2 if wrong else 0)
    back = 30 if not wrong else 20 if wrong < 0 else 60
    bypasses = [(20, back, causes.NODES)] if back > 20 else []
    assert [row[:3] for row in told(found) if row[2] == causes.NODES] == bypasses
    assert sum(found.seconds.values()) == 90
