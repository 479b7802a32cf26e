"""console.py: the status on one screen of 80 columns. What is wrong comes first, and what is left out is counted."""
import fcntl
import os
import pty
import struct
import termios

import pytest

import helpers
import statuses
from fbmon import __version__
from fbmon.network import picture
from fbmon.show import console, terminal
from settings import card, listener, settings

FULL = {
    'version': '1.0.00', 'pid': 4711, 'uptime_s': 93784.2, 'state': 'bypass', 'state_since_s': 185.4,
    'held': [], 'failed': 2, 'threshold': 2, 'observe': False, 'return': None, 'override': None, 'next': [],
    'nodes': [statuses.node('0', [0]), statuses.node('1', [1], 'failed', 185.4),
              statuses.node('2', [2], 'unconfigured', None)],
    'left_out': {'cards': [], 'listeners': []},
    'listeners': [
        {'index': 0, 'node': '0', 'host': '10.0.0.2', 'port': 3000, 'interface': 'eth0', 'state': 'active',
         'since_s': 93000.0,
         'last_heartbeat_s': 0.412, 'longest_gap_s': 1.004, 'received': 93001, 'ignored': 0, 'missed': 0,
         'heard': 0, 'recovery': 5, 'last_sender': '10.0.0.9', 'error': None},
        {'index': 1, 'node': '1', 'host': 'fd00::2', 'port': 3001, 'interface': 'eth0', 'state': 'failed',
         'since_s': 185.4,
         'last_heartbeat_s': 188.4, 'longest_gap_s': 12.0, 'received': 7, 'ignored': 3, 'missed': 62, 'heard': 3,
         'recovery': 5, 'last_sender': 'fd00::9', 'error': None},
        {'index': 2, 'node': '2', 'host': None, 'port': None, 'interface': None, 'state': 'unconfigured',
         'since_s': None,
         'last_heartbeat_s': None, 'longest_gap_s': None, 'received': 0, 'ignored': 0, 'missed': 0, 'heard': 0,
         'recovery': 1, 'last_sender': None, 'error': 'faulty'}],
    'cards': [
        {'index': 0, 'name': None, 'address': '10.0.1.1', 'interface': 'eth0', 'wanted': 'absent', 'actual': 'absent',
         'error': None, 'pings': None, 'pings_total': None, 'last_ping_s': None, 'ping_rate': None},
        {'index': 1, 'name': None, 'address': None, 'interface': None, 'wanted': None, 'actual': None,
         'error': 'faulty', 'pings': None, 'pings_total': None, 'last_ping_s': None, 'ping_rate': None}],
    'ports': [
        {'name': 'sw1', 'global': True, 'listeners': [0, 1], 'wanted': 'down', 'actual': 'up', 'error': 'no'},
        {'name': 'sw2', 'global': False, 'listeners': [1], 'wanted': 'down', 'actual': 'missing', 'error': 'no'},
        {'name': 'sw3', 'global': False, 'listeners': [], 'wanted': None, 'actual': None, 'error': None}],
    'problems': ['listener 2 is unconfigured: LISTEN_HB_HOST[2]=10.0.0.300: no IPv4 or IPv6 address; give one like '
                 '10.0.0.1', 'port sw1: RTNETLINK answers: Operation not permitted'],
    'history': [], 'forced': None}

