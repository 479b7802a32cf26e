"""table.py: what `check` shows of a file, with the defaults filled in."""
from fbmon.config import reader, table
from settings import card, listener, settings


def test_the_example_of_the_documentation():
    assert table.effective(settings(
        [listener(0, '192.168.1.202'), listener(1, '192.168.1.202', 3100)],
        [card(0, '192.168.1.211'), card(1, '192.168.1.212')])) == '''\
LOG_LEVEL                INFO
LISTEN_HEARTBEAT_FAILED  bypass at 1 failed of 2 listeners
BYPASS_CARD_LEASE        off
ON_CHANGE                none

LISTENER  ADDRESS           PORT  INTERFACE  FAILED AFTER  RECOVERY  SOURCES
0         192.168.1.202/32  3000  eth0       1 x 3000 ms   1         any
1         192.168.1.202/32  3100  eth0       1 x 3000 ms   1         any

CARD  ADDRESS           INTERFACE
0     192.168.1.211/32  eth0
1     192.168.1.212/32  eth0

no port
'''


def test_a_file_that_manages_nothing_says_so():
    assert table.effective(reader.read(u'').settings) == '''\
LOG_LEVEL                INFO
LISTEN_HEARTBEAT_FAILED  bypass at 1 failed of 0 listeners
BYPASS_CARD_LEASE        off
ON_CHANGE                none

no listener

no card

no port
'''


def test_what_does_not_fit_a_column_or_a_line_goes_to_the_next_one():
    sources = tuple('10.0.0.%d' % number for number in range(1, 9))

    assert table.effective(settings(
        [listener(0, '192.168.100.202', 30000, prefix=24, sources=sources, ports=('sw2', 'sw3')),
         listener(65535, '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', 1, 'interface012345', prefix=64,
                  timeout=10,
                  attempts=360000, recovery=1000000, ports=('sw2', 'sw4'), shutdown=False)],
        [card(12, '2001:db8:aaaa:bbbb:cccc:dddd:eeee:fffe', prefix=64), card(13)],
        log_level='DEBUG', threshold=2, ports=('sw1', 'sw2'), lease=3000, ping_timeout=5000,
        on_change='/opt/' + 'x' * 60)) == '''\
LOG_LEVEL                DEBUG
LISTEN_HEARTBEAT_FAILED  bypass at 2 failed of 2 listeners
BYPASS_CARD_LEASE        3000 ms
ON_CHANGE                /opt/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                         xxxxxxxxxx
BYPASS_CARD_PING_TIMEOUT 5000 ms

LISTENER  ADDRESS             PORT   INTERFACE        FAILED AFTER    RECOVERY
          SOURCES
0         192.168.100.202/24  30000  eth0             1 x 3000 ms     1
          below
          sources: 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6,
            10.0.0.7, 10.0.0.8
65535     2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff/64
                              1      interface012345  360000 x 10 ms  1000000
          any

CARD  ADDRESS       INTERFACE
12    2001:db8:aaaa:bbbb:cccc:dddd:eeee:fffe/64
                    eth0
13    10.0.1.13/32  eth0

PORT  FOLLOWS
sw1   the global state
sw2   the global state and listener 0; left alone by listener 65535, whose
      SHUTDOWN flag is 0
sw3   listener 0
sw4   nothing; left alone by listener 65535, whose SHUTDOWN flag is 0
'''


def test_a_cell_that_would_touch_the_next_column_moves_the_rest_to_the_next_line():
    found = settings([listener(0, '192.168.100.202', prefix=24), listener(1, 'fd00:aaaa:bbb::1', prefix=64)],
                     [card(0, 'fd00::9')])

    assert table.effective(found).split('\n')[5:12] == [
        'LISTENER  ADDRESS             PORT  INTERFACE  FAILED AFTER  RECOVERY  SOURCES',
        '0         192.168.100.202/24  3000  eth0       1 x 3000 ms   1         any',
        '1         fd00:aaaa:bbb::1/64',
        '                              3001  eth0       1 x 3000 ms   1         any',
        '', 'CARD  ADDRESS      INTERFACE', '0     fd00::9/128  eth0']


def test_a_port_names_every_list_that_names_it():
    found = settings([listener(0, ports=('sw1',)), listener(2, ports=('sw1',)), listener(3, shutdown=False)],
                     ports=('sw1', 'sw10'), shutdown=False)

    assert table.effective(found).split('\n\n')[-1] == '''\
PORT  FOLLOWS
sw1   listener 0, 2; left alone by the global list, whose SHUTDOWN flag is 0
sw10  nothing; left alone by the global list, whose SHUTDOWN flag is 0
'''


