"""routes.py: the lines of `ip route show` (of iproute2 6.1), and the commands that put the routes back."""
import pytest

from fbmon.network import routes
from fbmon.network.routes import Route


@pytest.mark.parametrize('line, words', [
    ('default via 10.5.0.1 metric 20 ', '0.0.0.0/0 dev p1 via 10.5.0.1 metric 20'),
    ('10.50.0.0/16 via 10.5.0.1 linkdown ', '10.50.0.0/16 dev p1 via 10.5.0.1'),
    ('10.50.0.7 scope link ', '10.50.0.7 dev p1 scope link'),
    ('10.51.0.0/16 via 10.5.0.1 table 100 proto static mtu 1400 advmss 1300 ',
     '10.51.0.0/16 dev p1 via 10.5.0.1 table 100 proto static mtu 1400 advmss 1300'),
    ('10.54.0.0/16 via 10.99.0.1 onlink mtu lock 1300 ', '10.54.0.0/16 dev p1 via 10.99.0.1 onlink mtu lock 1300'),
    ('10.55.0.0/16 tos 0x10 scope link initcwnd 5 features ecn rto_min lock 100ms congctl lock reno ',
     '10.55.0.0/16 dev p1 tos 0x10 scope link initcwnd 5 features ecn rto_min 100ms congctl lock reno'),
    ('10.59.0.0/16 via inet6 fd00::1 ', '10.59.0.0/16 dev p1 via inet6 fd00::1'),
    ('10.64.0.0/16 scope link metric 9 realms 5/6 fastopen_no_cookie 1 ',
     '10.64.0.0/16 dev p1 scope link metric 9 realms 5/6 fastopen_no_cookie 1'),
    ('multicast 224.1.0.0/16 scope link ', 'multicast 224.1.0.0/16 dev p1 scope link'),
    ('local 10.57.0.0/16 table local scope host ', 'local 10.57.0.0/16 dev p1 table local scope host'),
    ('10.65.0.0/16 dev p1 via 10.5.0.1', '10.65.0.0/16 dev p1 via 10.5.0.1')])
def test_a_route_of_ipv4_is_written_as_ip_takes_it(line, words):
    found = routes.parse(line, 'p1', False)

    assert found == Route(words, None)
    assert routes.lines(found) == ['route add ' + words]
    assert (routes.of_words(words), routes.is_six(found)) == (found, False)


def test_of_ipv6_what_is_left_of_a_route_goes_before_it_comes_back():
    found = routes.parse('default via fd00::1 src fd00::5 metric 1024 pref high', 'p1', True)

    assert found == routes.of_words(found.words) == Route(
        '::/0 dev p1 via fd00::1 src fd00::5 metric 1024 pref high', 'fd00::5')
    assert routes.is_six(found)
    assert routes.lines(found) == ['route del ::/0 dev p1 via fd00::1 metric 1024 pref high',
                                   'route add ::/0 dev p1 via fd00::1 src fd00::5 metric 1024 pref high']


@pytest.mark.parametrize('line', [
    '', ' ', 'local', '10.5.0.0/24 proto kernel scope link src 10.5.0.211 ', '10.5.0.0/24 via 10.5.0.1 proto bird',
    '10.61.0.0/16  encap ip id 5 src 0.0.0.0 dst 10.5.0.9 ttl 6 tos 0 scope link ', '10.62.0.0/16 nhid 7 via 10.5.0.1 ',
    'unreachable 10.56.0.0/16 ', '10.66.0.0/16 via', '10.66.0.0/16 via 10.5.0.1 word 5', 'eth0 via 10.5.0.1',
    '10.66.0.0/16 via 10.5.0.1 proto "a', '10.66.0.0/16 via 10.5.0.1 proto #7', u'10.66.0.0/16 via 10.5.0.\u0661'])
def test_what_is_not_for_us_or_not_known_in_full_is_left_alone(line):
    assert routes.parse(line, 'p1', False) is None


def test_what_ends_by_itself_is_left_alone():
    assert routes.parse('fd03::/64 src fd00::5 metric 1024 expires 499sec pref medium', 'p1', True) is None


@pytest.mark.parametrize('name', ['src', 'dev', 'via', 'table'])
def test_an_interface_may_have_the_name_of_a_word(name):
    found = routes.parse('10.52.0.0/16 via 10.5.0.1 src 10.5.0.211', name, False)

    assert found == routes.of_words(found.words)
    assert found == Route('10.52.0.0/16 dev %s via 10.5.0.1 src 10.5.0.211' % name, '10.5.0.211')


@pytest.mark.parametrize('line, six, bare, expected', [
    ('10.52.0.0/16 via 10.5.0.1', False, True, True), ('10.52.0.0/16 via 10.5.0.1', False, False, False),
    ('10.52.0.0/16 src 10.5.0.211', False, False, True), ('10.52.0.0/16 src 10.5.0.9', False, False, False),
    ('fd01::/64 via fd00::1', True, True, False), ('fd01::/64 src fd00::5', True, False, True)])
def test_only_what_the_kernel_drops_with_an_address_of_ours_matters(line, six, bare, expected):
    found = routes.parse(line, 'p1', six)

    assert routes.matters(found, six, {'10.5.0.211', 'fd00::5'}, bare) == expected


def test_a_route_through_which_a_gateway_is_reached_comes_first():
    found = [Route('10.1.0.0/16 dev p1 via 10.9.0.1', None), Route('10.9.0.0/16 dev p1 scope link', None)]

    assert routes.in_order(found) == found[::-1]