TEXT = '''\
bypass for 3m5s: 2 of 3 listeners failed, threshold 2
listeners: 1 active, 1 failed, 1 unconfigured
cards: 1 absent, 1 unconfigured; 1 not as wanted
ports: 1 up, 1 missing, 1 unknown; 2 not as wanted
fastbypass_monitor 1.0.00, pid 4711, up 1d2h

PROBLEMS
! listener 2 is unconfigured: LISTEN_HB_HOST[2]=10.0.0.300: no IPv4 or IPv6
    address; give one like 10.0.0.1
! port sw1: RTNETLINK answers: Operation not permitted

  LISTENER          STATE         FOR LAST  GAP RECEIVED IGNORED
! 1 [fd00::2]:3001  failed       3m5s 3m8s  12s        7       3
    3 of 5 heartbeats; last heartbeat from fd00::9
! 2 ?:?             unconfigured    -    -    -        0       0
  0 10.0.0.2:3000   active       1d1h 0.4s 1.0s    93001       0

  CARD        WANTED  ACTUAL  INTERFACE
! 1 ?         -       -       ?
  0 10.0.1.1  absent  absent  eth0

  PORT  WANTED  ACTUAL   FOLLOWS
! sw1   down    up       global state and listener 0-1
! sw2   down    missing  listener 1
  sw3   -       -
'''


def with_fields(**fields):
    found = dict(FULL, **fields)
    found['nodes'] = [statuses.node(row['node'], [row['index']], row['state'], row['since_s'])
                      for row in found['listeners']]
    return found


def widest(text):
    return max(len(line) for line in text.splitlines())


def test_the_full_status_reads_like_this():
    assert console.render(FULL) == TEXT


def test_what_is_empty_is_left_out():
    empty = with_fields(listeners=[], cards=[], ports=[], problems=[], failed=0, threshold=None, state='unknown')

    assert console.render(empty) == ('unknown for 3m5s: 0 of 0 listeners failed, threshold ?\n'
                                     'fastbypass_monitor 1.0.00, pid 4711, up 1d2h\n')


@pytest.mark.parametrize('cards, listeners, lines', [
    ([0, 1, 2, 3], [], ['BYPASS NOT EFFECTIVE: cards 0-3 are unconfigured']),
    ([2], [], ['BYPASS NOT EFFECTIVE: card 2 is unconfigured']),
    ([], [1, 4], ['NODES NOT WATCHED: listeners 1, 4 are unconfigured']),
    ([0], [7], ['BYPASS NOT EFFECTIVE: card 0 is unconfigured', 'NODES NOT WATCHED: listener 7 is unconfigured'])])
def test_what_a_mistake_leaves_out_is_the_first_line_on_a_small_screen_too(cards, listeners, lines):
    left_out = {'cards': cards, 'listeners': listeners}
    for status in (with_fields(left_out=left_out), dict(statuses.large(), left_out=left_out)):
        for height in (None, 24):
            assert console.render(status, height=height).splitlines()[:len(lines)] == lines
    coloured = console.render(with_fields(left_out=left_out), colour=True)
    assert coloured.startswith(terminal.RED + lines[0] + terminal.PLAIN)


def test_all_that_a_mistake_leaves_out_are_named_however_many():
    text = console.render(with_fields(left_out={'cards': list(range(0, 300, 2)), 'listeners': []}))

    assert widest(text) <= 80 and ' 296, 298 are unconfigured' in ' '.join(text.split())


def test_what_is_waited_for_is_named():
    assert console.render(with_fields(held=[0, 2])).splitlines()[1] == (
        'held: nothing is decided until these listeners have reported: 0, 2')
    nobody = [statuses.listener(index, 'unconfigured') for index in range(2)]
    assert console.render(with_fields(listeners=nobody)).splitlines()[1] == (
        'held: nothing is decided while all listeners are unconfigured')


def test_no_line_is_longer_than_80_columns_however_long_the_parts_are():
    listeners = [dict(FULL['listeners'][0], host='fd00:1111:2222:3333:4444:5555:6666:7777', state='unconfigured',
                      since_s=1e7, last_heartbeat_s=1e7, longest_gap_s=1e7, received=10 ** 10, ignored=10 ** 10)]
    cards = [dict(FULL['cards'][0], address='fd00:1111:2222:3333:4444:5555:6666:7777', interface='a' * 15)]
    ports = [dict(FULL['ports'][0], name='b' * 15, listeners=list(range(100)))]
    text = console.render(with_fields(listeners=listeners, cards=cards, ports=ports, held=list(range(300)),
                                      problems=['word ' * 100], state='unknown', state_since_s=1e9))

    assert widest(text) <= 80


