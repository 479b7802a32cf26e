# coding: utf-8
"""reader.py: a text becomes Settings; each mistake names its line, key and value, and says what would be right."""
import pytest

from fbmon.config import envfile, notices, reader, schema
from fbmon.config.reader import Card, Config, Listener, Mistake, Notice, Settings
from fbmon.rules.returning import Return

EXAMPLE = u'''LOG_LEVEL=INFO
LISTEN_HEARTBEAT_IFS=eth0
BYPASS_CARD_IFS=eth0
LISTEN_HEARTBEAT_FAILED=1
LISTEN_HEARTBEAT_ATTEMPTS=1
LISTEN_HEARTBEAT_TIMEOUT=3000
LISTEN_HB_HOST[0]=192.168.1.202
LISTEN_HB_PORT[0]=3000
LISTEN_HB_HOST[1]=192.168.1.202
LISTEN_HB_PORT[1]=3100
BYPASS_CARD_HOST[0]=192.168.1.211
BYPASS_CARD_HOST[1]=192.168.1.212
'''

# A valid file of nine lines. The lines that a test adds begin with line 10.
BASE = [u'LISTEN_HEARTBEAT_IFS=eth0', u'BYPASS_CARD_IFS=eth1', u'LISTEN_HB_HOST[0]=10.0.0.1',
        u'LISTEN_HB_PORT[0]=3000',
        u'LISTEN_HB_HOST[1]=10.0.0.1', u'LISTEN_HB_PORT[1]=3100', u'BYPASS_CARD_HOST[0]=10.0.0.9',
        u'LISTEN_CUBRO_IFS=sw1 sw2', u'LISTEN_CUBRO_IFS[1]=sw2 sw3']


def read(*lines):
    return reader.read(u'\n'.join(lines))


def on_base(*lines):
    """The Config of the valid file followed by these lines."""
    return read(*(BASE + list(lines)))


def without(start, *lines):
    """The same, but the line of the valid file that begins with `start` is blank."""
    return read(*([u'' if line.startswith(start) else line for line in BASE] + list(lines)))


def told(found):
    """Mistakes or warnings as they are printed, without file and kind."""
    return [reader.format_problem('f', one, 'k').replace('f:', '', 1).replace(' k: ', ' ',
                                                                              1) for one in found]


def errors(found):
    """{'listener 0', 'card 0' or the name of a port: why it is faulty}."""
    settings = found.settings
    broken = dict(('listener %d' % one.index, one.error) for one in settings.listeners if one.error)
    broken.update(('card %d' % one.index, one.error) for one in settings.cards if one.error)
    broken.update(settings.faulty_ports)
    return broken


def test_the_minimal_example_of_the_documentation_gives_exactly_its_settings_and_no_mistake():
    def listener(index, port):
        return Listener(index, '192.168.1.202', None, port, 'eth0', 3000, 1, 1, (), (), True, None)

    found = reader.read(EXAMPLE)

    assert found[:3] == Config(
        Settings('INFO', 1, (listener(0, 3000), listener(1, 3100)),
                 (Card(0, '192.168.1.211', None, 'eth0', None), Card(1, '192.168.1.212', None, 'eth0', None)),
                 (), True, {}, 0, None), (), (), None)[:3]
    assert found.given['LISTEN_HB_PORT', 1] == envfile.Assignment(
        10, 'LISTEN_HB_PORT[1]', 'LISTEN_HB_PORT', 1, '3100', None)


def test_a_file_of_comments_manages_nothing_and_has_no_mistake():
    found = read(u'# nothing', u'', u'LISTEN_CUBRO_IFS=')

    assert found == (Settings('INFO', 1, (), (), (), True, {}, 0, None), (), found.warnings, {}, b'')
    assert found.warnings == (
        Notice(None, None, None,
               'no listener, so nothing is watched; give LISTEN_HB_HOST[0], LISTEN_HB_PORT[0] and '
               'LISTEN_HEARTBEAT_IFS'),
        Notice(None, None, None,
               'no card, so a bypass takes no address away; give BYPASS_CARD_HOST[0] and BYPASS_CARD_IFS'))


def test_every_key_has_its_meaning():
    found = read(
        u'LOG_LEVEL=DEBUG', u'LISTEN_HEARTBEAT_FAILED=2', u'BYPASS_CARD_LEASE=4500',
        u'ON_CHANGE="/opt/my hooks/told"',
        u'LISTEN_CUBRO_IFS=sw1, sw2 sw1,,sw3', u'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS=0',
        u'LISTEN_HEARTBEAT_IFS=eth0',
        u'LISTEN_HEARTBEAT_TIMEOUT=500', u'LISTEN_HEARTBEAT_ATTEMPTS=3', u'LISTEN_HEARTBEAT_RECOVERY=5',
        u'LISTEN_HB_SOURCE=10.0.0.7', u'LISTEN_HB_HOST[7]=FD00::0001/64', u'LISTEN_HB_PORT[7]=65535',
        u'LISTEN_HEARTBEAT_IFS[7]=vlan7', u'LISTEN_HEARTBEAT_TIMEOUT[7]=10',
        u'LISTEN_HEARTBEAT_ATTEMPTS[7]=2',
        u'LISTEN_HEARTBEAT_RECOVERY[7]=1', u'LISTEN_HB_SOURCE[7]=fd00::2,FD00:0::3 fd00::2',
        u'LISTEN_CUBRO_IFS[7]=sw7',
        u'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS[7]=1', u'LISTEN_HB_HOST[2]=10.0.0.1/24',
        u'LISTEN_HB_PORT[2]=1',
        u'BYPASS_CARD_IFS=eth1', u'BYPASS_CARD_HOST[3]=10.0.1.1/16', u'BYPASS_CARD_HOST[0]=fd00::9',
        u'BYPASS_CARD_IFS[0]=eth2')

    assert (found.settings, found.mistakes, found.warnings) == (Settings(
        'DEBUG', 2,
        (Listener(2, '10.0.0.1', 24, 1, 'eth0', 500, 3, 5, ('10.0.0.7',), (), False, None),
         Listener(7, 'fd00::1', 64, 65535, 'vlan7', 10, 2, 1, ('fd00::2', 'fd00::3'), ('sw7',), True, None)),
        (Card(0, 'fd00::9', None, 'eth2', None), Card(3, '10.0.1.1', 16, 'eth1', None)),
        ('sw1', 'sw2', 'sw3'), False, {}, 4500, '/opt/my hooks/told'), (), ())


