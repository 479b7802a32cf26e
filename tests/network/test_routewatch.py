"""routewatch.py: routes from an `ip` of a few lines, from one that complains, one without end and one that hangs."""
import os

import pytest

import helpers
from fbmon.base import starting
from fbmon.network import routewatch
from fbmon.network.routewatch import MOST, RouteWatch

PLACE = ('p1', False)


@pytest.fixture
def reports():
    return []


@pytest.fixture
def watch(reports):
    made = RouteWatch(reports.append, lambda: reports.append('crashed'))
    yield made
    made.close()


def read(watch, reports, *places):
    watch.ask(list(places) or [PLACE])
    helpers.wait_for(lambda: reports)
    return reports.pop()


def test_each_interface_is_asked_for_by_itself_and_family(fake_ip, watch, reports):
    fake_ip('echo "$@"')

    found = read(watch, reports, PLACE, ('src', True))
    assert found.failed == {}
    assert found.found == {PLACE: ['-o -4 route show table all dev p1'],
                           ('src', True): ['-o -6 route show table all dev src']}


@pytest.mark.parametrize('script, lines', [
    ('seq %d' % MOST, MOST), ('seq %d' % (MOST + 1), None), ('exec yes 10.50.0.0/16', None), ('', 0)])
def test_no_more_lines_are_read_than_count(fake_ip, watch, reports, script, lines):
    fake_ip(script)

    found = read(watch, reports)
    assert (found.failed, list(found.found)) == ({}, [PLACE])
    assert (found.found[PLACE] if lines is None else len(found.found[PLACE])) == lines


@pytest.mark.skipif(not starting.VFORK_STOPS_NOBODY, reason='this Python forks')
def test_a_reading_makes_no_copy_of_the_daemon_whose_memory_would_have_to_be_claimed_anew(
        fake_ip, watch, reports, monkeypatch):
    fake_ip('echo x')
    # Only a copy would run this.
    monkeypatch.setattr(starting, '_execute', None)

    assert read(watch, reports).found == {PLACE: ['x']}


def test_a_name_that_holds_what_python_takes_for_a_line_end_ends_no_line(fake_ip, watch, reports):
    line = u'10.0.0.0/8 nexthop via 10.1.1.1 dev a\x1cb\x85c\u2028d weight 1'
    fake_ip(u"echo '%s'" % line)

    assert read(watch, reports).found == {PLACE: [line]}


@pytest.mark.parametrize('script, words', [
    ('echo Cannot find device >&2; exit 1', 'Cannot find device'), ('exit 3', 'exit code 3'),
    ('echo x; echo Dump was interrupted and may be inconsistent. >&2',
     'Dump was interrupted and may be inconsistent.')])
def test_what_may_not_be_all_is_no_reading(fake_ip, watch, reports, script, words):
    fake_ip(script)

    found = read(watch, reports)
    assert (found.found, found.failed) == ({}, {PLACE: 'ip -o -4 route show table all dev p1: ' + words})


def test_harmless_words_do_no_harm(fake_ip, watch, reports):
    fake_ip('echo Database /etc/iproute2/rt_tables is corrupted at x >&2; echo 10.50.0.0/16 via 10.5.0.1')

    assert read(watch, reports).found == {PLACE: ['10.50.0.0/16 via 10.5.0.1']}


def test_one_that_hangs_is_given_up(fake_ip, watch, reports, monkeypatch):
    monkeypatch.setattr(routewatch, 'LIMIT', 0.2)
    fake_ip('exec sleep 600')

    assert read(watch, reports).failed == {PLACE: 'ip -o -4 route show table all dev p1: no answer within 0.2 s'}


def test_what_is_read_while_the_daemon_stops_is_not_believed(fake_ip, watch, reports, monkeypatch):
    # When close() has killed a child, its end may look like that of a child that has found nothing.
    monkeypatch.setattr(routewatch, 'read_some', lambda *_: watch.close() or [])
    fake_ip('exit 0')

    report = read(watch, reports)
    assert (report.found, report.failed) == ({}, {PLACE: 'ip -o -4 route show table all dev p1: the daemon stops'})


def test_at_the_end_one_that_hangs_is_killed_and_no_other_is_started(fake_ip, watch, reports, tmp_path):
    fake_ip('echo $$ > $DIR/new; mv $DIR/new $DIR/pid; exec sleep 600')
    watch.ask([PLACE, ('p2', False)])
    pid = int(helpers.wait_for(lambda: helpers.read(tmp_path / 'pid')))

    os.unlink(str(tmp_path / 'pid'))
    watch.close()
    helpers.wait_for(lambda: reports)
    assert not helpers.alive(pid)
    assert (sorted(reports[0].failed), os.path.exists(str(tmp_path / 'pid'))) == ([PLACE, ('p2', False)], False)


def test_an_ip_that_cannot_be_started_is_told(watch, reports, monkeypatch):
    monkeypatch.setenv('PATH', '/nowhere')

    assert read(watch, reports).failed == {PLACE: 'ip cannot be started: No such file or directory'}
