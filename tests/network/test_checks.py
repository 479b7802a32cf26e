"""checks.py: what looks wrong with a valid file beside what the kernel has."""
import pytest

from fbmon.config import reader
from fbmon.network import checks, picture
from fbmon.rules.items import AddressItem
from settings import card, listener, settings


def kernel(*lines):
    """The Picture of lines: interfaces NAME, NAME@LOWER or NAME master MASTER, and addresses NAME ADDRESS/PREFIX."""
    found, indexes = [], {}
    for line in lines:
        name, _, rest = line.partition(' ')
        plain = name.partition('@')[0]
        if plain not in indexes:
            indexes[plain] = len(indexes) + 1
            found.append('%d: %s: <UP> mtu 1500 qdisc noop %s state UP' % (indexes[plain], name, rest))
        else:
            found.append('%d: %s    %s %s scope global %s' % (
                indexes[plain], plain, 'inet6' if ':' in rest else 'inet', rest, plain))
    return picture.of(found)


ONLY_CARDS = ('eth0 has no other IPv4 address than those of cards: in bypass the kernel drops all IPv4 routes through '
              'it, and they come back with the cards; give it an address of its own')

COVERED = ('eth0', 'eth0 10.0.0.254/16')


def texts(found):
    return [one.text for one in found]


def missing(name):
    return 'interface %s is not there at the moment; what needs it waits for it: correct the name if it ' \
           'will never ' \
           'come' % name


def carried(name, words):
    return 'port %s carries the address %s: going down loses IPv6 addresses and static routes; remove it ' \
           'from the ' \
           'list, or the address from it' % (name, words)


def part(name, interface, index):
    return 'port %s is a part of %s, the interface of listener %d: when it is down, heartbeats may not ' \
           'arrive and ' \
           'nothing brings it up again; remove it from the list' % (name, interface, index)


def uncovered(name, address, prefix):
    return 'no other address on %s covers %s, so replies have no way back; give it a /prefix, as in %s' % (
        name, address, address.partition('/')[0] + prefix)


def test_a_file_that_suits_the_kernel_has_no_warning():
    found = settings([listener(0), listener(1, ports=('sw1',))], [card(0)], ports=('sw1', 'sw2'))

    assert checks.warnings(found, kernel('sw1', 'sw2', *COVERED)) == ()


def test_nothing_configured_gives_no_warning():
    assert checks.warnings(settings(), kernel()) == ()


def test_interfaces_that_are_not_there_are_named_each_once():
    found = settings([listener(0, interface='eth7'), listener(1, interface='eth7', ports=('sw1', 'sw2'))],
                     [card(0, interface='eth8')], ports=('sw1',))

    assert texts(checks.warnings(found, kernel(*COVERED))) == [
        missing('eth7'), missing('eth8'), missing('sw1'), missing('sw2')]


def test_a_port_that_is_the_interface_of_a_card_is_named():
    found = settings([], [card(3, interface='sw1', prefix=24), card(2, interface='sw1', prefix=24)],
                     ports=('sw1',))

    assert texts(checks.warnings(found, kernel('sw1'))) == [
        'port sw1 is the interface of card 3, which cannot ping when it is down; remove it from the list',
        ONLY_CARDS.replace('eth0', 'sw1')]


def test_a_port_that_carries_an_address_is_named():
    found = settings([listener(0, ports=('sw1', 'sw2', 'sw3'))])

    assert texts(checks.warnings(found, kernel('sw1', 'sw1 10.7.0.1/24', 'sw2', 'sw2 fd00::1/64', 'sw3',
                                               *COVERED))) == [
        carried('sw1', '10.7.0.1/24'), carried('sw2', 'fd00::1/64')]


def test_a_link_local_address_is_no_reason_since_the_kernel_gives_it_again():
    found = settings([listener(0, ports=('sw1',))])

    assert checks.warnings(found, kernel('sw1', 'sw1 fe80::1/64', *COVERED)) == ()


PARTS = pytest.mark.parametrize('links, ports', [
    (('eth0', 'sw1 master eth0', 'sw2 master br7'), ['sw1']),
    (('eth0@sw1', 'sw1', 'sw2@eth0'), ['sw1']),
    (('eth0@bond0', 'bond0', 'sw1 master bond0', 'sw2 master bond0'), ['sw1', 'sw2']),
    (('eth0', 'bond0 master eth0', 'sw1@sw2 master bond0', 'sw2'), ['sw1', 'sw2']),
    (('eth0@sw1', 'sw1@eth0', 'sw2@if5'), ['sw1']),
    (('eth0', 'sw1', 'sw2 master sw1'), []),
])