def test_nothing_of_a_long_row_is_lost():
    host, name = 'fd00:1111:2222:3333:4444:5555:6666:7777', 'b' * 15
    listeners = [statuses.listener(7, host=host, port=65535, received=10 ** 10)]
    ports = [statuses.port(name, listeners=list(range(0, 100, 2)))]
    text = console.render(statuses.status(listeners, ports=ports))

    words = ' '.join(text.split())
    assert '7 [%s]:65535 active 20h0m 0.4s 1.0s 10.0G 0' % host in words
    assert '%s up up global state and listener %s' % (name, ', '.join(map(str, range(0, 100, 2)))) in words
    assert widest(text) <= 80


def test_all_listeners_that_are_waited_for_are_named():
    text = console.render(with_fields(held=list(range(0, 200, 2))))

    assert '196, 198' in ' '.join(text.split())


def test_a_problem_is_wrapped_and_never_cut():
    problem = 'the remedy is ' + ' '.join('word%d' % number for number in range(60))

    lines = console.render(with_fields(problems=[problem])).split('\n\n')[1].splitlines()

    assert ' '.join(' '.join(lines).split()) == 'PROBLEMS ! ' + problem
    assert lines[1].startswith('! the') and all(line.startswith('    ') for line in lines[2:])


def test_on_a_terminal_states_are_coloured_and_the_columns_stay():
    plain, coloured = console.render(FULL), console.render(FULL, colour=True)

    assert terminal.RED + 'bypass' + terminal.PLAIN in coloured
    assert terminal.GREEN + 'active' + terminal.PLAIN in coloured
    for code in (terminal.RED, terminal.GREEN, terminal.YELLOW, terminal.PLAIN):
        coloured = coloured.replace(code, '')
    assert coloured == plain


def test_on_a_screen_of_24_lines_the_state_and_all_that_is_wrong_are_there_and_the_rest_is_counted():
    assert console.render(statuses.large(), height=24) == """\
normal for 20h0m: 2 of 64 listeners failed, threshold 3
listeners: 61 active, 2 failed, 1 unconfigured
cards: 8 present
ports: 47 up, 1 down; 1 not as wanted
fastbypass_monitor 1.0.00, pid 4711, up 20h6m
PROBLEMS
! port e101-041-0 cannot be made down: RTNETLINK answers: Operation not
    permitted
! listener 63 is unconfigured: interface eth9 is not there
  LISTENER               STATE          FOR LAST  GAP RECEIVED IGNORED
! 17 192.168.1.117:3017  failed        3m5s 3m8s 1.0s    72000       0
! 40 192.168.1.140:3040  failed        3m5s 3m8s 1.0s    72000       0
! 63 192.168.1.163:3063  unconfigured     -    -    -        0       0
  not shown: 61 active
  CARD             WANTED   ACTUAL   INTERFACE
  0 192.168.1.200  present  present  eth0
  1 192.168.1.201  present  present  eth0
  2 192.168.1.202  present  present  eth0
  not shown: 5 present
  PORT        WANTED  ACTUAL  FOLLOWS
! e101-041-0  down    up      global state and listener 40
  not shown: 1 down, 46 up
Rows are left out to fit this screen. All of them: fbypass_ctl show | less
"""


