"""neighbours.py: what two clusters of one switch name is a warning of check."""
import os

import pytest

from fbmon.cli import checking, neighbours, reloading
from fbmon.config import reader, source
from helpers import write

OURS = '''LISTEN_HEARTBEAT_IFS=eth0
BYPASS_CARD_IFS=eth0
LISTEN_HB_HOST[0]=10.0.0.2
LISTEN_HB_PORT[0]=3000
LISTEN_CUBRO_IFS[0]=sw1
BYPASS_CARD_HOST[0]=10.0.0.11/24
BYPASS_CARD_HOST[1]=fd00::11
'''
# Nothing of it is in OURS.
THEIRS = '''LISTEN_HEARTBEAT_IFS=eth0
BYPASS_CARD_IFS=eth1
LISTEN_HB_HOST[0]=10.0.0.3
LISTEN_HB_PORT[0]=3000
LISTEN_CUBRO_IFS=sw5
BYPASS_CARD_HOST[0]=10.0.0.12
'''
ELSE = 'what one daemon removes is gone for the other; give each one of its own'


@pytest.fixture
def home(tmp_path, monkeypatch):
    """home(name, text): writes the file of a cluster and returns its path."""
    monkeypatch.setattr(neighbours, 'HOME', str(tmp_path / 'var'))
    monkeypatch.setattr(neighbours, 'RUN', str(tmp_path / 'run'))

    def place(name, text):
        directory = tmp_path / 'var' / name
        if not directory.exists():
            directory.mkdir(parents=True)
        return write(directory / '.env', text)
    return place


def told(path, instance=None):
    """['LINE: text', ...] of the warnings about a file, for the daemon with this name or the nameless one."""
    run_dir = neighbours.RUN + (os.sep + '@' + instance if instance else '')
    found = neighbours.warnings(path, source.load(path), run_dir)
    return ['%s: %s' % (one.line, one.text) for one in found]


def test_clusters_that_share_nothing_are_not_warned_of(home):
    home('west', THEIRS)

    assert told(home('backend', OURS)) == []
    assert told(home('west', THEIRS), 'west') == []


@pytest.mark.parametrize('theirs, expected', [
    ('BYPASS_CARD_HOST[3]=10.0.0.11', '6: address 10.0.0.11 is also that of card 3 in %s:7: ' + ELSE),
    ('BYPASS_CARD_HOST[3]=10.0.0.11/16', '6: address 10.0.0.11 is also that of card 3 in %s:7: ' + ELSE),
    ('BYPASS_CARD_HOST[3]=FD00:0:0::0011/64', '7: address fd00::11 is also that of card 3 in %s:7: ' + ELSE),
    ('LISTEN_HB_HOST[3]=10.0.0.11\\nLISTEN_HB_PORT[3]=3000',
     '6: address 10.0.0.11 is also that of listener 3 in %s:7: ' + ELSE),
    ('BYPASS_CARD_HOST[3]=10.0.0.2', '3: address 10.0.0.2 is also that of card 3 in %s:7: ' + ELSE),
    ('LISTEN_HB_HOST[3]=10.0.0.2\\nLISTEN_HB_PORT[3]=3100',
     '3: address 10.0.0.2 is also that of listener 3 in %s:7: ' + ELSE),
    ('LISTEN_HB_HOST[3]=10.0.0.2\\nLISTEN_HB_PORT[3]=3000',
     '3: address 10.0.0.2 and port 3000 are also those of listener 3 in %s:7: only one daemon can listen there; give '
     'another port'),
    ('LISTEN_CUBRO_IFS[0]=sw1', '5: port sw1 is also a port in %s:7: two daemons bring it up and down against each '
     'other; remove it from one file'),
    ('BYPASS_CARD_IFS[0]=sw1', '5: port sw1 is the interface of card 0 in %s:7, which hears nothing when it is down; '
     'remove it from the list'),
    ('LISTEN_HEARTBEAT_IFS[0]=sw1', '5: port sw1 is the interface of listener 0 in %s:7, which hears nothing when it '
     'is down; remove it from the list')])
def test_what_another_cluster_names_too_is_told_of_with_both_lines_and_a_remedy(home, theirs, expected):
    path = home('west', THEIRS + theirs.replace('\\n', '\n') + '\n')

    assert told(home('backend', OURS)) == [expected % path]


def test_a_port_of_theirs_that_is_our_interface_is_told_of_at_our_interface(home):
    path = home('west', THEIRS.replace('LISTEN_CUBRO_IFS=sw5', 'LISTEN_CUBRO_IFS=eth0').replace(
        'HEARTBEAT_IFS=eth0', 'HEARTBEAT_IFS=eth2'))

    assert told(home('backend', OURS)) == ['1: eth0 is a port in %s:5: when it is down, nothing arrives on it here; '
                                           'remove it from that list' % path]


