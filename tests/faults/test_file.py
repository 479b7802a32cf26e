"""The configuration file is not what it should be, at a start and at a reload; and SIGHUPs without end."""
import os
import random

import pytest

import helpers
from kernel import files
from kernel.daemon import listener


def missing(_path):
    pass


def a_directory(path):
    os.mkdir(path)


def a_pipe(path):
    os.mkfifo(path)


def a_link_to_itself(path):
    os.symlink(path, path)


def noise_of_10_mb(path):
    helpers.write(path, os.urandom(10 << 20))


CANNOT_BE_READ = [missing, a_directory, a_pipe, a_link_to_itself, noise_of_10_mb]


def noise(path):
    helpers.write(path, bytes(bytearray(random.Random(1).randrange(256) for _ in range(50000))))


def cut_short(path):
    helpers.write(path, files.SMALL[:files.SMALL.index('192.168.1.211') + len('192.168')])


def text_of_something_else(path):
    helpers.write(path, '<html><body>Not found</body></html>\n')


HAS_MISTAKES = [noise, cut_short, text_of_something_else]


def replace(path, what):
    """Put something else where the file should be."""
    if os.path.isdir(path):
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)
    what(path)


@pytest.mark.parametrize('what', CANNOT_BE_READ)
def test_a_start_with_what_cannot_be_read_ends_with_78_and_one_line_and_touches_nothing(switch, daemon, dpis, what):
    replace(daemon.config, what)
    watch = switch.watch()

    daemon.launch()

    assert daemon.ended() == 78
    assert len(helpers.read(daemon.directory + '/stderr').splitlines()) == 1
    assert watch.take() == []


@pytest.mark.parametrize('what', HAS_MISTAKES)
def test_a_start_with_mistakes_runs_with_what_is_valid_and_releases_nothing(switch, small, what):
    small.kill()
    replace(small.config, what)
    watch = switch.watch()

    small.start()
    small.wait(lambda status: status['problems'])

    assert ' ERROR %s:' % small.config in small.log()
    watch.quiet(0.5)
    # If the file is cut short among the cards, its listeners are valid.
    valid = ['active', 'active'] if what is cut_short else []
    small.wait(lambda status: [row['state'] for row in status['listeners']] == valid)


@pytest.mark.parametrize('face', [(), ('--json',), ('--prometheus',), ('--history',)])
def test_a_start_with_a_faulty_timer_answers_whoever_asks_for_its_status(daemon, dpis, face):
    dpis.steady(3000)
    daemon.start(files.SMALL + 'LISTEN_HEARTBEAT_TIMEOUT[1]=3s\n')

    code, output, errors = daemon.command('status', *face)

    assert (code, bool(output), errors) == (0, True, '')
    assert listener(daemon.wait_listener(0, 'active'), 1)['state'] == 'unconfigured'


def test_a_start_that_leaves_the_cards_out_says_so_first_of_all(daemon, dpis):
    dpis.steady(3000)
    daemon.start(files.SMALL.replace('BYPASS_CARD_IFS=eth0', 'BYPASS_CARD_IFS=eth0 eth1'))
    shown = daemon.wait(lambda status: status['state'] == 'bypass')

    assert shown['left_out'] == {'cards': [0, 1], 'listeners': []}
    first, second = daemon.command('status')[1].splitlines()[:2]
    assert (first, second[:7]) == ('BYPASS NOT EFFECTIVE: cards 0-1 are unconfigured', 'bypass ')
    assert 'fastbypass_left_out{kind="card"} 2' in daemon.command('status', '--prometheus')[1].splitlines()


def test_whatever_is_in_the_files_place_at_a_reload_the_running_configuration_goes_on(switch, small, dpis):
    before, watch = small.status(), switch.watch()
    for what in CANNOT_BE_READ + HAS_MISTAKES:
        replace(small.config, what)
        assert 'reload refused' in small.reload()
        shown = small.wait(lambda status: 'reload refused' in ' '.join(status['problems']))
        changes = [one for one in shown['history'] if one['kind'] != 'reload']
        assert (shown['state'], changes, len(shown['cards'])) == ('normal', before['history'], 2), what
        assert (shown['history'][-1]['kind'], shown['history'][-1]['to']) == ('reload', 'refused'), what

    watch.quiet(0.1)
    dpis.silence(3100)
    small.wait_state('bypass')
    dpis.steady(3100)
    replace(small.config, missing)
    small.reload(files.SMALL)
    small.wait_sound('normal')


def test_hundreds_of_sighups_change_nothing_and_lose_nothing(switch, small, dpis):
    dpis.silence(3100)
    before, watch = small.wait_state('bypass'), switch.watch()

    for _ in range(500):
        small.signal(1)
    small.reload()

    shown = small.wait_state('bypass')
    watch.quiet(0.4)
    assert shown['history'] == before['history']
    assert listener(shown, 0)['received'] >= listener(before, 0)['received']
    assert [row['missed'] for row in shown['listeners']][0] == 0