@pytest.mark.parametrize('failed, unconfigured', [((), ()), (range(64), ()), ((), range(64)), ((1, 2), range(3, 60))])
@pytest.mark.parametrize('height', [24, 50])
def test_whatever_is_wrong_it_fits_the_screen_and_every_row_is_shown_or_counted(failed, unconfigured, height):
    status = statuses.large(tuple(failed), tuple(unconfigured))
    lines = console.render(status, height=height).splitlines()

    assert len(lines) < height and max(map(len, lines)) <= 80
    assert lines[1].startswith(('listeners: ', 'held: ')) and lines[-1].startswith('Rows are left out')
    start = [index for index, line in enumerate(lines) if line.startswith('  LISTENER')]
    if failed or unconfigured:
        rows = [line for line in lines[start[0]:] if '192.168' in line]
        left_out = [line for line in lines[start[0]:] if 'not shown' in line][0]
        assert rows and len(rows) + sum(int(word) for word in left_out.split() if word.isdigit()) == 64


def test_where_there_is_little_room_the_notes_below_the_listeners_go_before_a_row_does():
    rows = [statuses.listener(index, 'failed', heard=2, recovery=5) for index in range(12)]
    status = statuses.status(rows, [statuses.card(index) for index in range(30)])

    small, large = [console.render(status, height=height).splitlines() for height in (24, 40)]
    assert [len([line for line in lines if '192.168.1.1' in line]) for lines in (small, large)] == [12, 12]
    assert ['    2 of 5 heartbeats' in lines for lines in (small, large)] == [False, True]


@pytest.mark.parametrize('height', [18, 24, 43, 60, 100])
@pytest.mark.parametrize('failed', [(), (17, 40), range(64)])
def test_a_screen_is_filled_before_a_row_is_left_out(failed, height):
    lines = console.render(statuses.large(tuple(failed)), height=height).splitlines()

    # A row of several lines may be left out because it does not fit any more.
    assert height - 3 < len(lines) < height


@pytest.mark.parametrize('failed', [(17, 40), range(64)])
def test_in_bypass_cards_and_ports_stay_on_the_screen(failed):
    status = statuses.large(tuple(failed))
    status.update(state='bypass', cards=[statuses.card(index, wanted='absent', actual='absent') for index in range(8)])
    lines = console.render(status, height=24).splitlines()

    assert len(lines) < 24
    assert len([line for line in lines if line[2:].startswith('e101-')]) >= 1
    assert len([line for line in lines if line.endswith('absent  absent  eth0')]) >= 3


def test_in_bypass_nothing_that_is_wrong_is_left_out_for_what_is_not():
    status = statuses.large()
    status.update(state='bypass', cards=[statuses.card(index, wanted='absent', actual='absent') for index in range(8)])
    lines = console.render(status, height=24).splitlines()

    assert [line for line in lines if line.startswith('!')] == [
        line for line in console.render(status).splitlines() if line.startswith('!')]


def test_long_texts_are_as_wide_as_the_screen():
    problem = 'port sw1 cannot be made down: ' + 'word ' * 60
    status = with_fields(problems=[problem], held=list(range(0, 300, 2)))

    for width in (40, 80, 132):
        lines = console.render(status, width=width).splitlines()
        wrapped = [line for line in lines if 'word' in line or line.startswith(('held', '  '))]
        assert width - 10 < max(map(len, [line for line in wrapped if 'word' in line])) <= width


LONG = 'fd00:1111:2222:3333:4444:5555:6666:7777'


def awkward():
    """A status in which all texts are long."""
    listeners = [statuses.listener(7, state, host=LONG, port=65535, received=10 ** 10, last_sender=LONG, heard=2)
                 for state in ('failed', 'unconfigured', 'active')]
    cards = [statuses.card(99, address=LONG, interface='a' * 15), statuses.card(0, actual='missing', error='x')]
    ports = [statuses.port('b' * 15, listeners=list(range(0, 100, 2)), actual='missing', error='x')]
    return statuses.status(listeners, cards, ports, held=list(range(0, 300, 2)), version='1.0.00-' + 'v' * 50,
                           problems=['/%s/.env:3: error: no' % ('d' * 90)] + ['word ' * 50] * 7,
                           left_out={'cards': list(range(0, 40, 2)), 'listeners': [7]})


