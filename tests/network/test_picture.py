"""picture.py: the lines that iproute2 3.16 to 6.x print become a Picture of what the kernel has."""
import pytest

from fbmon.network import picture
from fbmon.network.picture import Address, AddressSeen, Link, LinkSeen

LINK = (r'3: v0@v1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default '
        r'qlen 1000\    link/ether 92:fb:1d:a4:c3:0c brd ff:ff:ff:ff:ff:ff')
INET = r'3: v0    inet 10.9.9.9/24 scope global v0\       valid_lft forever preferred_lft forever'
OLD_INET = r'3: v0    inet 10.9.9.9/24 scope global v0'


def inet(words, address, prefix, secondary=False, lifetime=None, index=3):
    return Address(index, 'inet', address, prefix, words, secondary, lifetime)


@pytest.mark.parametrize('line, seen', [
    (LINK, LinkSeen(Link(3, 'v0', True, 'v1', None), False)),
    ('Deleted ' + LINK, LinkSeen(Link(3, 'v0', True, 'v1', None), True)),
    ('1: lo: <LOOPBACK> mtu 65536 qdisc noop state DOWN', LinkSeen(Link(1, 'lo', False, None, None), False)),
    ('4: sw1: <BROADCAST,MULTICAST,LOWER_UP> mtu 1500 qdisc mq master br0 state DOWN',
     LinkSeen(Link(4, 'sw1', False, None, 'br0'), False)),
    (INET, AddressSeen(inet('10.9.9.9/24', '10.9.9.9', 24), False)),
    (OLD_INET, AddressSeen(inet('10.9.9.9/24', '10.9.9.9', 24), False)),
    ('Deleted ' + INET, AddressSeen(inet('10.9.9.9/24', '10.9.9.9', 24), True)),
    (r'3: v0    inet 10.9.9.10/24 scope global secondary v0\  valid_lft forever',
     AddressSeen(inet('10.9.9.10/24', '10.9.9.10', 24, secondary=True), False)),
    (r'3: v0    inet 10.1.1.1 peer 10.1.1.2/32 scope global v0\  valid_lft forever',
     AddressSeen(inet('10.1.1.1 peer 10.1.1.2/32', '10.1.1.1', 32), False)),
    (r'3: v0    inet 10.0.0.1/24 scope global dynamic v0\       valid_lft 10sec preferred_lft 10sec',
     AddressSeen(inet('10.0.0.1/24', '10.0.0.1', 24, lifetime=10), False)),
    (r'3: v0    inet6 fd00::1/64 scope global nodad \       valid_lft forever preferred_lft forever',
     AddressSeen(Address(3, 'inet6', 'fd00::1', 64, 'fd00::1/64', False, None), False)),
])
def test_a_line_of_ip_is_read(line, seen):
    found = picture.parse(line)

    if isinstance(found, AddressSeen):
        found = found._replace(address=found.address._replace(rest=''))
    assert found == seen


@pytest.mark.parametrize('line, words', [
    (INET, '10.9.9.9/24'), (OLD_INET, '10.9.9.9/24'),
    (r'3: v0    inet 10.9.9.9/24 metric 100 brd 10.9.9.255 scope link secondary noprefixroute v0:one\  valid_lft',
     '10.9.9.9/24 metric 100 brd 10.9.9.255 scope link noprefixroute label v0:one'),
    (r'3: v0    inet 10.1.1.1 peer 10.1.1.2/32 scope global v0:a b\       valid_lft 9sec preferred_lft 9sec',
     '10.1.1.1 peer 10.1.1.2/32 valid_lft 9 preferred_lft 9'),
    (r'3: v0    inet6 fd00::1/64 scope global dynamic nodad noprefixroute \       valid_lft forever',
     'fd00::1/64 nodad noprefixroute')])
def test_what_an_address_is_like_is_told_in_the_words_that_make_it_so_again(line, words):
    assert picture.as_found(picture.parse(line.replace('\\\\', '\\')).address) == words


@pytest.mark.parametrize('line', [
    '', 'Object "x" is unknown, try "ip help".', 'netlink receive error No buffer space available (105)',
    '10.0.0.0/24 dev v0 proto kernel', r'    link/ether 92:fb:1d:a4:c3:0c brd ff:ff:ff:ff:ff:ff',
    # The bridge says this about its port: it has left the bridge. The interface itself is still there.
    r'4: v0@v1: <BROADCAST,MULTICAST> mtu 1500 master br0 state DOWN \    link/ether 06:e9:5d:85:6b:e7',
    r'Deleted 4: v0@v1: <BROADCAST,MULTICAST> mtu 1500 master br0 state DOWN \    link/ether 06:e9:5d:85:6b:e7',
])
def test_any_other_line_is_passed_over(line):
    assert picture.parse(line) is None