def test_the_global_list_is_no_default_of_the_listeners_lists():
    assert [one.ports for one in on_base().settings.listeners] == [(), ('sw2', 'sw3')]


@pytest.mark.parametrize('line', [u'LISTEN_CUBRO_IFS[1]=', u'LISTEN_CUBRO_IFS[1]= # none',
                                  u'LISTEN_CUBRO_IFS[1]=""',
                                  u'LISTEN_CUBRO_IFS[1]=" "', u'LISTEN_CUBRO_IFS[1]=,'])
def test_a_list_without_a_value_is_empty(line):
    found = on_base(line)

    assert (found.settings.listeners[1].ports, found.mistakes) == ((), ())


@pytest.mark.parametrize('quotes', [u'" %s\t"', u"' %s '"])
def test_blanks_around_a_value_do_not_matter_inside_quotes_either(quotes):
    found = on_base(u'LOG_LEVEL=' + quotes % u'DEBUG', u'LISTEN_HB_SOURCE=10.0.0.7',
                    u'LISTEN_HB_SOURCE[0]=' + quotes % u'')

    assert (found.settings.log_level, found.settings.listeners[0].sources, found.mistakes) == ('DEBUG',
                                                                                               ('10.0.0.7',),
                                                                                               ())


def test_an_empty_source_is_the_default_of_all_and_an_empty_program_is_none():
    found = on_base(u'LISTEN_HB_SOURCE=10.0.0.7', u'LISTEN_HB_SOURCE[0]=', u'ON_CHANGE=')

    assert (found.settings.listeners[0].sources, found.settings.on_change, found.mistakes) == (('10.0.0.7',),
                                                                                               None, ())


def test_an_empty_list_of_a_listener_that_does_not_exist_is_no_mistake():
    assert on_base(u'LISTEN_CUBRO_IFS[5]=').mistakes == ()


AS_SHOWN = 'give the name as `ip link` shows it, such as eth0'
FLAG = 'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS'
RIGHT_FLAG = 'neither 0 nor 1; give 1 (the ports of the list go down in bypass) or 0 (they are left alone)'
TIMEOUT = 'not a timeout; give milliseconds from 10 to 3600000'

# (line 10 of the file, what is said about it).
VALUES = [
    (u'LOG_LEVEL=info', 'not a log level; give one of DEBUG, INFO, WARNING, ERROR, CRITICAL'),
    (u'LOG_LEVEL=', 'the value is missing; give one of DEBUG, INFO, WARNING, ERROR, CRITICAL'),
    (u'LISTEN_HB_HOST[1]=dpi1', 'not an IP address; give an IPv4 or IPv6 address such as 192.168.1.202'),
    (u'LISTEN_HB_HOST[1]=', 'the value is missing; give an IPv4 or IPv6 address such as 192.168.1.202'),
    (u'LISTEN_HB_HOST[1]=0.0.0.0',
     '0.0.0.0/8 stands for no address in particular; give the address of one machine'),
    (u'LISTEN_HB_HOST[1]=10.0.0.1/33', 'the prefix is out of range; give a length from /1 to /32, or none'),
    (u'LISTEN_HB_PORT[1]=99999', 'not a UDP port; give a number from 1 to 65535'),
    (u'LISTEN_HB_PORT[1]=0', 'not a UDP port; give a number from 1 to 65535'),
    (u'LISTEN_HB_PORT[1]=+1', 'not a UDP port; give a number from 1 to 65535'),
    (u'LISTEN_HB_PORT[1]=1_0', 'not a UDP port; give a number from 1 to 65535'),
    (u'LISTEN_HB_PORT[1]=', 'the value is missing; give a number from 1 to 65535'),
    (u'LISTEN_HEARTBEAT_IFS[1]=', 'the value is missing; ' + AS_SHOWN),
    (u'LISTEN_HEARTBEAT_IFS[1]=eth0,eth1', 'more than one name; give one interface here'),
    (u'LISTEN_HEARTBEAT_IFS[1]=interface0123456',
     'longer than 15 bytes, which the kernel does not take; ' + AS_SHOWN),
    (u'LISTEN_HEARTBEAT_TIMEOUT=9', TIMEOUT),
    (u'LISTEN_HEARTBEAT_TIMEOUT=3600001', TIMEOUT),
    (u'LISTEN_HEARTBEAT_TIMEOUT=3s', TIMEOUT),
    (u'LISTEN_HEARTBEAT_TIMEOUT=-3000', TIMEOUT),
    (u'LISTEN_HEARTBEAT_TIMEOUT=3e3', TIMEOUT),
    (u'LISTEN_HEARTBEAT_ATTEMPTS[1]=0', 'not a number of timeouts; give a number from 1 to 360000'),
    (u'LISTEN_HEARTBEAT_RECOVERY[1]=0', 'not a number of heartbeats; give a number from 1 to 1000000'),
    (u'LISTEN_HB_SOURCE[1]=10.0.0.0/24',
     '10.0.0.0/24: a /prefix has no meaning here; give the address alone'),
    (u'LISTEN_HEARTBEAT_FAILED=0', 'not a number of listeners; give a number from 1 to 65536'),
    (u'LISTEN_HEARTBEAT_FAILED=3', 'larger than the number of listeners; give a number from 1 to 2'),
    (u'BYPASS_CARD_HOST[0]=10.0.0.9/x', 'the prefix is out of range; give a length from /1 to /32, or none'),
    (u'BYPASS_CARD_IFS[0]=eth0:1', 'the kernel takes no name with ":"; ' + AS_SHOWN),
    (u'BYPASS_CARD_LEASE=999', 'not a lease; give 0 (off) or milliseconds from 1000 to 3600000'),
    (u'BYPASS_CARD_LEASE=3600001', 'not a lease; give 0 (off) or milliseconds from 1000 to 3600000'),
    (u'BYPASS_CARD_LEASE=', 'the value is missing; give 0 (off) or milliseconds from 1000 to 3600000'),
    (u'LISTEN_CUBRO_IFS[0]=a/b', 'a/b: the kernel takes no name with "/"; ' + AS_SHOWN),
    (FLAG + u'=yes', RIGHT_FLAG),
    (FLAG + u'[1]=2', RIGHT_FLAG),
    (FLAG + u'=', 'the value is missing;' + RIGHT_FLAG.partition(';')[2]),
    (u'ON_CHANGE=notify.sh',
     'not an absolute path in plain ASCII; give the path of one program, such as /usr/local/bin/notify'),
    (u'ON_CHANGE=/opt/',
     'not an absolute path in plain ASCII; give the path of one program, such as /usr/local/bin/notify'),
]