@pytest.mark.parametrize('width', [40, 47, 64, 80, 132])
@pytest.mark.parametrize('height', [None, 16, 24, 60])
@pytest.mark.parametrize('make', [statuses.large, awkward, lambda: FULL])
def test_no_line_is_wider_than_the_terminal(make, height, width):
    plain, coloured = [console.render(make(), colour, height, width) for colour in (False, True)]

    assert widest(plain) <= width
    assert height is None or plain.count('\n') < height
    for code in (terminal.RED, terminal.GREEN, terminal.YELLOW, terminal.PLAIN):
        coloured = coloured.replace(code, '')
    assert coloured == plain


def test_on_40_columns_the_last_columns_of_a_table_are_left_out_and_this_is_said():
    lines = console.render(statuses.large(), width=40).splitlines()

    for line in ('  LISTENER               STATE', '! 17 192.168.1.117:3017  failed',
                 '  CARD             WANTED   ACTUAL', '  0 192.168.1.200  present  present',
                 '  PORT        WANTED  ACTUAL', '! e101-041-0  down    up'):
        assert line in lines
    assert lines[-1] == 'Left out here: fbypass_ctl show | less'
    assert console.render(statuses.large(), width=60).splitlines()[-1] == 'Left out here: fbypass_ctl show | less'
    assert console.render(statuses.large(), width=75).splitlines()[-1] == (
        '  e101-048-0  up      up      global state and listener 47')


@pytest.mark.parametrize('width', [40, 80])
@pytest.mark.parametrize('height', [1, 5, 9, 12, 18, 24])
@pytest.mark.parametrize('failed', [(), (17, 40), range(64)])
def test_however_small_the_screen_is_the_state_the_first_problem_and_their_number_are_on_it(failed, height, width):
    status = dict(statuses.large(tuple(failed), (63,) if 63 not in failed else ()), held=list(range(0, 64, 2)))
    status['problems'] = ['the first problem'] + ['another one %d' % number for number in range(11)]
    lines = console.render(status, height=height, width=width).splitlines()

    start = lines.index('PROBLEMS')
    assert lines[0].startswith('normal for 20h') and lines[start + 1] == '! the first problem'
    shown = [line for line in lines if line.startswith('! another')]
    assert len(shown) == 11 or '  not shown: %d more' % (11 - len(shown)) in lines
    assert len(lines) < max(height, 8)


def test_a_status_that_fits_the_screen_is_shown_whole():
    assert console.render(FULL, height=TEXT.count('\n') + 1) == TEXT
    assert console.render(FULL, height=TEXT.count('\n')) != TEXT


def test_without_a_screen_every_row_is_there_with_what_is_wrong_first():
    lines = console.render(statuses.large()).splitlines()

    listeners = [line.split()[0:2] for line in lines if ':30' in line]
    assert [words[0] for words in listeners[:4]] == ['!', '!', '!', '0'] and len(listeners) == 64
    assert len([line for line in lines if line[2:].startswith('e101-')]) == 48
    assert len([line for line in lines if line.endswith('present  eth0')]) == 8


@pytest.mark.parametrize('environ, expected', [
    ({'TERM': 'xterm'}, (True, 33, 100)), ({'TERM': 'dumb'}, (False, 33, 100)), ({}, (False, 33, 100)),
    ({'TERM': 'xterm', 'NO_COLOR': '1'}, (False, 33, 100)), ({'TERM': 'xterm', 'NO_COLOR': ''}, (True, 33, 100))])
def test_colour_only_on_a_terminal_that_knows_it_and_where_nobody_objects(environ, expected):
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack('hhhh', 33, 100, 0, 0))
    with os.fdopen(leader, 'rb'), os.fdopen(follower, 'w') as stream:
        assert terminal.terminal(stream, environ) == expected


def test_a_serial_line_that_does_not_know_its_size_has_24_lines_of_80_columns():
    leader, follower = pty.openpty()
    with os.fdopen(leader, 'rb'), os.fdopen(follower, 'w') as stream:
        assert terminal.terminal(stream, {'TERM': 'dumb'}) == (False, 24, 80)