@PARTS
def test_a_port_that_is_a_member_or_lower_device_of_a_card_s_interface_is_named(links, ports):
    found = settings([], [card(7, prefix=24)], ports=('sw1', 'sw2'))

    assert texts(checks.warnings(found, kernel(*(tuple(links) + ('eth0 10.9.0.1/24',))))) == [
        'port %s is a part of eth0, the interface of card 7: when it is down, the card may not be able to ping in '
        'normal either; remove it from the list' % name for name in ports]


@PARTS
def test_a_port_that_is_a_member_or_lower_device_of_a_listener_s_interface_is_named(links, ports):
    found = settings([listener(4)], ports=('sw1', 'sw2'))

    assert texts(checks.warnings(found, kernel(*links + COVERED[1:]))) == [part(name, 'eth0',
                                                                                4) for name in ports]


def test_a_list_that_is_left_alone_and_a_port_that_is_not_touched_have_no_warning():
    found = settings([listener(0, ports=('sw1',), shutdown=False),
                      listener(1, ports=('sw2',), shutdown=None)],
                     ports=('sw3',), faulty_ports={'sw3': 'why'})

    assert checks.warnings(found, kernel('sw1', 'sw1 10.7.0.1/24', *COVERED)) == ()


def test_a_single_address_that_no_other_one_covers_is_named():
    found = settings([listener(0), listener(1), listener(2, host='fd00::2', prefix=128)],
                     [card(0, prefix=32)])

    assert texts(checks.warnings(found, kernel('eth0', 'eth0 10.9.0.1/16', 'eth0 10.0.0.2/32', 'eth1',
                                               'eth1 10.0.0.1/8', 'eth0 fe80::1/64'))) == [
        uncovered('eth0', '10.0.0.2/32', '/24'), uncovered('eth0', 'fd00::2/128', '/64'),
        uncovered('eth0', '10.0.1.0/32', '/24')]


@pytest.mark.parametrize('there', [
    'eth0 10.0.0.1/24', 'eth0 10.0.0.2/24', 'eth0 10.9.0.1 peer 10.0.0.7/24', 'eth0 10.0.0.1/1',
])
def test_an_address_is_covered_by_any_network_of_its_interface(there):
    assert checks.warnings(settings([listener(0)]), kernel('eth0', there)) == ()


def test_an_address_is_covered_by_one_of_the_file_with_a_prefix():
    found = settings([listener(0), listener(1, host='fd00::2')],
                     [card(0, '10.0.0.9', prefix=24), card(1, 'fd00::9', prefix=64)])

    assert checks.warnings(found, kernel('eth0')) == ()


def test_addresses_on_lo_need_no_cover():
    assert checks.warnings(settings([listener(0, interface='lo')]), kernel('lo')) == ()


def test_an_address_that_another_interface_has_is_named():
    found = settings([listener(0), listener(1)], [card(0)])

    assert texts(checks.warnings(found, kernel('eth9', 'eth9 10.0.0.2/24', 'eth8', 'eth8 10.0.0.2/32',
                                               *COVERED))) == [
        'address 10.0.0.2 is not only for eth0 but also on eth8, eth9; remove it there, or correct the '
        'interface']


def test_an_address_that_the_file_puts_on_two_interfaces_is_named():
    found = settings([], [card(0, '10.0.0.9', prefix=24), card(1, '10.0.0.9', prefix=24, interface='eth1')])

    assert texts(checks.warnings(found, kernel('eth0', 'eth0 10.8.0.1/24', 'eth1', 'eth1 10.9.0.1/24'))) == [
        'address 10.0.0.9 is not only for eth0 but also on eth1; remove it there, or correct the interface',
        'address 10.0.0.9 is not only for eth1 but also on eth0; remove it there, or correct the interface']


def test_every_interface_may_have_the_same_link_local_address():
    found = settings([listener(0, host='fe80::1', prefix=64)])

    assert checks.warnings(found, kernel('eth0', 'eth1', 'eth1 fe80::1/64')) == ()


def test_what_a_faulty_component_lacks_is_passed_over():
    found = settings([listener(0, host=None, interface=None, error='why')],
                     [card(0, interface=None, error='why')._replace(address=None)])

    assert checks.warnings(found, kernel()) == ()


