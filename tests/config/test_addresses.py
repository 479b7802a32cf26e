"""addresses.py: equal addresses are equal texts; an address that no interface can have is refused, with a remedy."""
import pytest

from fbmon.config import addresses
from fbmon.config.addresses import Address, BadAddress


@pytest.mark.parametrize('text, expected', [
    (u'192.168.1.202', Address('192.168.1.202', None)), (u'10.0.0.1/24', Address('10.0.0.1', 24)),
    (u'10.0.0.1/1', Address('10.0.0.1', 1)), (u'10.0.0.1/32', Address('10.0.0.1', 32)),
    (u'127.0.0.1', Address('127.0.0.1', None)), (u'223.255.255.255', Address('223.255.255.255', None)),
    (u'1.0.0.0', Address('1.0.0.0', None)), (u'240.0.0.1', Address('240.0.0.1', None)),
    (u'::1', Address('::1', None)), (u'FD00:0:0::0001/64', Address('fd00::1', 64)),
    (u'fe80:0000:0000:0000:0000:0000:0000:00aB', Address('fe80::ab', None)),
    (u'2001:db8::1/128', Address('2001:db8::1', 128)),
    (u'64:ff9b::192.0.2.33', Address('64:ff9b::c000:221', None)),
])
def test_an_address_is_read_into_the_text_that_the_kernel_shows(text, expected):
    assert addresses.parse(text) == expected
    assert isinstance(addresses.parse(text).address, str)


@pytest.mark.parametrize('text', [
    u'', u'eth0', u'10.0.0', u'10.0.0.256', u'10.0.0.1.2', u'10.0.0.1 ', u' 10.0.0.1', u'1', u'0x7f.0.0.1',
    u'10.0.0.1\n',
    u'10..0.1', u'.10.0.0.1', u'\u0661.0.0.1', u'::g', u':', u':::', u'1:2:3:4:5:6:7:8:9', u'1::2::3',
    u'1.2.3.4:5',
    u'[::1]', u'::1\n', u'1.' * 100000, u'1:' * 100000, u'10.0.0.1\0',
])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(BadAddress) as caught:
        addresses.parse(text)
    assert str(caught.value) == 'not an IP address; give an IPv4 or IPv6 address such as 192.168.1.202'


ZERO = 'a number with a leading zero can be read in two ways; write it without, as in 10.0.0.1'
ONE = '; give the address of one machine'


@pytest.mark.parametrize('text, why', [
    (u'10.0.0.01', ZERO), (u'010.0.0.1', ZERO), (u'10.00.0.1', ZERO),
    (u'0.0.0.0', '0.0.0.0/8 stands for no address in particular' + ONE),
    (u'0.1.2.3', '0.0.0.0/8 stands for no address in particular' + ONE),
    (u'224.0.0.1', 'a multicast address' + ONE), (u'239.255.255.255', 'a multicast address' + ONE),
    (u'255.255.255.255', 'the broadcast address' + ONE),
    (u'::', ':: stands for no address in particular' + ONE), (u'ff02::1', 'a multicast address' + ONE),
    (u'::ffff:10.0.0.1', 'an IPv4 address in IPv6 form; give 10.0.0.1'),
    (u'::ffff:a00:1', 'an IPv4 address in IPv6 form; give 10.0.0.1'),
    (u'fe80::1%eth0',
     'a zone (%) is not part of the address; give it without, the interface has its own key'),
])
def test_an_address_that_no_interface_should_have_is_refused_with_the_remedy(text, why):
    with pytest.raises(BadAddress) as caught:
        addresses.parse(text)
    assert str(caught.value) == why


@pytest.mark.parametrize('text, most', [
    (u'10.0.0.1/', 32), (u'10.0.0.1/0', 32), (u'10.0.0.1/33', 32), (u'10.0.0.1/-1', 32), (u'10.0.0.1/x', 32),
    (u'10.0.0.1/08', 32), (u'10.0.0.1/24/24', 32), (u'10.0.0.1/ 24', 32), (u'10.0.0.1/255.255.255.0', 32),
    (u'10.0.0.1/24\n', 32), (u'10.0.0.1/\u0663', 32), (u'fd00::1/0', 128), (u'fd00::1/129', 128),
    (u'fd00::1/' + u'9' * 100000, 128),
])
def test_a_prefix_is_a_length_from_1_to_the_address_own(text, most):
    with pytest.raises(BadAddress) as caught:
        addresses.parse(text)
    assert str(caught.value) == 'the prefix is out of range; give a length from /1 to /%d, or none' % most


def test_where_no_prefix_has_a_meaning_none_is_taken():
    with pytest.raises(BadAddress) as caught:
        addresses.canonical(u'10.0.0.0/24')
    assert str(caught.value) == 'a /prefix has no meaning here; give the address alone'


@pytest.mark.parametrize('network, prefix, address, same', [
    ('10.0.0.1', 24, '10.0.0.255', True), ('10.0.0.1', 24, '10.0.1.0', False),
    ('10.0.0.1', 32, '10.0.0.1', True),
    ('10.0.0.1', 1, '127.0.0.1', True), ('10.0.0.1', 25, '10.0.0.128', False),
    ('fd00::1', 64, 'fd00::ffff', True),
    ('fd00::1', 64, 'fd00:0:0:1::1', False), ('0.0.0.1', 8, '::1', False),
])
def test_addresses_of_one_network_have_it_in_common(network, prefix, address, same):
    both = min(prefix, addresses.bits(address))
    assert (addresses.network(network, prefix) == addresses.network(address, both)) is same