def test_a_file_or_pipe_is_no_terminal(tmp_path):
    with open(str(tmp_path / 'out'), 'w') as stream:
        assert terminal.terminal(stream, {'TERM': 'xterm'}) == (False, None, 80)


def test_without_a_daemon_the_kernel_is_shown_of_all_that_the_file_names():
    file = settings([listener(0, ports=('sw1',))], [card(0), card(1), card(2, interface='eth9', error='faulty')],
                    ports=('sw0', 'sw9'), faulty_ports={'lo': 'never'})
    lines = ['%d: %s mtu 1 qdisc mq' % pair for pair in enumerate(
        ('lo: <UP>', 'eth0: <UP>', 'sw0: <UP>', 'sw1: <BROADCAST>'), 1)]
    lines.append('2: eth0    inet 10.0.1.1/24 scope global eth0')

    assert console.kernel(file, picture.of(lines)) == """\
CARD        ACTUAL   INTERFACE
0 10.0.1.0  absent   eth0
1 10.0.1.1  present  eth0
2 10.0.1.2  -        eth9

PORTS
1 down: sw1
1 missing: sw9
2 up: lo, sw0
"""


def test_without_a_daemon_64_listeners_8_cards_and_48_ports_fit_a_screen():
    names = ['e101-%03d-0' % (index + 1) for index in range(48)]
    file = settings([listener(index, ports=(name,)) for index, name in enumerate(names)],
                    [card(index) for index in range(8)])
    text = console.kernel(file, picture.of(['%d: %s: <BROADCAST> mtu 1 qdisc mq' % (index + 1, name)
                                            for index, name in enumerate(names)]))

    # Two more lines say that no daemon runs, and the last line is the shell's.
    assert text.count('\n') <= 21 and widest(text) <= 80
    assert all(name in text for name in names)


def test_without_a_daemon_nothing_is_wider_than_the_terminal():
    file = settings(cards=[card(0)._replace(address=LONG, interface='a' * 15), card(1)],
                    ports=['e101-%03d-0' % index for index in range(48)])

    for width in (40, 47, 80, 132):
        text = console.kernel(file, picture.of([]), width)
        assert width - 20 < widest(text) <= width and 'e101-047-0' in text
    assert console.kernel(file, picture.of([]), 40).splitlines()[:5] == [
        'CARD        ACTUAL   INTERFACE', '0 fd00:1111:2222:3333:4444:5555:6666:777', '7',
        '            missing  aaaaaaaaaaaaaaa', '1 10.0.1.1  missing  eth0']
    by = {'state': 'bypass', 'at': 1795552760.5, 'by': 'alice'}
    assert widest(console.forced(by, width=40)) <= 40
    assert console.forced(by, True).startswith('\033[31mforced bypass\033[0m since ')


def test_where_there_was_no_gap_yet_none_is_shown():
    row = statuses.listener(0, received=1, longest_gap_s=0.0)

    assert ' 0.4s   - ' in console.render(statuses.status([row]))


def test_the_history_is_a_line_for_each_transition(zone):
    zone('XXX-05:30')
    one = {'at': 1795552760.5, 'kind': 'global', 'name': 'state', 'from': 'normal', 'to': 'bypass',
           'why': '1 failed >= 1'}
    read = dict(one, kind='reload', name='file', to='refused', why='line 3: no (and 2 more)', **{'from': '-'})

    assert console.history([one, dict(one, kind='port', name='sw1'), read]) == (
        '2026-11-25T02:09:20.500+05:30  global state: normal -> bypass: 1 failed >= 1\n'
        '2026-11-25T02:09:20.500+05:30  port sw1: normal -> bypass: 1 failed >= 1\n'
        '2026-11-25T02:09:20.500+05:30  reload refused: line 3: no (and 2 more)\n')
    assert console.history([]) == 'no transitions yet\n'