def test_what_is_faulty_shows_why_and_what_could_not_be_read_is_a_question_mark():
    found = reader.read(u'\n'.join([
        u'LISTEN_HEARTBEAT_IFS=eth0', u'LISTEN_HB_HOST[0]=10.0.0.1', u'LISTEN_HB_PORT[0]=99999',
        u'LISTEN_CUBRO_IFS=eth0',
        u'LISTEN_HB_SOURCE[0]=x', u'BYPASS_CARD_HOST[0]=10.0.0.9', u'LISTEN_HEARTBEAT_TIMEOUT=x',
        u'LISTEN_HEARTBEAT_FAILED=7', u'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS=x',
        u'LISTEN_CUBRO_IFS[0]=sw1']))

    assert table.effective(found.settings) == '''\
LOG_LEVEL                INFO
LISTEN_HEARTBEAT_FAILED  faulty: the global state stays unknown
BYPASS_CARD_LEASE        off
ON_CHANGE                none

LISTENER  ADDRESS      PORT  INTERFACE  FAILED AFTER  RECOVERY  SOURCES
0         10.0.0.1/32  ?     eth0       ?             1         ?
          not launched: LISTEN_HB_PORT[0]=99999: not a UDP port; give a number
            from 1 to 65535

CARD  ADDRESS      INTERFACE
0     10.0.0.9/32  ?
          not launched: BYPASS_CARD_HOST[0]=10.0.0.9: card 0 has no interface;
            give BYPASS_CARD_IFS or BYPASS_CARD_IFS[0]

PORT  FOLLOWS
eth0  the global state
          not touched: LISTEN_CUBRO_IFS=eth0: eth0 is the interface of listener
            0: once it is down, no heartbeat can bring it up again; remove it
            from the list
sw1   listener 0
          not touched: LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS=x: neither 0 nor 1;
            give 1 (the ports of the list go down in bypass) or 0 (they are left
            alone)
'''


def test_no_line_is_longer_than_80_columns_however_many_lists_name_a_port():
    found = settings([listener(index, 'fd00:aaaa:bbbb:cccc:dddd:eeee:ffff:%x' % index,
                               ports=('interface012345',))
                      for index in range(1000, 1300)])

    assert max(len(line) for line in table.effective(found).split('\n')) <= 80


LONG = settings([listener(0, '192.168.1.202', node='dpi-north-rack-4-unit-1', sources=('192.168.1.11', '192.168.1.12')),
                 listener(1, 'fd00:aaaa:bbbb:cccc::ffff', prefix=64)], [card(0)], ports=('sw1',))


def test_on_a_wide_terminal_the_longest_cells_have_room_if_all_of_them_fit():
    assert table.effective(LONG, 132).split('\n')[5:9] == [
        'LISTENER                   ADDRESS                       PORT  INTERFACE  FAILED AFTER  RECOVERY  SOURCES',
        '0 dpi-north-rack-4-unit-1  192.168.1.202/32              3000  eth0       1 x 3000 ms   1         below',
        '          sources: 192.168.1.11, 192.168.1.12',
        '1                          fd00:aaaa:bbbb:cccc::ffff/64  3001  eth0       1 x 3000 ms   1         any']
    assert table.effective(LONG, 100) == table.effective(LONG)


def test_on_a_narrow_terminal_the_last_columns_stand_below_the_first_ones():
    assert table.effective(LONG, 40) == '''\
LOG_LEVEL                INFO
LISTEN_HEARTBEAT_FAILED  bypass at 1
                         failed of 2
                         nodes
BYPASS_CARD_LEASE        off
ON_CHANGE                none

LISTENER  ADDRESS           PORT
          INTERFACE  FAILED AFTER
          RECOVERY  SOURCES
0 dpi-north-rack-4-unit-1
          192.168.1.202/32  3000
          eth0       1 x 3000 ms
          1         below
          sources: 192.168.1.11,
            192.168.1.12
1         fd00:aaaa:bbbb:cccc::ffff/64
                            3001
          eth0       1 x 3000 ms
          1         any

CARD  ADDRESS      INTERFACE
0     10.0.1.0/32  eth0

PORT  FOLLOWS
sw1   the global state
'''
