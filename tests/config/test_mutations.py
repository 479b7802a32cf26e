# coding: utf-8
"""10,000 damaged files: there is never a traceback, and each component is valid or says why it is not."""
import random
import re
import socket

from fbmon.config import reader, table
from fbmon.network import checks, picture
from test_reader import EXAMPLE
from test_sample import USED

FULL = u'''\ufeff# heartbeats
export LOG_LEVEL = "DEBUG"   # loud
LISTEN_HEARTBEAT_IFS='br0'\r
LISTEN_HEARTBEAT_FAILED=2
LISTEN_HEARTBEAT_TIMEOUT=500
LISTEN_HEARTBEAT_ATTEMPTS[1]=3
LISTEN_HEARTBEAT_RECOVERY=2
LISTEN_HB_SOURCE=10.0.0.7, fd00::7
LISTEN_HB_HOST[0]=10.0.0.1/24
LISTEN_HB_PORT[0]=3000
LISTEN_HB_HOST[1]=FD00:0::1/64
LISTEN_HB_PORT[1]=3000
LISTEN_HB_SOURCE[1]=fd00::8
LISTEN_HEARTBEAT_IFS[1]=vlan7
BYPASS_CARD_IFS=eth1
BYPASS_CARD_HOST[0]=10.0.1.9
BYPASS_CARD_HOST[5]=fd00::9/64
BYPASS_CARD_IFS[5]=eth2
BYPASS_CARD_LEASE=3000
LISTEN_CUBRO_IFS=sw1 sw2
LISTEN_CUBRO_IFS[0]=sw2,sw3
LISTEN_CUBRO_IFS[1]=
LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS=1
LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS[0]=0
ON_CHANGE=/usr/local/bin/told
'''

FILES = [text.encode('utf-8') for text in (EXAMPLE, FULL, re.sub(u'(?m)^(#.*)?\n', u'', USED))]

NASTY = [u'', u'0', u'1', u'-1', u'65536', u'9' * 400, u'\u0663', u'3000.0', u'lo', u'br0', u'sw1 sw2',
         u'all', u'e/h',
         u'10.0.0.1', u'10.0.1.9/24', u'0.0.0.0', u'fd00::1', u'::', u'::ffff:10.0.0.1', u'fe80::1%eth0',
         u'10.0.0.1/0',
         u'"', u"'x", u'"x" y', u'\0', u'\xa0', u'#', u' #', u',', u'\\', u'[0]', u'=', u'/', u'yes', u'INFO']

BYTES = b'\0\t\n\r "#\'[],=/.:%@\\0123456789aefgx_ALIX\x7f\x80\xc3\xff'

KERNEL = picture.of([
    '1: lo: <UP> mtu 65536 qdisc noqueue', '2: eth0: <UP> mtu 1500 qdisc mq',
    '3: br0: <UP> mtu 1500 qdisc noqueue',
    '4: sw1@eth2: <UP> mtu 1500 qdisc mq master br0', '5: vlan7@sw2: <UP> mtu 1500 qdisc mq',
    '6: sw2: <> mtu 1 qdisc x',
    '2: eth0    inet 192.168.1.1/24 scope global eth0', '3: br0    inet 10.0.0.9/24 scope global br0',
    '6: sw2    inet6 fd00::9/64 scope global '])