@pytest.mark.parametrize('line, text', VALUES)
def test_a_value_out_of_range_or_of_the_wrong_kind_is_a_mistake(line, text):
    key, _, value = line.partition('=')
    assert on_base(line).mistakes == (Mistake(10, key, value, text),)


def test_numbers_are_plain_decimal_digits_and_may_be_absurdly_long():
    assert told(on_base(u'LISTEN_HEARTBEAT_TIMEOUT=\u0663\u0663').mistakes) == [
        r'10: LISTEN_HEARTBEAT_TIMEOUT=\u0663\u0663: ' + TIMEOUT]
    assert told(on_base(u'LISTEN_HEARTBEAT_TIMEOUT=' + u'9' * 100000).mistakes) == [
        '10: LISTEN_HEARTBEAT_TIMEOUT=%s...: %s' % ('9' * 57, TIMEOUT)]
    assert on_base(u'LISTEN_HEARTBEAT_TIMEOUT=00500').settings.listeners[0].timeout == 500


@pytest.mark.parametrize('name, why', [
    ('.', 'the kernel takes no interface of this name; ' + AS_SHOWN),
    ('..', 'the kernel takes no interface of this name; ' + AS_SHOWN),
    ('all', 'the kernel takes no interface of this name; ' + AS_SHOWN),
    ('default', 'the kernel takes no interface of this name; ' + AS_SHOWN),
    ('sixteen-bytes-16', 'longer than 15 bytes, which the kernel does not take; ' + AS_SHOWN),
    ('a/b', 'the kernel takes no name with "/"; ' + AS_SHOWN),
    ('a:b', 'the kernel takes no name with ":"; ' + AS_SHOWN),
    ('a%d', 'the kernel takes no name with "%"; ' + AS_SHOWN),
    ('vlan7@eth0', 'what follows the @ is the device below; give only what stands before it'),
    ('a#b', '`ip` reads a name with # as something else; rename the interface'),
    ('a"b', '`ip` reads a name with " as something else; rename the interface'),
    ("a'b", "`ip` reads a name with ' as something else; rename the interface"),
    ('a\\b', '`ip` reads a name with \\ as something else; rename the interface'),
    (u'e\xe9', 'not plain ASCII, which `ip` shows in another way; rename the interface'),
    (u'e\xe9h', 'not plain ASCII, which `ip` shows in another way; rename the interface'),
])
def test_a_name_that_the_kernel_or_ip_would_not_take_is_a_mistake_and_the_others_of_its_list_stay(name, why):
    found = on_base(u'LISTEN_CUBRO_IFS[0]=sw8 %s sw9' % name)
    shown = notices.shown(name)

    assert found.mistakes == (
        Mistake(10, 'LISTEN_CUBRO_IFS[0]', notices.shown(u'sw8 %s sw9' % name), '%s: %s' % (shown, why)),)
    assert found.settings.listeners[0].ports == ('sw8', 'sw9')
    assert errors(found) == {}


@pytest.mark.parametrize('name', ['-x', 'a;b', 'fifteen-bytes15', 'e0.100', 'a=b', 'lo2', '~', '{x}'])
def test_other_names_are_the_kernel_s_own_business(name):
    assert on_base(u'LISTEN_CUBRO_IFS[0]=' + name).settings.listeners[0].ports == (name,)


def test_a_blank_in_a_name_makes_two_of_it():
    assert told(on_base(u'BYPASS_CARD_IFS="my if"').mistakes) == [
        '10: BYPASS_CARD_IFS=my if: more than one name; give one interface here']


