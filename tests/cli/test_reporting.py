"""report: the command itself, with a journal in a directory of the test."""
import json
import os
import pty
import subprocess
import sys
import time

import pytest

import helpers
from fbmon.base import compat
from fbmon.cli import main, reporting
from fbmon.memory import journal
from fbmon.memory.history import Transition


# One that waits for nothing before it says how far it is.
AT_ONCE = """
import sys
from fbmon.cli import main, reporting
reporting.SOON, reporting.OFTEN = 0.0, 1
sys.exit(main.main(['--state-dir', sys.argv[1], 'report'] + sys.argv[2:]))
"""


class Terminal(object):
    """A stderr that is a terminal, and keeps what is written."""

    def __init__(self):
        self.text = ''

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def lines(begin, count=0):
    found = [journal.of_daemon(begin, 'started', ''),
             Transition(begin, 'global', 'state', 'unknown', 'normal', '0 failed < 1')]
    for number in range(count):
        at = begin + 100 * (number + 1)
        found += [Transition(at, 'listener', '0', 'active', 'failed', 'x', 'dpi-1'),
                  Transition(at, 'global', 'state', 'normal', 'bypass', '1 failed >= 1'),
                  Transition(at + 10, 'listener', '0', 'failed', 'active', 'x', 'dpi-1'),
                  Transition(at + 10, 'global', 'state', 'bypass', 'normal', '0 failed < 1')]
    return found


@pytest.fixture
def state(tmpdir):
    """A state directory. state(transitions, more bytes) writes its journal."""
    def write(transitions, more=b''):
        text = ''.join(journal.text(one) + '\n' for one in transitions)
        helpers.write(tmpdir.join(journal.NAME), text.encode('ascii') + more)
        return str(tmpdir)
    return write


def report(directory, *words):
    return main.main(['--state-dir', directory, 'report'] + list(words))


def test_it_prints_the_last_30_days_without_a_daemon(state, capsys):
    directory = state(lines(time.time() - 40 * 86400, 3) + lines(time.time() - 10 * 86400, 2))

    assert report(directory) == 0

    out, err = capsys.readouterr()
    assert err == ''
    assert '(30d0h)' in out and '2 times' in out and 'nodes dpi-1' in out


@pytest.mark.parametrize('words, times', [
    (['--since', '60d'], 5), (['--since', '60d', '--until', '20d'], 3), (['--since', '9d'], 0), (['--since', '1h'], 0)])
def test_the_period_can_be_another_one(state, capsys, words, times):
    directory = state(lines(time.time() - 40 * 86400, 3) + lines(time.time() - 10 * 86400, 2))

    assert report(directory, '--json', *words) == 0
    assert len(json.loads(capsys.readouterr().out)['bypasses']) == times


def test_a_period_by_dates_is_one_at_this_place(state, capsys, zone):
    zone('CET-1CEST,M3.5.0,M10.5.0/3')

    assert report(state(lines(1.0)), '--since', '2024-03-01', '--until', '2024-04-01T03:30', '--json') == 0
    found = json.loads(capsys.readouterr().out)
    # 31 days, and half past three of the next one, but an hour less: summer time begins.
    assert found['until'] - found['since'] == 31 * 86400 + 2.5 * 3600
    assert found['since'] == 1709247600


@pytest.mark.parametrize('word', ['yesterday', '', '30', '2024-13-01', '2024-02-30', '2024-02-03T25:00', '30w', '-1d',
                                  '2024-02-03T03', '9' * 40 + 'd'])
def test_a_time_that_is_none_is_told_of(state, capsys, word):
    with pytest.raises(SystemExit) as raised:
        report(state(lines(1.0)), '--since=' + word)

    assert raised.value.code == 2
    assert '30d for so long ago' in capsys.readouterr().err


@pytest.mark.parametrize('words', [['--since', '1d', '--until', '2d'], ['--since', '2124-01-01'],
                                   ['--since', '2024-01-01', '--until', '2024-01-01']])
def test_a_period_that_ends_before_it_begins_is_told_of(state, capsys, words):
    assert report(state(lines(1.0)), *words) == 2

    assert capsys.readouterr() == ('', 'report: --since must be before --until and before now\n')


def test_an_end_in_the_future_is_now(state, capsys):
    assert report(state(lines(1.0)), '--until', '2124-01-01', '--json') == 0

    assert json.loads(capsys.readouterr().out)['until'] <= time.time() + 1


def test_without_a_journal_there_is_no_report(tmpdir, capsys):
    assert report(str(tmpdir)) == 1

    assert capsys.readouterr() == ('', 'report: there is no journal yet: %s\n' % tmpdir.join('journal'))


def test_a_journal_that_cannot_be_read_is_told_of(tmpdir, capsys):
    os.symlink('journal', str(tmpdir.join('journal')))

    assert report(str(tmpdir)) == 1

    out, err = capsys.readouterr()
    assert out == '' and err.startswith('report: %s: ' % tmpdir.join('journal')) and 'Traceback' not in err