def test_a_warning_names_line_key_and_value_its_own_or_the_default_of_all():
    found = reader.read(u'\n'.join([
        u'LISTEN_HEARTBEAT_IFS=eth7', u'BYPASS_CARD_IFS=eth0', u'BYPASS_CARD_IFS[1]=eth8',
        u'BYPASS_CARD_HOST[0]=10.0.7.9',
        u'BYPASS_CARD_HOST[1]=10.0.7.9', u'LISTEN_HB_HOST[0]=10.0.7.1', u'LISTEN_HB_PORT[0]=1',
        u'LISTEN_HB_HOST[2]=10.0.7.1', u'LISTEN_HB_PORT[2]=2', u'LISTEN_CUBRO_IFS[0]=sw1 sw2',
        u'LISTEN_CUBRO_IFS[2]=sw2']))

    assert [reader.format_problem('f', one, 'warning') for one in checks.warnings(
        found.settings, kernel('sw2', 'sw2 10.7.0.1/24', 'eth0'), found.given)] == [
        'f:1: warning: LISTEN_HEARTBEAT_IFS=eth7: ' + missing('eth7'),
        'f:3: warning: BYPASS_CARD_IFS[1]=eth8: ' + missing('eth8'),
        'f:4: warning: BYPASS_CARD_HOST[0]=10.0.7.9: ' + uncovered('eth0', '10.0.7.9/32', '/24'),
        'f:4: warning: BYPASS_CARD_HOST[0]=10.0.7.9: address 10.0.7.9 is not only for eth0 but also on '
        'eth8; remove it '
        'there, or correct the interface',
        'f:5: warning: BYPASS_CARD_HOST[1]=10.0.7.9: address 10.0.7.9 is not only for eth8 but also on '
        'eth0; remove it '
        'there, or correct the interface',
        'f:10: warning: LISTEN_CUBRO_IFS[0]=sw1 sw2: ' + missing('sw1'),
        'f:10: warning: LISTEN_CUBRO_IFS[0]=sw1 sw2: ' + carried('sw2', '10.7.0.1/24')]


def test_what_many_lines_have_in_common_is_said_once_with_the_first_line_and_how_many_there_are():
    lines = [u'LISTEN_HEARTBEAT_IFS=eth0']
    for index in range(64):
        lines += [u'LISTEN_HB_HOST[%d]=10.0.7.1' % index, u'LISTEN_HB_PORT[%d]=%d' % (index, 3000 + index)]

    def found(count):
        file = reader.read(u'\n'.join(lines[:1 + 2 * count]))
        return [(one.line, one.text) for one in checks.warnings(file.settings, kernel('eth0'), file.given)]
    words = uncovered('eth0', '10.0.7.1/32', '/24')
    assert found(64) == [(2, words + ' (63 more lines)')]
    assert (found(2), found(1)) == ([(2, words + ' (1 more line)')], [(2, words)])


def test_an_address_that_is_there_with_another_prefix_is_named_with_what_to_do_about_it():
    found = settings([listener(0, prefix=16)], [card(0, '10.0.1.9', prefix=24), card(1, prefix=24), card(2)])

    there = kernel('eth0', 'eth0 10.0.0.2/16', 'eth0 10.0.1.9/32', 'eth0 10.0.1.2/16')
    assert texts(checks.warnings(found, there)) == [
        'address 10.0.1.9 is on eth0 as /32 already, and is left so; for the /24: ip addr del 10.0.1.9/32 dev eth0, '
        'and it is added again']


def test_a_prefix_of_the_file_covers_nothing_where_the_kernel_has_another():
    found = settings([], [card(0, '10.0.1.9', prefix=24)])

    assert len(checks.warnings(found, kernel('eth0', 'eth0 10.0.1.9/32', 'eth0 10.9.0.1/24'))) == 1
    assert texts(checks.warnings(settings([], [card(0, '10.0.1.9', prefix=24), card(1)]),
                                 kernel('eth0', 'eth0 10.0.1.9/32')))[:1] \
        == [uncovered('eth0', '10.0.1.1/32', '/24')]


@pytest.mark.parametrize('listeners, cards, there, expected', [
    ([], [card(0, '10.0.1.9', prefix=24), card(1, prefix=24)], (), [ONLY_CARDS]),
    ([], [card(1, prefix=24)], ('eth0 10.0.1.1/24', 'eth0 fd00::1/64'), [ONLY_CARDS]),
    ([], [card(1, prefix=24)], ('eth0 10.0.1.1/24', 'eth0 10.9.0.1/24'), []),
    ([listener(0)], [card(1, prefix=24)], ('eth0 10.0.0.254/16',), []),
    ([], [card(0, address='fd00::5', prefix=64)], (), [])])