def test_the_history_says_how_long_a_bypass_or_an_outage_was():
    moves = [(0, 'listener', '0', 'active', 'failed'), (0.5, 'global', 'state', 'normal', 'bypass'),
             (60, 'listener', '0', 'failed', 'active'), (185.5, 'global', 'state', 'bypass', 'normal'),
             (190, 'global', 'state', 'normal', 'bypass'), (100, 'global', 'state', 'bypass', 'normal'),
             (200, 'port', 'sw1', 'missing', 'up')]
    text = console.history([dict(zip(('at', 'kind', 'name', 'from', 'to'), move), why='why') for move in moves])

    assert [line.partition('  ')[2] for line in text.splitlines()] == [
        'listener 0: active -> failed: why', 'global state: normal -> bypass: why',
        'listener 0: failed -> active after 1m0s: why', 'global state: bypass -> normal after 3m5s: why',
        'global state: normal -> bypass: why',
        # The clock was set back; and nobody knows since when the port was missing.
        'global state: bypass -> normal: why', 'port sw1: missing -> up: why']


def test_a_node_with_two_ways_is_one_row_with_its_ways_below_and_names_stand_for_indexes():
    rows = [statuses.listener(0, node='dpi-1', last_heartbeat_s=0.5),
            statuses.listener(1, 'failed', node='dpi-1', last_sender='10.0.0.9'), statuses.listener(2, node='dpi-2')]
    found = statuses.status(rows, [statuses.card(0, name='west')], threshold=1, failed=0,
                            nodes=[statuses.node('dpi-1', [0, 1]), statuses.node('dpi-2', [2])])

    assert console.render(found).splitlines() == [
        'normal for 20h0m: 0 of 2 nodes failed, threshold 1',
        'nodes: 2 active',
        'cards: 1 present',
        'fastbypass_monitor 1.0.00, pid 4711, up 20h6m',
        '',
        '  NODE                      STATE    FOR LAST  GAP RECEIVED IGNORED',
        '  dpi-1                     active 20h0m 0.5s    -   144.0k       0',
        '    0 192.168.1.100:3000 active for 20h0m, last 0.5s',
        '    1 192.168.1.101:3001 failed for 3m5s, last 3m8s',
        '      last heartbeat from 10.0.0.9',
        '  dpi-2 192.168.1.102:3002  active 20h0m 0.4s 1.0s    72000       0',
        '',
        '  CARD                WANTED   ACTUAL   INTERFACE',
        '  west 192.168.1.200  present  present  eth0']


@pytest.mark.parametrize('found, text', [
    (None, 'bypass for 3m5s: 2 of 3'),
    ({'waits_for': 'delay', 'since_s': 7.0, 'left_s': 23.2, 'ports': []}, 'bypass for 3m5s, returns in 23 s: 2 of 3'),
    ({'waits_for': 'operator', 'since_s': 7.0, 'left_s': None, 'ports': []},
     'bypass for 3m5s, waits for fbypass_ctl return: 2 of 3'),
    ({'waits_for': 'carrier', 'since_s': 7.0, 'left_s': None, 'ports': ['sw3', 'sw10']},
     'bypass for 3m5s, waits for carrier on sw3, sw10: 2 of 3')])
def test_the_first_line_says_what_the_return_waits_for(found, text):
    assert console.render(dict(FULL, **{'return': found})).startswith(text)


def test_a_daemon_that_only_observes_says_so_before_all_else():
    assert console.render(dict(FULL, observe=True)).startswith('OBSERVES ONLY: nothing is changed (OBSERVE=1)')