def damaged_bytes(rng, data):
    """The file with a few bytes changed, removed, added or doubled."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at, deed = rng.randrange(len(data)), rng.randrange(4)
        if deed == 0:
            data[at] = BYTES[rng.randrange(len(BYTES))] if isinstance(BYTES[0],
                                                                      int) else ord(rng.choice(BYTES))
        elif deed == 1 and len(data) > 20:
            del data[at:at + rng.randint(1, 9)]
        elif deed == 2:
            data[at:at] = bytearray(rng.getrandbits(8) for _ in range(rng.randint(1, 3)))
        else:
            data[at:at] = data[at:at + rng.randint(1, 40)]
    return bytes(data).decode('utf-8', 'replace')


def damaged_lines(rng, data):
    """The file with a few lines removed, doubled, moved, changed, or taken from another file."""
    lines = data.decode('utf-8').split(u'\n')
    for _ in range(rng.randint(1, 6)):
        at, deed = rng.randrange(len(lines)), rng.randrange(6)
        key, _, value = lines[at].partition(u'=')
        if deed == 0 and len(lines) > 2:
            del lines[at]
        elif deed == 1:
            lines.insert(rng.randrange(len(lines)), lines[at])
        elif deed == 2:
            lines[at] = key + u'=' + rng.choice(NASTY)
        elif deed == 3:
            lines[at] = key + u'=' + value + rng.choice([u' ', u',', u'']) + rng.choice(NASTY)
        elif deed == 4:
            lines[at] = re.sub(u'\\[.*?\\]', u'[%s]' % rng.choice([u'0', u'1', u'2', u'00', u'x', u'5']),
                               lines[at])
        else:
            lines.append(rng.choice(rng.choice(FILES).decode('utf-8').split(u'\n')))
    return u'\n'.join(lines)


def is_address(text, prefix=None):
    """Whether a text is the canonical form of an address that one machine can have."""
    family = socket.AF_INET6 if ':' in text else socket.AF_INET
    same = socket.inet_ntop(family, socket.inet_pton(family, text)) == text
    return same and not re.match(r'(0|22[4-9]|23\d)\.|255\.255\.255\.255|ff..:|::$|::ffff:', text) \
        and (prefix is None or 1 <= prefix <= (128 if ':' in text else 32))


def is_name(text):
    return bool(re.match(r'[A-Za-z0-9_.~!$&()*+,;<=>?^`{|}\[\]-]{1,15}\Z', text)) and text not in ('.', '..',
                                                                                                   'all',
                                                                                                   'default')


def is_between(low, number, high):
    return isinstance(number, int) and low <= number <= high


def assert_listener(one):
    assert is_address(one.host, one.prefix) and is_name(one.interface) and is_between(1, one.port, 65535)
    assert is_between(10, one.timeout, 3600000) and is_between(1, one.attempts, 360000)
    assert one.timeout * one.attempts <= 3600000 and is_between(1, one.recovery, 1000000)
    assert all(is_address(source) for source in one.sources)


def assert_valid_or_with_error(settings):
    """Check each component by a second, independent reading of the rules."""
    listeners = [one for one in settings.listeners if not one.error]
    cards = [one for one in settings.cards if not one.error]
    for one in listeners:
        assert_listener(one)
    for one in cards:
        assert is_address(one.address, one.prefix) and is_name(one.interface)
    places = [(one.host, one.port) for one in listeners]
    assert len(set(places)) == len(places)
    assert len(set((one.address, one.interface) for one in cards)) == len(cards)
    assert not set(one.host for one in listeners) & set(one.address for one in cards)
    assert_ports(settings)
    assert settings.threshold is None or is_between(1, settings.threshold, len(settings.listeners) or 65536)
    assert settings.lease == 0 or is_between(1000, settings.lease, 3600000)
    assert settings.log_level in ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')
    assert settings.on_change is None or settings.on_change.startswith('/')


def assert_ports(settings):
    never = set(one.interface for one in settings.listeners) | set(['lo'])
    for names, flag in [(settings.ports, settings.shutdown)] + [(one.ports,
                                                                 one.shutdown) for one in settings.listeners]:
        assert all(is_name(name) for name in names) and len(set(names)) == len(names)
        valid = [name for name in names if name not in settings.faulty_ports]
        assert not never.intersection(valid)
        assert flag in (True, False) or not valid


def assert_told(found):
    """Check that each fault has a mistake, and that each text can be printed."""
    settings = found.settings
    broken = [one.error for one in settings.listeners + settings.cards if one.error]
    broken += settings.faulty_ports.values()
    assert found.mistakes or not broken and settings.threshold is not None
    for one in found.mistakes + found.warnings:
        line = reader.format_problem('f', one, 'error')
        assert re.match(r'[ -~]+\Z', line) and len(line) < 600 and one.text
        assert one.line is None or 1 <= one.line
    assert len(found.mistakes) == len(set(found.mistakes))


def test_ten_thousand_damaged_files_give_no_traceback_and_no_component_that_is_silently_wrong():
    rng = random.Random(20231123)
    right = wrong = 0
    for number in range(10000):
        text = rng.choice((damaged_bytes, damaged_lines))(rng, rng.choice(FILES))
        try:
            found = reader.read(text)
            assert_valid_or_with_error(found.settings)
            assert_told(found)
            if number % 10 == 0:
                assert all(len(line) <= 80 for line in table.effective(found.settings).split('\n'))
                checks.warnings(found.settings, KERNEL, found.given)
        except Exception:
            print(repr(text))
            raise
        wrong += bool(found.mistakes)
        right += not found.mistakes
    assert right > 1000 and wrong > 5000


def test_the_files_that_are_damaged_are_valid():
    assert [reader.read(data.decode('utf-8')).mistakes for data in FILES] == [(), (), ()]
