"""reading.py: a reading is complete or fails, even with fakes that misbehave and with hostile names and aliases."""
import os
import random

import pytest

from fbmon.base import compat
from fbmon.network import reading
from fbmon.network.iproute import IpError
from fbmon.network.reading import capture
from helpers import LIMIT, alive, descriptors, read, wait_for, write


def pids(tmp_path):
    return [int(pid) for pid in read(tmp_path / 'pids').split()]


def test_a_reading_gives_the_lines_that_ip_prints(fake_ip):
    fake_ip('echo "$*"; echo two; echo three >&2')

    assert capture(['-o', 'addr']) == ['-o addr', 'two']


def test_a_long_reading_is_complete(fake_ip, tmp_path):
    lines = ['%d: %s' % (number, 'x' * 100) for number in range(20000)]
    write(tmp_path / 'long', '\n'.join(lines) + '\n')
    # As `ip` of 7.1 writes it.
    fake_ip('dd if=$DIR/long bs=4096 2>/dev/null')

    assert capture(['-o', 'addr'], limit=LIMIT) == lines


def test_what_is_written_in_parts_that_are_too_large_is_no_reading(fake_ip):
    fake_ip('dd if=/dev/zero bs=70000 count=1 2>/dev/null')

    with pytest.raises(IpError) as raised:
        capture(['-o', 'addr'], limit=LIMIT)

    assert str(raised.value) == 'ip -o addr: it writes too much at once'


@pytest.mark.parametrize('script, words', [
    ('echo 1: lo; echo "Cannot send dump request: No buffer space" >&2; exit 1',
     'ip -o addr: Cannot send dump request: No buffer space'),
    ('exit 2', 'ip -o addr: exit code 2'),
    ('kill -9 $$', 'ip -o addr: exit code -9'),
    ('echo $$ > $DIR/pids; exec sleep 600', 'ip -o addr: no answer within 0.3 s'),
    ('echo $$ > $DIR/pids; echo 1: lo; exec sleep 600', 'ip -o addr: no answer within 0.3 s'),
    ('echo $$ > $DIR/pids; exec sleep 600 > /dev/null 2>&1', 'ip -o addr: no answer within 0.3 s'),
])
def test_a_reading_that_fails_or_hangs_is_told_in_ips_own_words(fake_ip, tmp_path, script, words):
    fake_ip(script)

    with pytest.raises(IpError) as raised:
        capture(['-o', 'addr'], limit=0.3)

    assert str(raised.value) == words
    wait_for(lambda: not any(alive(pid) for pid in pids(tmp_path)))


def test_a_reading_without_ip_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))

    with pytest.raises(IpError) as raised:
        capture(['-o', 'addr'])

    assert str(raised.value) == 'ip cannot be started: No such file or directory'


def test_a_reading_leaves_no_descriptor(fake_ip):
    fake_ip('echo one')
    count = descriptors()
    capture(['-o', 'addr'])

    assert descriptors() == count


def test_ip_gets_none_of_our_descriptors(fake_ip):
    fake_ip('ls -l /proc/$$/fd')
    ends = compat.pipe()
    try:
        ours = os.readlink('/proc/self/fd/%d' % ends[0])
        inherited = [line.rpartition(' -> ')[2] for line in capture(['x'])]
    finally:
        for end in ends:
            os.close(end)

    assert len(inherited) > 3 and ours not in inherited


# --- complete ---

# An `ip` that is interrupted so many times: it exits with 0, and an address is missing that was there all the time.
CHURN = '''
echo $$ >> $DIR/pids
if [ $(wc -l < $DIR/pids) -le %d ]; then
    echo one
    echo 'Dump was interrupted and may be inconsistent.' >&2
else
    echo one; echo two
fi
'''


def test_a_reading_that_was_interrupted_is_read_again_until_it_is_complete(fake_ip, tmp_path):
    fake_ip(CHURN % 3)

    assert capture(['-o', 'addr']) == ['one', 'two']
    assert len(pids(tmp_path)) == 4


def test_a_reading_that_is_interrupted_each_time_is_none(fake_ip, tmp_path):
    fake_ip(CHURN % 1000)

    with pytest.raises(IpError) as raised:
        capture(['-o', 'addr'])

    assert str(raised.value) == 'ip -o addr: Dump was interrupted and may be inconsistent. (10 times in a row)'
    assert len(pids(tmp_path)) == reading.TRIES


# --- somebody's text ---

# One that writes what it has read in a block.
BLOCK = 'case "$*" in "-j -0 addr") cat $DIR/json;; "-o -0 addr") cat $DIR/lines;; esac'

LINES = '1: lo: <UP> mtu 1 qdisc noop\\    altname x\n2: a: <UP> mtu 1 qdisc noop\n'


@pytest.mark.parametrize('quoted, name', [
    # As up to 6.0, and as from 6.1 on.
    (r"it\'s", "it's"), (r"\\\'", "\\'"), ("it's", "it's"), (r"\\'", "\\'"),
    (r'\\', '\\'), (r'a\n\"', 'a\n"'), (r'a\u0001', 'a\x01'), ('a\x01', 'a\x01'), (u'\u2028', u'\u2028')])
def test_a_name_in_quotes_is_what_it_is(fake_ip, tmp_path, quoted, name):
    fake_ip(BLOCK)
    write(tmp_path / 'lines', LINES)
    write(tmp_path / 'json', '[{"ifindex":1,"ifname":"lo","flags":["UP"],"qdisc":"noop","altnames":["%s"]}]' % quoted)

    assert [(link.name, link.altnames) for link in reading.kernel().links.values()] == [('lo', (name,))]


@pytest.mark.parametrize('said', ['', '{', '[{"ifindex":1,"qdisc":"noop"}]', '3'])
def test_what_is_not_understood_is_no_reading(fake_ip, tmp_path, said):
    fake_ip(BLOCK)
    write(tmp_path / 'lines', LINES)
    write(tmp_path / 'json', said)

    with pytest.raises(IpError) as raised:
        reading.kernel()

    assert str(raised.value).startswith('ip -j -0 addr: not understood: ')


PIECES = ['\n', '\\', '    ', ' ', '7: eth0    inet 192.168.1.211/32 scope global eth0', ' master eth0', 'alias ',
          'Deleted ', '2: eth0: <UP> mtu 1500 qdisc noop state UP', '\\    altname eth0', ' altname eth0', u'\u2028',
          u'\x85', '\x1c', 'word', '3: ', 'inet6 fd00::1/64 scope global ', 'valid_lft 5sec', ' secondary ']


def bare(found):
    """A Picture without the parts that the names and aliases of the test may change."""
    return sorted((link.index, link.up, link.master) for link in found.links.values()), found.addresses


def test_no_alias_and_no_name_makes_an_address_present_or_a_port_a_part_of_something(namespace):
    source = random.Random(29)
    namespace('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'sw0')
    namespace('link', 'add', 'sw1', 'type', 'veth', 'peer', 'name', 'eth0@x')
    namespace('link', 'add', 'a\\b', 'type', 'veth', 'peer', 'name', '<UP>')
    namespace('addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
    before = reading.kernel()
    assert sorted(before.addresses[before.names['eth0']]) == ['10.0.0.1']
    for _ in range(60):
        alias = ''.join(source.choice(PIECES) for _ in range(source.randint(1, 6))).encode('utf-8')[:255]
        if not alias.strip(b'\0'):
            continue
        namespace('link', 'set', 'dev', source.choice(['sw0', 'sw1', 'eth0', 'lo']), 'alias', alias)

        found = reading.kernel()
        assert (bare(found), found.names) == (bare(before), before.names)
