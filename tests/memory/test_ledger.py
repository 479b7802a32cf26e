"""ledger.py: the daemon's own changes are remembered after its end; lines that make no sense are passed over."""
import os

import pytest

from fbmon.memory.ledger import LONG, Ledger, Seen, parse, text
from fbmon.network import picture
from fbmon.rules.items import AddressItem, PortItem
from helpers import read, write

ONE, TWO, SIX = AddressItem('eth0', '10.0.0.1'), AddressItem('eth0', '10.0.0.2'), AddressItem('eth0', 'fd00::1')
PORT = PortItem('sw1')


def again(tmp_path):
    """The items that the next run finds, {item: index of its interface}."""
    return Ledger(str(tmp_path / 'ledger')).items


def on(index, *items):
    """{item: index} of these items on the interface with this index."""
    return dict.fromkeys(items, index)


def test_what_was_noted_and_not_forgotten_is_remembered_across_a_restart(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))
    ledger.note(on(2, ONE, TWO, SIX))
    ledger.note(on(3, PORT))
    ledger.forget([TWO])

    assert again(tmp_path) == ledger.items == {ONE: 2, SIX: 2, PORT: 3}


def test_it_is_written_before_note_returns(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))
    ledger.note(on(2, ONE))
    ledger.note(on(3, PORT))
    ledger.forget([ONE])

    assert read(tmp_path / 'ledger') == '+ address eth0 10.0.0.1 2\n+ port sw1 3\n- address eth0 10.0.0.1\n'


def test_what_is_known_is_not_written_again(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))
    for _ in range(3):
        ledger.note(on(2, ONE))
        ledger.forget([TWO])

    assert read(tmp_path / 'ledger') == '+ address eth0 10.0.0.1 2\n'


def test_an_empty_ledger_is_no_error(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))

    assert (ledger.items, ledger.error) == ({}, None)


def test_a_line_that_was_cut_short_is_not_taken_for_another_address(tmp_path):
    write(tmp_path / 'ledger', '+ port sw1 3\n+ address eth0 10.0.0.1')

    assert again(tmp_path) == {PORT: 3}


def test_garbage_is_passed_over(tmp_path):
    write(tmp_path / 'ledger', b'\0\xff\xfe\n+\n+ address eth0\n+ port\n* port sw2\n+ address eth0 10.0.0.1 x\n\n'
                               b'+ port  sw3\n+ card eth0 10.0.0.1\n+ port sw1 3\n- address eth9 10.0.0.9\n'
                               b'+ port sw4 4 4\n+ port sw5 -1\n')

    assert again(tmp_path) == {PORT: 3}


def test_what_an_older_version_wrote_is_read_without_an_index(tmp_path):
    write(tmp_path / 'ledger', '+ address eth0 10.0.0.1\n+ port sw1\n')

    assert again(tmp_path) == on(None, ONE, PORT)


def test_a_large_file_of_noise_is_passed_over(tmp_path):
    write(tmp_path / 'ledger', os.urandom(1 << 20) + b'\n+ port sw1\n')

    assert PORT in again(tmp_path)


@pytest.mark.parametrize('item', [ONE, SIX, PORT])
@pytest.mark.parametrize('sign, index', [('+', 2), ('+', None), ('-', None)])
def test_what_is_written_is_what_is_read(sign, item, index):
    assert parse(text(sign, item, index)) == (sign, item, index)


def test_a_start_writes_the_file_anew_with_what_counts(tmp_path):
    write(tmp_path / 'ledger', '+ port sw1 3\n+ port sw2 4\n- port sw2\nnoise\n')

    again(tmp_path)

    assert read(tmp_path / 'ledger') == '+ port sw1 3\n'


def test_it_does_not_grow_without_end(tmp_path):
    ledger, longest = Ledger(str(tmp_path / 'ledger')), 0
    ledger.note(on(3, PORT))
    for number in range(2 * LONG):
        ledger.note(on(2, ONE))
        ledger.forget([ONE])
        if number % 100 == 0:
            longest = max(longest, len(read(tmp_path / 'ledger').splitlines()))

    assert LONG / 2 < longest <= LONG + 2
    assert again(tmp_path) == {PORT: 3}


def test_without_a_directory_it_is_kept_in_memory_and_says_so(tmp_path):
    path = str(tmp_path / 'none' / 'ledger')
    ledger = Ledger(path)
    ledger.note(on(2, ONE))

    assert ledger.items == {ONE: 2}
    assert ledger.error == path + ': No such file or directory: what is put there is not remembered across a restart'