@pytest.mark.parametrize('line, said', [
    (u'foo bar', 'foo bar: not an assignment; write KEY=value, or # in front of a comment'),
    (u'LISTEN_HB_HOST[00]=10.0.0.3', 'LISTEN_HB_HOST[00]=10.0.0.3: ' + envfile.BAD_INDEX),
    (u'LISTEN_HB_HOST[-1]=10.0.0.3', 'LISTEN_HB_HOST[-1]=10.0.0.3: ' + envfile.BAD_INDEX),
    (u'LOG_LEVEL="INFO', 'LOG_LEVEL="INFO: ' + envfile.NOT_CLOSED),
    (u'LOG_LEVEL="INFO" x', 'LOG_LEVEL="INFO" x: ' + envfile.AFTER_QUOTE),
    (u'LOG_LEVEL=IN\x00FO', r'LOG_LEVEL=IN\x00FO: ' + envfile.CONTROL_CHARACTER),
    (u'# a bell: \x07', r'# a bell: \x07: ' + envfile.CONTROL_CHARACTER),
    (u'LISTEN_HB_PROT[1]=3', 'LISTEN_HB_PROT[1]=3: unknown key; did you mean LISTEN_HB_PORT[1]?'),
    (u'LISTEN_HB_PROT=3', 'LISTEN_HB_PROT=3: unknown key; did you mean LISTEN_HB_PORT[0]?'),
    (u'LOG_LEVLE[3]=INFO', 'LOG_LEVLE[3]=INFO: unknown key; did you mean LOG_LEVEL?'),
    (u'log_level=INFO', 'log_level=INFO: unknown key; did you mean LOG_LEVEL?'),
    (u'Listen_Heartbeat_Timeout=1',
     'Listen_Heartbeat_Timeout=1: unknown key; did you mean LISTEN_HEARTBEAT_TIMEOUT?'),
    (u'listen_cubro_ifs[1]=a', 'listen_cubro_ifs[1]=a: unknown key; did you mean LISTEN_CUBRO_IFS[1]?'),
    (u'L\u041eG_LEVEL=INFO', r'L\u041eG_LEVEL=INFO: unknown key; did you mean LOG_LEVEL?'),
    (u'PATH=/bin', 'PATH=/bin: unknown key; remove the line, or take a key from sample.env'),
    (u'LISTEN_HB_PORT=3000',
     'LISTEN_HB_PORT=3000: this key needs an index; write LISTEN_HB_PORT[0] for listener 0'),
    (u'BYPASS_CARD_HOST=10.0.0.3',
     'BYPASS_CARD_HOST=10.0.0.3: this key needs an index; write BYPASS_CARD_HOST[0] for card 0'),
    (u'LISTEN_HEARTBEAT_FAILED[0]=1',
     'LISTEN_HEARTBEAT_FAILED[0]=1: this key takes no index; write LISTEN_HEARTBEAT_FAILED'),
    (u'LOG_LEVEL[1]=INFO', 'LOG_LEVEL[1]=INFO: this key takes no index; write LOG_LEVEL'),
    (u'LISTEN_HB_PORT[9]=3000', 'LISTEN_HB_PORT[9]=3000: listener 9 has no address; give LISTEN_HB_HOST[9]'),
    (u'LISTEN_HB_HOST[9]=10.0.0.3',
     'LISTEN_HB_HOST[9]=10.0.0.3: listener 9 has no UDP port; give LISTEN_HB_PORT[9]'),
    (u'LISTEN_CUBRO_IFS[0]=sw1 lo',
     'LISTEN_CUBRO_IFS[0]=sw1 lo: lo is never a port; remove it from the list'),
    (u'LISTEN_CUBRO_IFS[0]=eth0',
     'LISTEN_CUBRO_IFS[0]=eth0: eth0 is the interface of listener 0: once it is down, no '
     'heartbeat can bring it up again; remove it from the list'),
    (u'LISTEN_CUBRO_IFS[7]=sw1',
     'LISTEN_CUBRO_IFS[7]=sw1: there is no listener 7; remove the line, or give LISTEN_HB_HOST[7] and '
     'LISTEN_HB_PORT[7]'),
    (u'LISTEN_HEARTBEAT_TIMEOUT[7]=500',
     'LISTEN_HEARTBEAT_TIMEOUT[7]=500: there is no listener 7; remove the line, or '
     'give LISTEN_HB_HOST[7] and LISTEN_HB_PORT[7]'),
    (u'BYPASS_CARD_IFS[7]=eth0',
     'BYPASS_CARD_IFS[7]=eth0: there is no card 7; remove the line, or give BYPASS_CARD_HOST[7]'),
])
def test_a_line_that_cannot_be_used_is_a_mistake_with_its_remedy(line, said):
    assert told(on_base(line).mistakes) == ['10: ' + said]


@pytest.mark.parametrize('name', sorted(name for name,
                                        rule in schema.SCHEMA.items() if rule.index == schema.BOTH))
def test_each_indexed_key_of_a_component_that_does_not_exist_is_a_mistake(name):
    value = {'LISTEN_HB_SOURCE': '10.0.0.7', FLAG: '1'}.get(name, '100')
    assert ['there is no %s 7;' % schema.SCHEMA[name].of in one.text
            for one in on_base(u'%s[7]=%s' % (name, value)).mistakes] == [True]


def test_a_listener_or_card_without_an_interface_is_a_mistake():
    assert told(without(u'LISTEN_HEARTBEAT_IFS', u'LISTEN_HEARTBEAT_IFS[1]=eth0').mistakes) == [
        '3: LISTEN_HB_HOST[0]=10.0.0.1: listener 0 has no interface; give LISTEN_HEARTBEAT_IFS or '
        'LISTEN_HEARTBEAT_IFS[0]']
    assert told(without(u'BYPASS_CARD_IFS').mistakes) == [
        '7: BYPASS_CARD_HOST[0]=10.0.0.9: card 0 has no interface; give BYPASS_CARD_IFS or '
        'BYPASS_CARD_IFS[0]']


def test_what_several_lack_is_one_mistake_and_the_error_of_each():
    said = ('BYPASS_CARD_HOST[0]=10.0.1.0: cards 0-2, 5 have no interface; give BYPASS_CARD_IFS for all of them, or '
            'BYPASS_CARD_IFS[n] for each')
    found = without(u'BYPASS_CARD', *[u'BYPASS_CARD_HOST[%d]=10.0.1.%d' % (n, n) for n in (0, 1, 2, 5)])

    assert told(found.mistakes) == ['10: ' + said]
    assert errors(found) == dict(('card %d' % n, said) for n in (0, 1, 2, 5))
    assert [one.text for one in without(u'LISTEN_HEARTBEAT_IFS').mistakes] == [
        'listeners 0-1 have no interface; give LISTEN_HEARTBEAT_IFS for all of them, or LISTEN_HEARTBEAT_IFS[n] for '
        'each']