@pytest.mark.parametrize('ours, theirs', [
    # A list that is left alone has no say.
    (OURS, THEIRS + 'LISTEN_CUBRO_IFS[0]=sw1\nLISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS[0]=0\n'),
    (OURS + 'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS[0]=0\n', THEIRS + 'LISTEN_CUBRO_IFS[0]=sw1\n'),
    # Each interface has link-local addresses of its own.
    (OURS + 'BYPASS_CARD_HOST[2]=fe80::1\n', THEIRS + 'BYPASS_CARD_HOST[2]=fe80::1\n')])
def test_what_does_not_meet_is_not_told_of(home, ours, theirs):
    home('west', theirs)

    assert told(home('backend', ours)) == []


def test_each_cluster_is_warned_of_all_others_and_never_of_itself(home):
    path, west, east = home('backend', OURS), home('west', OURS), home('east', THEIRS)
    count = len(told(path))

    assert count == 4 and len(told(west, 'west')) == 4 and told(east, 'east') == []
    assert all(west in line for line in told(path)) and all(path in line for line in told(west, 'west'))


def test_a_file_that_is_not_in_its_place_yet_is_compared_with_the_others_only(home, tmp_path):
    home('west', OURS)
    draft = write(tmp_path / 'draft', OURS)

    assert told(draft, 'west') == []
    assert len(told(draft, 'east')) == 4
    # Another cluster's file is not compared with itself either.
    assert told(home('west', OURS), 'east') == []


def test_a_faulty_file_of_another_cluster_is_compared_as_far_as_it_can_be_understood(home):
    path = home('west', 'NONSENSE\nBYPASS_CARD_IFS=eth0\nLISTEN_HB_PORT[0]=x\nBYPASS_CARD_HOST[0]=10.0.0.11\n'
                        'BYPASS_CARD_HOST[1]=10.0.0.300\nLISTEN_CUBRO_IFS=sw1, a/b\n')

    assert [line.partition(path)[2].split(':')[1] for line in told(home('backend', OURS))] == ['6', '4']


@pytest.mark.parametrize('kind', ['pipe', 'directory', 'link', 'utf-16', 'large'])
def test_a_file_of_another_cluster_that_cannot_be_read_is_named_and_waited_for_by_nobody(home, kind):
    path = home('west', '')
    if kind in ('pipe', 'directory', 'link'):
        os.unlink(path)
        {'pipe': os.mkfifo, 'directory': os.mkdir, 'link': lambda one: os.symlink('/nowhere', one)}[kind](path)
    else:
        write(path, b'\xff\xfea\0' if kind == 'utf-16' else b'#' * (source.LARGEST + 1))

    found = told(home('backend', OURS))

    assert [line.startswith('None: not compared with another cluster: %s: ' % path) for line in found] == [True]


def test_a_daemon_that_is_not_one_of_the_package_has_no_neighbours(home, tmp_path):
    home('west', OURS)
    path = home('backend', OURS)

    for run_dir in (str(tmp_path), '', '/', str(tmp_path / 'run' / 'other'), str(tmp_path / '@west')):
        assert neighbours.warnings(path, source.load(path), run_dir) == []


def test_check_shows_them_and_a_reload_counts_them(home, capsys):
    west, path = home('west', THEIRS + 'LISTEN_CUBRO_IFS[0]=sw1\n'), home('backend', OURS)
    text = '%s:5: warning: LISTEN_CUBRO_IFS[0]=sw1: port sw1 is also a port in %s:7' % (path, west)

    assert checking.check(path, neighbours.RUN) == 0
    with_it = capsys.readouterr().out
    os.unlink(west)
    counted = int(reloading._warnings(path, neighbours.RUN).split()[0])
    write(west, THEIRS + 'LISTEN_CUBRO_IFS[0]=sw1\n')

    assert text in with_it
    assert reloading._warnings(path, neighbours.RUN) == '%d warnings: see fbypass_ctl check' % (counted + 1)


def test_a_thousand_listeners_are_compared_in_no_time_that_counts(home):
    text = 'LISTEN_HEARTBEAT_IFS=eth0\n' + ''.join('LISTEN_HB_HOST[%d]=10.0.%d.%d\nLISTEN_HB_PORT[%d]=3000\n' % (
        index, index // 250, index % 250 + 1, index) for index in range(1000))
    settings = reader.read(text.encode('ascii').decode('ascii')).settings
    seen = []

    found = list(neighbours.clashes(settings, settings, lambda *key: seen.append(key) or 'x'))

    # Each is looked at once, and not once for each other one.
    assert len(found) == 1000 and len(seen) < 5000