def test_the_screen_in_the_readme_is_what_show_prints():
    rows = [statuses.listener(0, host='192.168.1.202', since_s=273612.0, longest_gap_s=1.1, received=273615),
            statuses.listener(1, 'failed', host='192.168.1.202', port=3100, since_s=12.0, last_heartbeat_s=15.0,
                              received=273602, last_sender='192.168.1.12')]
    cards = [statuses.card(index, address='192.168.1.%d' % (211 + index), wanted='absent', actual='absent')
             for index in (0, 1)]
    found = statuses.status(rows, cards, state='bypass', state_since_s=12.0, threshold=1, version=__version__, pid=814,
                            uptime_s=273615.0, next=['one more active node: normal'])

    assert console.render(found) in helpers.read(os.path.join(helpers.ROOT, 'README.md'))


def test_many_nodes_in_maintenance_leave_the_state_on_the_screen():
    found = statuses.status([statuses.listener(index) for index in range(64)])
    for row in found['nodes'][:20]:
        row['maintenance'] = dict(ORDER, reason='x' * 200)
    lines = console.render(found, height=24).splitlines()

    assert len(lines) < 24 and lines[0] == 'MAINTENANCE of 0, 1, 2, 3, 4, 5, 6, 7 and 12 more'
    assert lines[1].startswith('normal for ')


ORDER = {'by': 'alice', 'since': 0.0, 'until': 7200.0, 'reason': 'a new kernel'}


def test_what_an_operator_has_ordered_comes_first_with_who_until_when_and_why(zone):
    zone('UTC')
    found = dict(FULL, override=dict(ORDER, state='freeze', until=None, reason=''))
    found['nodes'] = [dict(row, maintenance=ORDER if row['name'] == '0' else None) for row in FULL['nodes']]
    lines = console.render(found).splitlines()

    assert lines[:3] == [
        'OVERRIDE FREEZE since 1970-01-01 00:00:00 by alice',
        'MAINTENANCE of 0 since 1970-01-01 00:00:00 by alice until 1970-01-01 02:00:00: a',
        '  new kernel']
    assert 'listeners: 1 maintenance, 1 failed, 1 unconfigured' in lines
    row = next(place for place, line in enumerate(lines) if ' maintenance ' in line)
    assert lines[row].startswith('  0 ')
    assert lines[row + 1] == '    by alice until 1970-01-01 02:00:00: a new kernel; its heartbeats: active'
    assert all(len(line) <= 80 for line in lines)


# --- the cards' pings ---

def test_only_where_pings_are_watched_there_are_columns_for_them_and_a_silent_card_comes_first():
    cards = [statuses.card(0, **statuses.WATCHED), statuses.card(1, **dict(statuses.WATCHED, pings='silent',
                                                                           last_ping_s=61.0, ping_rate=0.0)),
             statuses.card(2, **dict(statuses.UNWATCHED, address='fd00:1111:2222:3333:4444:5555:6666:7777'))]

    assert console.render(statuses.status(cards=cards)).partition('  CARD')[2].splitlines() == [
        '             WANTED   ACTUAL   LAST PING  A SECOND  INTERFACE',
        '! 1 192.168.1.201  present  present  1m1s       0.0       eth0',
        '  0 192.168.1.200  present  present  0.1s       10.0      eth0',
        '  2 fd00:1111:2222:3333:4444:5555:6666:7777',
        '                   present  present  -          -         eth0']
    assert 'PING' not in console.render(statuses.status(cards=[statuses.card(0)]))


def test_a_transition_of_pings_reads_as_what_it_is():
    one = {'at': 0.0, 'kind': 'pings', 'name': '10.0.1.1', 'from': 'seen', 'to': 'silent', 'why': 'no ping for 3000 ms',
           'called': None}
    lines = console.history([one, dict(one, at=75.0, to='seen', why='a ping', **{'from': 'silent'})]).splitlines()

    assert [line.partition('  ')[2] for line in lines] == [
        'card 10.0.1.1 pings: seen -> silent: no ping for 3000 ms',
        'card 10.0.1.1 pings: silent -> seen after 1m15s: a ping']