def test_what_looks_like_a_list_and_is_too_long_for_a_name_gets_a_hint():
    assert told(on_base(u'LISTEN_CUBRO_IFS[0]=sw1;sw2;sw3;sw4;sw5').mistakes) == [
        '10: LISTEN_CUBRO_IFS[0]=sw1;sw2;sw3;sw4;sw5: sw1;sw2;sw3;sw4;sw5: not the name of one interface; a list has '
        'commas or blanks between its names, as in sw1, sw2']


def test_of_two_listeners_at_one_address_and_port_the_later_one_in_the_file_is_wrong():
    found = read(u'LISTEN_HEARTBEAT_IFS=eth0', u'LISTEN_HB_HOST[5]=fd00::1', u'LISTEN_HB_PORT[5]=3000',
                 u'LISTEN_HB_HOST[1]=FD00:0::1/64', u'LISTEN_HB_PORT[1]=03000',
                 u'LISTEN_HEARTBEAT_IFS[1]=eth1')
    said = ('LISTEN_HB_PORT[1]=03000: listener 5 (line 3) is at this address and port too; give another port '
            'or address')

    assert told(found.mistakes) == ['5: ' + said]
    assert errors(found) == {'listener 1': said}


def test_one_address_at_two_ports_and_one_port_at_two_addresses_are_two_places():
    assert on_base(u'LISTEN_HB_HOST[2]=10.0.0.2', u'LISTEN_HB_PORT[2]=3000').mistakes == ()


def test_of_two_cards_with_one_address_on_one_interface_the_later_one_is_wrong():
    found = on_base(u'BYPASS_CARD_HOST[1]=10.0.0.9/24', u'BYPASS_CARD_HOST[2]=10.0.0.9',
                    u'BYPASS_CARD_IFS[2]=eth2')
    said = ('BYPASS_CARD_HOST[1]=10.0.0.9/24: card 0 (line 7) has this address on this interface too; give '
            'another '
            'address, or remove one')

    assert told(found.mistakes) == ['10: ' + said]
    assert errors(found) == {'card 1': said}


def test_an_address_of_a_card_and_of_listeners_stops_all_of_them():
    found = on_base(u'BYPASS_CARD_HOST[1]=10.0.0.1', u'LISTEN_HB_HOST[2]=10.0.0.2', u'LISTEN_HB_PORT[2]=3000')
    said = ('BYPASS_CARD_HOST[1]=10.0.0.1: listener 0 (line 3) has this address too, and would answer the '
            'card even in '
            'bypass; give the card an address of its own')

    assert told(found.mistakes) == ['10: ' + said]
    assert errors(found) == {'card 1': said, 'listener 0': said, 'listener 1': said}


def test_timeout_times_attempts_is_at_most_an_hour():
    assert on_base(u'LISTEN_HEARTBEAT_TIMEOUT[1]=3600000').mistakes == ()
    found = on_base(u'LISTEN_HEARTBEAT_TIMEOUT=36000', u'LISTEN_HEARTBEAT_ATTEMPTS[1]=101',
                    u'LISTEN_HEARTBEAT_ATTEMPTS[0]=100')
    said = ('LISTEN_HEARTBEAT_ATTEMPTS[1]=101: TIMEOUT x ATTEMPTS is 3636000 ms, more than an hour; give '
            'smaller values, '
            'at most 3600000 ms together')

    assert told(found.mistakes) == ['11: ' + said]
    assert errors(found) == {'listener 1': said}


def test_a_wait_of_more_than_an_hour_that_all_inherit_is_told_once():
    found = on_base(u'LISTEN_HEARTBEAT_ATTEMPTS=2', u'LISTEN_HEARTBEAT_TIMEOUT=3600000')

    assert [one.line for one in found.mistakes] == [11]
    assert sorted(errors(found)) == ['listener 0', 'listener 1']


def test_a_faulty_default_is_told_once_and_stops_every_listener_that_inherits_it():
    found = on_base(u'LISTEN_HEARTBEAT_TIMEOUT=abc', u'LISTEN_HEARTBEAT_TIMEOUT[1]=500')

    assert told(found.mistakes) == ['10: LISTEN_HEARTBEAT_TIMEOUT=abc: ' + TIMEOUT]
    assert errors(found) == {'listener 0': 'LISTEN_HEARTBEAT_TIMEOUT=abc: ' + TIMEOUT}
    assert [one.timeout for one in found.settings.listeners] == [None, 500]


@pytest.mark.parametrize('line, field', [
    (u'LISTEN_HB_HOST[1]=x', 'host'), (u'LISTEN_HB_PORT[1]=x', 'port'),
    (u'LISTEN_HEARTBEAT_IFS[1]=/', 'interface'),
    (u'LISTEN_HEARTBEAT_TIMEOUT[1]=x', 'timeout'), (u'LISTEN_HEARTBEAT_ATTEMPTS[1]=x', 'attempts'),
    (u'LISTEN_HEARTBEAT_RECOVERY[1]=x', 'recovery'), (u'LISTEN_HB_SOURCE[1]=x', 'sources'),
    (u'LISTEN_HB_PORT[1]="x', 'port'),
])
def test_a_listener_that_uses_a_faulty_value_says_so_and_the_value_is_none(line, field):
    found = on_base(line)
    first, second = found.settings.listeners

    assert (first.error, getattr(second, field)) == (None, None)
    assert errors(found) == {'listener 1': told(found.mistakes)[0].partition(' ')[2]}


