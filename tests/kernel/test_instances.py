"""Two daemons on one switch, for two clusters: what belongs to the other one is a stranger's, and is left alone."""
import pytest

import helpers
from kernel import files
from kernel.daemon import Daemon

# The node of listener 1 decides. Only it can fail while a test runs.
WEST = '''LISTEN_HEARTBEAT_IFS=eth0
LISTEN_HEARTBEAT_TIMEOUT=60000
LISTEN_HEARTBEAT_TIMEOUT[1]=1500
BYPASS_CARD_IFS=sw3
LISTEN_HB_HOST[0]=192.168.1.202
LISTEN_HB_PORT[0]=3000
LISTEN_HB_HOST[1]=192.168.1.202
LISTEN_HB_PORT[1]=3100
LISTEN_CUBRO_IFS=sw0
BYPASS_CARD_HOST[0]=10.9.9.1/24
'''
# Its card's address is in the network of the other one's card, on the same interface, and put there later.
EAST = '''LISTEN_HEARTBEAT_IFS=eth0
LISTEN_HEARTBEAT_TIMEOUT=60000
BYPASS_CARD_IFS=sw3
LISTEN_HB_HOST[0]=192.168.1.203
LISTEN_HB_PORT[0]=3000
LISTEN_CUBRO_IFS=sw1
BYPASS_CARD_HOST[0]=10.9.9.2/24
'''
ALL = ['10.9.9.1/24', '10.9.9.2/24']
# The kernel tells of it when it makes the second address of a network the first one.
PROMOTED = '+ 10.9.9.2/24 sw3'
LEASE = 'BYPASS_CARD_LEASE=60000\n'


@pytest.fixture
def west(daemon, dpis):
    """The daemon of the first cluster, in normal."""
    dpis.steady(3000, 3100)
    daemon.start(WEST)
    daemon.wait_state('normal')
    return daemon


@pytest.fixture
def east(switch, west, dpis, tmp_path):
    """The daemon of the second one. Its run directory is in that of the first one, as the package has it."""
    directory = tmp_path / 'second'
    directory.mkdir()
    made = Daemon(switch, directory)
    made.run_dir = west.run_dir + '/@east'
    try:
        made.start(EAST)
        dpis.steady(3000, host='192.168.1.203')
        made.wait_state('normal')
        yield made
    finally:
        made.close()


def test_a_bypass_of_one_cluster_and_its_end_leave_what_is_the_others_alone(switch, west, east, dpis):
    assert switch.addresses('sw3') == ALL
    history, watch = east.status()['history'], switch.watch()

    dpis.silence(3100)
    west.wait_state('bypass')
    # With the first address of this network the kernel would have dropped the second one, but for promote_secondaries.
    assert sorted(watch.take()) == [PROMOTED, '- 10.9.9.1/24 sw3', 'sw0 down']
    dpis.steady(3100)
    west.wait_state('normal')

    assert sorted(watch.take()) == ['+ 10.9.9.1/24 sw3', 'sw0 up']
    assert east.wait_state('normal')['history'] == history


@pytest.mark.parametrize('end, lease', [('stop', False), ('kill', True)])
def test_both_end_and_start_again_in_any_order_and_the_network_sees_nothing(switch, west, east, end, lease):
    for each, text in ((west, WEST), (east, EAST)):
        each.reload(text + LEASE * lease)
        each.wait_state('normal')
    watch = switch.watch()

    for each, other in ((west, east), (east, west)):
        getattr(each, end)()
        assert other.status()['state'] == 'normal'
        each.start()
        each.wait_state('normal')
    for each in (east, west):
        getattr(each, end)()
    for each in (east, west):
        each.start()
    for each in (west, east):
        each.wait_state('normal')

    # To renew a lease looks like putting the address there once more.
    assert [text for text in watch.take() if not (lease and text.startswith('+'))] == []
    assert switch.addresses('sw3') == ALL


def test_a_lease_is_its_own_clusters(switch, west, east):
    west.reload(WEST + LEASE)
    west.wait_state('normal')
    helpers.wait_for(lambda: 'forever' not in lifetime(switch, '10.9.9.1'))

    assert 'forever' in lifetime(switch, '10.9.9.2')
    east.stop()
    east.start()
    east.wait_state('normal')
    assert 'forever' not in lifetime(switch, '10.9.9.1') and 'forever' in lifetime(switch, '10.9.9.2')
    west.stop()
    assert 'forever' in lifetime(switch, '10.9.9.1') and 'forever' in lifetime(switch, '10.9.9.2')


def lifetime(switch, address):
    """The words about the lifetime of an address on sw3."""
    lines = switch.ip('addr', 'show', 'dev', 'sw3').splitlines()
    return next(after for line, after in zip(lines, lines[1:]) if address + '/' in line)


def test_a_force_is_about_its_own_cluster_and_works_beside_the_other_daemon(switch, west, east):
    west.stop()
    watch = switch.watch()

    assert west.command('force_on')[0] == 0
    assert watch.take() == ['- 10.9.9.1/24 sw3', PROMOTED]
    assert west.command('force_off')[0] == 0

    assert (watch.take(), switch.port('sw0')) == (['+ 10.9.9.1/24 sw3'], 'up')
    assert east.wait_state('normal')['state'] == 'normal'


def test_what_one_cluster_no_longer_names_is_released_and_nothing_of_the_others(switch, west, east):
    watch = switch.watch()

    west.reload(files.without(WEST, 'BYPASS_CARD_HOST', 'HOST[1]', 'PORT[1]', 'TIMEOUT[1]', 'CUBRO'))
    west.wait_state('normal')
    watch.wait_for('- 10.9.9.1/24 sw3')

    assert watch.take() == ['- 10.9.9.1/24 sw3', PROMOTED]


def test_a_beat_to_a_listener_of_another_cluster_is_refused(west, east):
    for each, host, port in ((west, '192.168.1.203', '3000'), (east, '192.168.1.202', '3100')):
        code, _, errors = each.command('beat', host, port, '--count', '1')
        assert (code, 'not sent: listener' in errors) == (1, True)


def test_a_port_that_two_clusters_name_goes_up_and_down_until_one_file_is_corrected_and_all_else_works(
        switch, west, east, dpis):
    """check warns of it. While both want the same nothing happens."""
    watch = switch.watch()
    east.reload(EAST + 'LISTEN_CUBRO_IFS=sw0\n')
    east.wait_state('normal')
    assert watch.take() == []

    dpis.silence(3100)
    west.wait(lambda status: status['state'] == 'bypass')
    watch.wait_for('- 10.9.9.1/24 sw3')
    for each in (west, east):
        each.wait(lambda status: any(row['name'] == 'sw0' and row['why'] == 'by somebody else'
                                     for row in status['history']))
    # It harms nothing else: the states are right, and a reload is taken.
    assert (west.status()['state'], east.status()['state']) == ('bypass', 'normal')
    assert 'configuration loaded again' in east.reload(EAST)

    west.wait_state('bypass')
    east.wait_state('normal')
    assert (switch.port('sw0'), switch.port('sw1'), switch.addresses('sw3')) == ('down', 'up', ['10.9.9.2/24'])


def test_an_address_at_which_both_would_listen_is_unconfigured_in_the_second_one(west, east):
    status = (east.reload(EAST.replace('192.168.1.203', '192.168.1.202')), east.status())[1]

    assert [row['state'] for row in status['listeners']] == ['unconfigured']
    assert any('Address already in use' in text for text in status['problems'])
    assert west.wait_state('normal')['state'] == 'normal'