def test_once_the_directory_is_there_the_next_note_writes_everything(tmp_path):
    ledger = Ledger(str(tmp_path / 'none' / 'ledger'))
    ledger.note(on(2, ONE))
    (tmp_path / 'none').mkdir()

    ledger.note(on(3, PORT))

    assert ledger.error is None
    assert Ledger(str(tmp_path / 'none' / 'ledger')).items == {ONE: 2, PORT: 3}


# --- interfaces with other names ---

def kernel(*lines):
    return picture.of(['%s: <UP> mtu 1 qdisc mq' % line for line in lines])


def follow(ledger, *lines):
    now = kernel(*lines)
    return ledger.follow(now.links, now.names)


def test_what_is_ours_stays_on_its_interface_when_names_are_swapped_and_is_remembered_there(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))
    other, port = AddressItem('eth1', '10.0.0.2'), PortItem('sw2')
    ledger.note({ONE: 2, other: 3, PORT: 4})

    follow(ledger, '2: eth1', '3: eth0', '4: sw2')

    moved = {ONE._replace(interface='eth1'): 2, other._replace(interface='eth0'): 3, port: 4}
    assert ledger.items == again(tmp_path) == moved
    assert ledger.followed == set(moved)
    assert follow(ledger, '2: eth1', '3: eth0', '4: sw2') == {}


def test_the_same_address_on_both_of_two_interfaces_that_swap_their_names_is_ours_on_both(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))
    other = ONE._replace(interface='eth1')
    ledger.note({ONE: 2, other: 3})

    assert follow(ledger, '2: eth1', '3: eth0') == {ONE: other, other: ONE}
    assert ledger.items == again(tmp_path) == {other: 2, ONE: 3}


def test_what_was_on_an_interface_that_is_gone_is_not_ours_on_the_next_one_of_that_name(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))
    ledger.note({ONE: 2, PORT: 4})

    follow(ledger, '7: eth0', '4: sw1')

    assert ledger.items == again(tmp_path) == {PORT: 4}


def test_what_an_older_version_wrote_is_where_the_name_is_now(tmp_path):
    write(tmp_path / 'ledger', '+ address eth0 10.0.0.1\n+ port sw1\n')
    ledger = Ledger(str(tmp_path / 'ledger'))

    follow(ledger, '2: eth0')

    assert ledger.items == again(tmp_path) == {ONE: 2}
    assert ledger.followed == set()


def test_what_is_forgotten_is_no_longer_followed(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))
    ledger.note({ONE: 2})
    follow(ledger, '2: eth1')

    ledger.forget(list(ledger.items))

    assert (ledger.items, ledger.followed) == ({}, set())


# --- what was there before ---

def test_what_was_there_before_is_remembered_as_it_was_until_it_is_so_again(tmp_path):
    ledger, forms = Ledger(str(tmp_path / 'ledger')), ('10.0.0.1/24 label eth0:1', '10.0.0.1/25')
    ledger.remember(ONE, 2, forms)
    ledger.remember(TWO, 2, ('10.0.0.2/24',))
    follow(ledger, '2: eth1')
    ledger.restored(TWO._replace(interface='eth1'))

    moved = {ONE._replace(interface='eth1'): (2, forms)}
    assert ledger.found == moved
    assert Ledger(str(tmp_path / 'ledger')).found == Ledger(str(tmp_path / 'ledger')).found == moved


@pytest.mark.parametrize('line', ['= address eth0 10.0.0.1', '= address eth0 10.0.0.1 x 10.0.0.1/24',
                                  '= port sw1 3 4 5',
                                  '= address eth0 10.0.0.1 2 10.0.0.1/24;reboot', '= address eth0 10.0.0.1 2 '])
def test_what_makes_no_sense_of_what_was_there_before_is_passed_over(tmp_path, line):
    write(tmp_path / 'ledger', line + '\n')

    assert Ledger(str(tmp_path / 'ledger')).found == {}


def test_the_file_of_a_running_daemon_is_read_and_not_touched(tmp_path):
    path = str(tmp_path / 'ledger')
    lines = '+ address eth0 10.0.0.1 2\n+ port sw1 3\n- port sw1\n= address eth0 10.0.0.2 2 10.0.0.2/24\n'
    write(path, lines)
    before = os.stat(path).st_ino

    seen = Seen(path)
    assert (seen.items, seen.found, seen.error) == ({ONE: 2}, {TWO: (2, ('10.0.0.2/24',))}, None)
    assert (read(path), os.stat(path).st_ino, os.listdir(str(tmp_path))) == (lines, before, ['ledger'])
    assert Seen(str(tmp_path / 'missing')).error is None and Seen(str(tmp_path)).error