@pytest.mark.parametrize('line', [u'BYPASS_CARD_HOST[0]=x', u'BYPASS_CARD_IFS=/', u'BYPASS_CARD_IFS[0]="x'])
def test_a_card_that_uses_a_faulty_value_says_so(line):
    found = on_base(line)

    assert errors(found) == {'card 0': told(found.mistakes)[0].partition(' ')[2]}


@pytest.mark.parametrize('line', [u'LISTEN_HEARTBEAT_FAILED=x', u'LISTEN_HEARTBEAT_FAILED=3',
                                  u'LISTEN_HEARTBEAT_FAILED="1'])
def test_a_faulty_threshold_is_none_and_stops_no_component(line):
    found = on_base(line)

    assert (found.settings.threshold, errors(found), len(found.mistakes)) == (None, {}, 1)


def test_the_threshold_is_compared_with_the_listeners_that_the_file_names_faulty_ones_too():
    assert on_base(u'LISTEN_HEARTBEAT_FAILED=3', u'LISTEN_HB_PORT[2]=x').settings.threshold == 3


def test_a_threshold_without_any_listener_is_no_mistake():
    found = read(u'LISTEN_HEARTBEAT_FAILED=3')

    assert (found.settings.threshold, found.mistakes) == (3, ())


@pytest.mark.parametrize('line', [u'LOG_LEVEL=x', u'BYPASS_CARD_LEASE=1', u'ON_CHANGE=x',
                                  u'LOG_LEVEL="DEBUG'])
def test_a_faulty_log_level_lease_or_program_falls_back_to_its_default(line):
    found = on_base(line)

    assert (found.settings.log_level, found.settings.lease, found.settings.on_change) == ('INFO', 0, None)
    assert (errors(found), len(found.mistakes)) == ({}, 1)


@pytest.mark.parametrize('line, ports', [
    (FLAG + u'=x', ['sw1', 'sw2', 'sw3']), (FLAG + u'[1]=x', ['sw2', 'sw3']), (FLAG + u'[0]=x', []),
])
def test_the_ports_of_a_list_whose_flag_is_faulty_are_not_touched(line, ports):
    found = on_base(line)
    key, _, value = line.partition('=')

    assert found.settings.faulty_ports == dict.fromkeys(ports, '%s=%s: %s' % (key, value, RIGHT_FLAG))
    assert errors(found) == found.settings.faulty_ports


def test_lo_and_a_listener_s_interface_are_not_touched_even_if_the_flag_is_faulty_too():
    found = on_base(u'LISTEN_CUBRO_IFS[0]=sw9 lo eth0', FLAG + u'[0]=x')

    assert [one.line for one in found.mistakes] == [10, 10, 11]
    assert dict((name, why.partition(': ')[2].partition(';')[0]) for name, why in errors(found).items()) == {
        'sw9': 'neither 0 nor 1', 'lo': 'lo is never a port',
        'eth0': 'eth0 is the interface of listener 0: once it is down, no heartbeat can bring it up again'}


def test_what_a_list_that_cannot_be_read_may_mean_is_not_touched():
    found = on_base(u'LISTEN_CUBRO_IFS="sw1 sw9')
    said = 'LISTEN_CUBRO_IFS="sw1 sw9: ' + envfile.NOT_CLOSED

    assert errors(found) == {'sw1': said, 'sw9': said}
    assert found.settings.ports == ('sw1', 'sw9')


def test_of_a_key_given_twice_the_last_one_counts_and_a_warning_names_both_lines():
    found = on_base(u'LISTEN_HEARTBEAT_TIMEOUT=x', u'LISTEN_HB_PORT[0]=3001', u'LISTEN_HEARTBEAT_TIMEOUT=500',
                    u'LISTEN_HB_PORT[0]=3002')

    assert ([(one.port, one.timeout) for one in found.settings.listeners], found.mistakes) == (
        [(3002, 500), (3100, 500)], ())
    assert told(found.warnings) == [
        '12: LISTEN_HEARTBEAT_TIMEOUT=500: given in line 10 too; the last one counts, remove what is not '
        'meant',
        '13: LISTEN_HB_PORT[0]=3002: given in line 4, 11 too; the last one counts, remove what is not meant']


def test_a_wait_of_more_than_a_minute_has_a_warning():
    found = on_base(u'LISTEN_HEARTBEAT_TIMEOUT=60000', u'LISTEN_HEARTBEAT_TIMEOUT[1]=20001',
                    u'LISTEN_HEARTBEAT_ATTEMPTS[1]=3')

    assert found.mistakes == ()
    assert told(found.warnings) == [
        '12: LISTEN_HEARTBEAT_ATTEMPTS[1]=3: a dead DPI is noticed after 60 s only (TIMEOUT x ATTEMPTS); '
        'give smaller '
        'values if that is too late']


def test_sources_that_can_never_send_to_the_listener_have_a_warning():
    said = ('fd00::1: none of these can send to listener %d, which is at 10.0.0.1; give a source of the same '
            'kind')

    assert told(on_base(u'LISTEN_HB_SOURCE=fd00::1 10.0.0.7', u'LISTEN_HB_SOURCE[1]=fd00::1').warnings) == [
        '11: LISTEN_HB_SOURCE[1]=' + said % 1]
    assert told(on_base(u'LISTEN_HB_SOURCE=fd00::1').warnings) == ['10: LISTEN_HB_SOURCE=' + said % 0]