def test_an_interface_whose_only_addresses_are_the_cards_is_named(listeners, cards, there, expected):
    assert texts(checks.warnings(settings(listeners, cards), kernel('eth0', *there))) == expected


def test_of_many_warnings_the_first_hundred_are_kept():
    found = settings([listener(index, host='10.1.%d.1' % index) for index in range(150)])

    assert texts(checks.warnings(found, kernel('eth0')))[-1] == '... and 50 more warnings'


def test_an_altname_is_said_to_be_one():
    there = picture.of([r'2: eth0: <UP> mtu 1 qdisc mq state UP \    link/ether x\    altname enp3s0'])
    found = settings([], [card(0, prefix=24, interface='enp3s0')])

    assert texts(checks.warnings(found, there))[:1] == [
        'interface enp3s0 is not there: it is an altname of eth0, use that']


@pytest.mark.parametrize('name, hint', [('sw1;sw2', True), ('sw1-2', True), ('sw1-sw2', True), ('sw1..4', True),
                                        ('e101-001-0', False), ('sw5-6', False), ('sw9', False)])
def test_a_missing_port_that_looks_like_a_list_gets_a_hint(name, hint):
    found = checks.warnings(settings(ports=(name,)), kernel('sw1', *COVERED))

    said = '; a list has commas or blanks between its names, as in sw1, sw2'
    assert texts(found) == [missing(name) + (said if hint else '')]


@pytest.mark.parametrize('address, prefix, said', [
    ('10.0.0.0', 24, 'is the network address'), ('10.0.0.255', 24, 'is the broadcast address'),
    ('10.0.0.1', 7, 'makes nearly every address a neighbour'), ('10.0.0.0', 23, 'is the network address'),
    ('10.0.1.0', 23, None), ('10.0.0.0', 31, None), ('10.0.0.5', 24, None)])
def test_an_address_or_prefix_that_is_hardly_meant_is_warned_of(address, prefix, said):
    found = [one.text for one in checks.warnings(settings(cards=[card(0, address, prefix=prefix)]), picture.empty())
             if 'neighbour' in one.text or 'address of its network' in one.text]

    assert [said in text for text in found] == [True] * bool(said)


@pytest.mark.parametrize('lease, warned', [(0, False), (4999, True), (5000, False)])
def test_a_lease_under_five_seconds_is_warned_of(lease, warned):
    found = checks.warnings(settings(cards=[card(0)], lease=lease), picture.empty())

    assert any('is short' in one.text for one in found) == warned


OTHERS = ('address 10.0.1.0 on eth0 was there before the daemon: in bypass it goes away for all who use it; give the '
          'card an address of its own, or take this one out of the network configuration of the system')


class Notes(object):
    """A stand-in for the ledger: its items with their indexes, and what was found."""

    def __init__(self, items=(), found=()):
        self.items, self.found = dict(items), dict((item, (index, ())) for item, index in found)


@pytest.mark.parametrize('ours, expected', [
    (Notes(), [OTHERS]), (None, []), (Notes([(AddressItem('eth0', '10.0.1.0'), 1)]), []),
    (Notes([(AddressItem('eth0', '10.0.1.0'), None)]), []), (Notes([(AddressItem('eth0', '10.0.1.0'), 7)]), [OTHERS]),
    (Notes([(AddressItem('eth7', '10.0.1.0'), 1)]), []), (Notes([(AddressItem('eth0', '10.0.1.1'), 1)]), [OTHERS])])
def test_a_card_that_is_an_address_of_somebody_else_is_warned_of_by_index_and_not_one_that_is_ours(ours, expected):
    now = kernel('eth0', 'eth0 10.0.0.254/16', 'eth0 10.0.1.0/32')

    assert texts(checks.warnings(settings([], [card(0)]), now, ledger=ours)) == expected


def test_the_same_while_it_is_away_in_bypass_and_not_of_an_address_that_nobody_has_put_there():
    found = Notes(found=[(AddressItem('eth0', '10.0.1.0'), 1)])

    assert texts(checks.warnings(settings([], [card(0)]), kernel(*COVERED), ledger=found)) == [OTHERS]
    assert checks.warnings(settings([], [card(0)]), kernel(*COVERED), ledger=Notes()) == ()