def test_what_is_damaged_missing_or_out_of_order_is_counted(state, capsys):
    now = time.time()
    some = lines(now - 86400, 2)
    some[3] = some[3]._replace(at=now + 1e8)
    directory = state(some, b'noise\n(3 lines are missing here: no room)\n{"at": 1')

    assert report(directory) == 0

    out = capsys.readouterr().out
    assert '! ' + reporting.SKIPPED % 2 in out
    assert '! ' + reporting.LOST % 3 in out
    assert '! lines whose time does not fit between those around them' in out


def test_the_page_is_written_into_a_file_or_on_stdout(state, tmpdir, capsys):
    directory, target = state(lines(time.time() - 86400, 2)), tmpdir.join('page.html')

    assert report(directory, '--html', str(target)) == 0
    assert capsys.readouterr() == ('', '')
    assert report(directory, '--html', '-') == 0

    shown = capsys.readouterr().out
    assert target.read().startswith('<!DOCTYPE html>') and target.read().endswith('</html>\n')
    assert shown.startswith('<!DOCTYPE html>') and shown.endswith('</html>\n')


@pytest.mark.parametrize('name', ['missing/page.html', '.'])
def test_a_page_that_cannot_be_written_is_told_of(state, tmpdir, capsys, name):
    assert report(state(lines(1.0)), '--html', str(tmpdir.join(name))) == 1

    out, err = capsys.readouterr()
    assert out == '' and err.startswith('report: %s cannot be written: ' % tmpdir.join(name))


def test_a_page_goes_through_no_link_that_somebody_has_put_there(state, tmpdir, capsys):
    other, page = helpers.write(tmpdir.join('other'), 'as before'), str(tmpdir.join('page.html'))
    os.symlink(other, page)

    assert report(state(lines(1.0)), '--html', page) == 1

    assert capsys.readouterr() == ('', 'report: %s cannot be written: not a plain file\n' % page)
    assert helpers.read(other) == 'as before'


def test_a_person_who_waits_sees_how_far_it_is(state, monkeypatch):
    terminal, ticks = Terminal(), iter(range(1000))
    monkeypatch.setattr(sys, 'stderr', terminal)
    monkeypatch.setattr(compat, 'monotonic', lambda: float(next(ticks)))
    monkeypatch.setattr(reporting, 'OFTEN', 2)

    assert report(state(lines(time.time() - 86400, 2)), '--json') == 0

    shown = terminal.text.split('\r')
    assert shown[1].startswith('reading the journal: ') and shown[-2:] == [' ' * 30, '']
    assert shown[-3].startswith('counting: ') and shown[-3].rstrip().endswith(' %')


@pytest.mark.parametrize('form', [[], ['--json'], ['--html', '-']])
def test_how_far_it_is_stands_on_a_real_terminal_and_not_in_the_report(state, form):
    directory = state(lines(time.time() - 86400, 2))
    leader, follower = pty.openpty()
    argv = [sys.executable, '-c', AT_ONCE, directory] + form
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=follower, close_fds=True, cwd=helpers.ROOT)
    os.close(follower)
    out = child.communicate()[0].decode('ascii')
    seen = helpers.drained(leader).decode('ascii').split('\r')

    assert child.returncode == 0
    assert [word for word in ('reading the journal: 100 %', 'counting: 90 %')
            if word not in [one.strip() for one in seen]] == []
    assert seen[-2:] == [' ' * 30, ''] and ' %\r' not in out and 'counting' not in out


def test_a_journal_that_breaks_off_leaves_nothing_of_how_far_it_was(state, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, 'stderr', terminal)
    monkeypatch.setattr(reporting, 'SOON', 0.0)
    directory = state(lines(time.time() - 86400, 2))

    def broken(reading):
        yield lines(1.0)[0]
        raise EnvironmentError(5, 'Input/output error', 'journal')
    monkeypatch.setattr(journal.Reading, '__iter__', broken)

    assert report(directory) == 1
    assert terminal.text.split('\r')[-2:] == [' ' * 30, 'report: journal: Input/output error\n']


def test_the_document_has_a_line_for_each_bypass(state, capsys):
    assert report(state(lines(time.time() - 86400, 3)), '--json') == 0

    out = capsys.readouterr().out
    alone = [json.loads(row.rstrip(',')) for row in out.splitlines()[1:] if row.startswith('{')]
    bypasses = json.loads(out)['bypasses']
    assert len(bypasses) == 3 and [one for one in bypasses if one not in alone] == []


def test_who_does_not_wait_sees_nothing_of_it(state, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, 'stderr', terminal)
    monkeypatch.setattr(compat, 'monotonic', lambda: 5.0)

    assert report(state(lines(time.time() - 86400, 2)), '--json') == 0
    assert terminal.text == ''


def test_a_page_of_a_reader_who_has_gone_away_makes_no_noise(state):
    directory = state(lines(time.time() - 86400, 300))
    done = 'set -o pipefail; "$0" "$1" --state-dir "$2" report | head -1'
    child = subprocess.Popen(['bash', '-c', done, sys.executable, helpers.FBMON, directory], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, universal_newlines=True)
    out, err = child.communicate()

    assert (child.returncode, err) == (0, '')
    assert out.startswith('report of ')