def test_listeners_that_give_one_address_different_prefixes_have_a_warning():
    assert told(on_base(u'LISTEN_HB_HOST[0]=10.0.0.1/24', u'LISTEN_HB_HOST[1]=10.0.0.1/32').warnings[:1]) == [
        '10: LISTEN_HB_HOST[0]=10.0.0.1/24: given in line 3 too; the last one counts, remove what is not '
        'meant']
    assert on_base(u'LISTEN_HB_HOST[2]=10.0.0.1/32', u'LISTEN_HB_PORT[2]=1').warnings == ()
    assert told(on_base(u'LISTEN_HB_HOST[2]=10.0.0.1/24', u'LISTEN_HB_PORT[2]=1').warnings) == [
        '10: LISTEN_HB_HOST[2]=10.0.0.1/24: listener 0 (line 3) gives this address with another prefix; '
        'give both the '
        'same']


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines():
    found = read(u'foo', u'LISTEN_HB_HOST[0]=10.0.0.01', u'LOG_LEVEL=x', u'LISTEN_HEARTBEAT_IFS=e/', u'BAR=1',
                 u'BYPASS_CARD_HOST[0]=10.0.0.9')

    assert [(one.line, one.text.partition(';')[0]) for one in found.mistakes] == [
        (1, 'not an assignment'), (2, 'a number with a leading zero can be read in two ways'),
        (2, 'listener 0 has no UDP port'), (3, 'not a log level'), (4, 'the kernel takes no name with "/"'),
        (5, 'unknown key'), (6, 'card 0 has no interface')]


def test_of_many_mistakes_the_first_hundred_are_kept_and_the_others_counted():
    noise = bytes(bytearray(range(256))) * 40000
    found = reader.read(noise.decode('utf-8', 'replace'))

    assert len(found.mistakes) == 101
    assert found.mistakes[-1][:3] == (None, None, None)
    assert reader.read(u'x\n' * 1000).mistakes[-1] == Mistake(None, None, None, '... and 900 more mistakes')
    assert reader.read(u'x\n' * 100).mistakes[-1].line == 100


@pytest.mark.parametrize('name', [u'LISTEN_CUBRO_IFS', u'LISTEN_HB_SOURCE'])
def test_of_many_bad_entries_in_a_list_the_first_hundred_are_told_and_the_others_counted(name):
    found = on_base(name + u'=' + u' '.join(u'%d@' % number for number in range(1000)))

    assert (len(found.mistakes), found.mistakes[-1].text) == (101, '... and 900 more mistakes')


def test_the_error_of_a_component_is_the_first_of_several_mistakes_in_one_value():
    assert errors(on_base(u'LISTEN_HB_SOURCE[0]=x y')) == {'listener 0': (
        'LISTEN_HB_SOURCE[0]=x y: x: not an IP address; give an IPv4 or IPv6 address such as 192.168.1.202')}


def test_one_source_written_in_two_ways_is_one():
    assert on_base(u'LISTEN_HB_SOURCE=fd00::1, FD00:0::1 10.0.0.7').settings.listeners[0].sources == (
        'fd00::1', '10.0.0.7')


def test_an_entry_that_is_in_a_list_twice_is_told_once():
    assert told(on_base(u'LISTEN_HB_SOURCE=x, y, x').mistakes) == [
        '10: LISTEN_HB_SOURCE=x, y, x: x: not an IP address; give an IPv4 or IPv6 address such as '
        '192.168.1.202',
        '10: LISTEN_HB_SOURCE=x, y, x: y: not an IP address; give an IPv4 or IPv6 address such as '
        '192.168.1.202']


def test_a_component_says_what_is_wrong_with_it_even_where_its_mistake_is_not_kept():
    found = read(*([u'x'] * 200 + [u'LISTEN_HB_HOST[0]=10.0.0.1']))

    assert errors(found) == {'listener 0': 'LISTEN_HB_HOST[0]=10.0.0.1: listener 0 has no UDP port; give '
                                           'LISTEN_HB_PORT[0]'}


def test_values_are_shown_on_one_printable_line_of_bounded_length():
    found = on_base(u'LOG_LEVEL=\u00e4\t\\' + u'x' * 1000)

    assert found.mistakes[0].value == r'\xe4\t' + '\\\\' + 'x' * (57 - 8) + '...'
    assert all(isinstance(part, str) for part in found.mistakes[0][1:])


def test_a_mistake_is_printed_with_file_line_and_kind():
    assert reader.format_problem('/etc/x', Mistake(3, 'A[1]', 'b', 'wrong; give c'), 'error') == (
        '/etc/x:3: error: A[1]=b: wrong; give c')
    assert reader.format_problem('/etc/x', Mistake(3, None, 'foo', 'wrong'),
                                 'error') == '/etc/x:3: error: foo: wrong'
    assert reader.format_problem('/etc/x', Notice(None, None, None, 'none'),
                                 'warning') == '/etc/x: warning: none'


def test_texts_are_the_language_s_own_kind_so_that_they_go_into_every_line_of_output():
    found = on_base(u'LISTEN_HB_SOURCE=10.0.0.7', u'ON_CHANGE=/x', u'LOG_LEVEL=DEBUG').settings
    listener, card = found.listeners[1], found.cards[0]

    for text in (listener.host, listener.interface, listener.ports[0], listener.sources[0], card.address,
                 card.interface, found.ports[0], found.on_change, found.log_level):
        assert isinstance(text, str)


# --- nodes, names and the return ---

def test_nodes_and_cards_have_names_and_the_return_its_values():
    found = on_base(u'LISTEN_HB_NODE[0]=dpi-1', u'LISTEN_HB_NODE[1]=dpi-1', u'BYPASS_CARD_NAME[0]=west',
                    u'BYPASS_RETURN=manual', u'BYPASS_RETURN_DELAY=500', u'BYPASS_RETURN_DELAY_MAX=4000',
                    u'BYPASS_RETURN_CARRIER=7', u'BYPASS_ON_SHUTDOWN=0', u'OBSERVE=1',
                    u'BYPASS_CARD_PING_TIMEOUT=100')

    assert found.mistakes == ()
    assert [one.node for one in found.settings.listeners] == ['dpi-1', 'dpi-1']
    assert found.settings.cards[0].name == 'west'
    assert found.settings[-5:] == ({0: 'dpi-1', 1: 'dpi-1'}, Return(True, 500, 4000, 7), True, False, 100)