def test_the_index_says_where_an_address_is_since_the_monitor_prints_the_old_name_after_a_rename():
    now = picture.of([LINK, INET])

    picture.apply(now, picture.parse(LINK.replace('v0@', 'w0@')))
    picture.apply(now, picture.parse(INET.replace('10.9.9.9', '10.9.9.8')))

    assert now.link('v0') is None
    assert [entry.address for entry in now.on('w0')] == ['10.9.9.9', '10.9.9.8']


def test_a_name_that_another_interface_has_taken_over_stays_with_it():
    now = picture.of([LINK])

    picture.apply(now, picture.parse(LINK.replace('v0@', 'w0@')))
    picture.apply(now, picture.parse(LINK.replace('3: ', '7: ')))
    picture.apply(now, picture.parse('Deleted ' + LINK.replace('v0@', 'w0@')))

    assert now.link('v0').index == 7


@pytest.mark.parametrize('lines, index', [
    # The kernel gives no name twice, so one of these two is called v0@x.
    ([LINK, LINK.replace('3: v0@v1', '7: v0@x')], 3),
    ([LINK.replace('3: v0@v1', '2: v0@x'), LINK.replace('3: v0@v1', '7: v0')], 7),
])
def test_an_interface_whose_name_has_an_at_in_it_takes_nobodys_place(lines, index):
    now = picture.of(lines)

    assert (now.link('v0').index, now.link('v0@x').lower, len(now.names)) == (index, None, 2)


@pytest.mark.parametrize('line', [
    '7: eth0    inet 192.168.1.211/32', '7: eth0    inet 192.168.1.211/32 master',
    '7: eth0    inet word scope global x',
    '7: eth0: <UP> qdisc noop', '7: eth0: <UP> mtu 1500 master qdisc state UP', 'x 7: eth0: <UP> mtu 1500 qdisc noop'])
def test_what_is_no_whole_record_is_passed_over(line):
    assert picture.parse(line) is None


def test_what_follows_the_word_alias_or_stands_in_a_name_is_nobodys_word():
    hostile = LINK + r'\    alias x master eth0\    altname eth0'
    named = LINK.replace('state UP', 'master up state UP') + r'\    altname a\    altname b'

    assert picture.parse(hostile) == picture.parse(LINK)
    assert picture.parse(named).link == Link(3, 'v0', True, 'v1', 'up', ('a', 'b'))
    assert not picture.parse(INET.replace('global v0', 'global secondary')).address.secondary
    assert picture.parse(INET.replace('global v0', 'global v0 valid_lft 5sec')).address.lifetime is None


def test_what_is_quoted_says_of_an_interface_below_what_a_line_says():
    link = {'ifindex': 5, 'ifname': 'v7', 'flags': ['UP'], 'qdisc': 'noop'}
    below = [{}, {'link': 'eth0'}, {'link': None}, {'link_index': 3}]

    found = picture.quoted([dict(link, **more) for more in below] + [{}])

    assert [seen.link.lower for seen in found] == [None, 'eth0', 'NONE', 'if3']
    assert found[1] == picture.parse('5: v7@eth0: <UP> mtu 1500 qdisc noop')


def test_an_altname_is_not_there_and_said_to_be_one():
    now = picture.of([LINK + r'\    altname enp3s0'])

    assert (now.link('enp3s0'), now.missing('enp3s0'), now.missing('eth9')) == (
        None, 'interface enp3s0 is not there: it is an altname of v0, use that', 'interface eth9 is not there')


def test_an_address_with_two_prefixes_is_two_entries_and_a_new_lifetime_is_the_same_entry():
    now = picture.of([LINK, INET, INET.replace('/24', '/32'), INET.replace('valid_lft forever', 'valid_lft 9sec')])

    assert sorted((entry.words, entry.lifetime) for entry in now.entries('v0', '10.9.9.9')) == [
        ('10.9.9.9/24', 9), ('10.9.9.9/32', None)]


def test_an_interface_that_goes_takes_its_addresses_with_it():
    now = picture.of([LINK, INET])

    picture.apply(now, picture.parse('Deleted ' + LINK))

    assert now == picture.empty()


def test_an_address_of_an_interface_that_is_not_known_yet_waits_for_its_name():
    now = picture.of([INET])

    picture.apply(now, picture.parse(LINK))

    assert [entry.words for entry in now.entries('v0', '10.9.9.9')] == ['10.9.9.9/24']


@pytest.mark.parametrize('before, after, rose', [
    (Link(3, 'v0', False, None, None), Link(3, 'v0', True, None, None), True),
    (Link(3, 'v0', True, None, None), Link(3, 'v0', True, 'v1', None), False),
    (Link(3, 'v1', True, None, None), Link(3, 'v0', True, None, None), True),
    (Link(4, 'v0', True, None, None), Link(3, 'v0', True, None, None), True),
    (Link(3, 'v1', True, None, None), Link(3, 'v0', False, None, None), False),
    (None, Link(3, 'v0', True, None, None), False),
    (Link(3, 'v0', False, None, None), None, False)])
def test_an_interface_has_come_up_if_it_is_up_now_and_was_not_under_this_name(before, after, rose):
    assert picture.rose(before, after) == rose