@pytest.mark.parametrize('line, text', [
    (u'LISTEN_HB_NODE[0]=12',
     'a bare number is an index; give 1 to 32 letters, digits, ".", "_" or "-", such as dpi-1'),
    (u'LISTEN_HB_NODE[0]=dpi 1', 'not a name; give'), (u'BYPASS_CARD_NAME[0]=' + u'x' * 33, 'not a name; give'),
    (u'LISTEN_HB_NODE=dpi-1', 'this key needs an index'),
    (u'BYPASS_RETURN=later', 'neither auto nor manual; give auto'),
    (u'BYPASS_RETURN_DELAY=-1', 'not a time to wait; give milliseconds from 0 to 3600000'),
    (u'BYPASS_RETURN_CARRIER=3600001', 'not a time to wait; give milliseconds from 0 to 3600000'),
    (u'OBSERVE=yes', 'neither 0 nor 1; give 1 (nothing is changed) or 0 (the daemon acts)'),
    (u'BYPASS_ON_SHUTDOWN=', 'the value is missing; give 1'),
    (u'BYPASS_CARD_PING_TIMEOUT=99', 'not a timeout; give 0 (off) or milliseconds from 100 to 3600000'),
    (u'BYPASS_CARD_PING_TIMEOUT=3600001', 'not a timeout; give 0 (off) or milliseconds from 100 to 3600000'),
    (u'BYPASS_CARD_PING_TIMEOUT=', 'the value is missing; give 0 (off) or'),
    (u'BYPASS_CARD_PING_TIMEOUT[0]=500', 'this key takes no index'),
    (u'BYPASS_RETURN_DELAY_MAX=x', 'not a time to wait; give milliseconds from 0 to 3600000')])
def test_a_faulty_value_of_these_keys_is_a_mistake_with_its_remedy(line, text):
    mistake, = on_base(line).mistakes

    assert text in mistake.text


def test_what_is_faulty_at_a_start_counts_as_its_default_but_a_faulty_OBSERVE_keeps_hands_off():
    found = on_base(u'BYPASS_RETURN=x', u'BYPASS_RETURN_DELAY=x', u'OBSERVE=x',
                    u'BYPASS_CARD_PING_TIMEOUT=x').settings

    assert (found.returns, found.observe, found.on_shutdown) == (Return(False, 0, 0, 0), True, True)
    assert found.ping_timeout == 0


def test_a_most_below_the_delay_is_a_mistake_and_one_without_a_delay_a_warning():
    assert on_base(u'BYPASS_RETURN_DELAY=500', u'BYPASS_RETURN_DELAY_MAX=400').mistakes[0].text == (
        'less than BYPASS_RETURN_DELAY, which is 500; give at least that')
    found = on_base(u'BYPASS_RETURN_DELAY_MAX=400')
    assert found.mistakes == () and 'nothing to double' in found.warnings[-1].text
    assert found.settings.returns == Return(False, 0, 0, 0)


def warned(*lines):
    """{key: text} of the warnings about a file without ports and with these lines."""
    found = read(*([line for line in BASE if 'CUBRO' not in line] + list(lines)))
    assert found.mistakes == ()
    return dict((one.key, one.text) for one in found.warnings)


def test_what_a_manual_return_does_not_use_is_a_warning():
    found = warned(u'BYPASS_RETURN=manual', u'BYPASS_RETURN_DELAY=500', u'BYPASS_RETURN_DELAY_MAX=600',
                   u'BYPASS_RETURN_CARRIER=1000')

    assert found == dict.fromkeys(
        ['BYPASS_RETURN_DELAY', 'BYPASS_RETURN_DELAY_MAX', 'BYPASS_RETURN_CARRIER'],
        'without effect, since BYPASS_RETURN is manual; remove this line, or that one')
    assert warned(u'BYPASS_RETURN=manual', u'BYPASS_RETURN_DELAY=0') == {}


def test_a_carrier_that_no_port_can_have_is_a_warning():
    alone = u'BYPASS_RETURN_CARRIER=1000'
    silent = u'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS=0'

    for lines in ((alone,), (alone, u'LISTEN_CUBRO_IFS=sw1', silent), (alone, u'LISTEN_CUBRO_IFS[1]=sw1', silent)):
        assert warned(*lines) == {
            'BYPASS_RETURN_CARRIER': 'no port follows the state, so there is no carrier to wait for; give '
                                     'LISTEN_CUBRO_IFS, or remove this line'}
    assert warned(alone, u'LISTEN_CUBRO_IFS=sw1') == warned(alone, u'LISTEN_CUBRO_IFS[1]=sw1') == {}


def test_two_cards_with_one_name_are_a_warning_and_a_card_may_be_called_as_a_node():
    second = u'BYPASS_CARD_HOST[1]=10.0.0.12'

    assert warned(u'BYPASS_CARD_NAME[0]=a', second, u'BYPASS_CARD_NAME[1]=a') == {
        'BYPASS_CARD_NAME[1]': 'card 0 (line %d) has this name too; give each card a name of its own' % (
            len(BASE) - 1)}
    assert warned(u'BYPASS_CARD_NAME[0]=a', second, u'BYPASS_CARD_NAME[1]=b', u'LISTEN_HB_NODE[0]=a') == {}


def test_the_example_of_a_name_is_one_of_its_kind():
    assert on_base(u'BYPASS_CARD_NAME[0]=7').mistakes[0].text.endswith('such as card-1')


def test_the_threshold_may_not_be_larger_than_the_number_of_nodes():
    mistake, = on_base(u'LISTEN_HB_NODE[0]=a', u'LISTEN_HB_NODE[1]=a', u'LISTEN_HEARTBEAT_FAILED=2').mistakes

    assert mistake.text == 'larger than the number of nodes; give 1'
