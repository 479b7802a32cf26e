"""ledger.py: what the daemon put there survives its end; what makes no sense is passed over."""
import os

import pytest

from fbmon.memory.ledger import LONG, Ledger, parse, text
from fbmon.rules.items import AddressItem, PortItem
from helpers import read, write

ONE, TWO, SIX = AddressItem('eth0', '10.0.0.1'), AddressItem('eth0', '10.0.0.2'), AddressItem('eth0', 'fd00::1')
PORT = PortItem('sw1')


def again(tmp_path):
    """The items that a next run finds."""
    return Ledger(str(tmp_path / 'ledger')).items


def test_what_was_noted_and_not_forgotten_is_remembered_across_a_restart(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))
    ledger.note([ONE, TWO, SIX])
    ledger.note([PORT])
    ledger.forget([TWO])

    assert again(tmp_path) == ledger.items == {ONE, SIX, PORT}


def test_it_is_written_before_note_returns(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))
    ledger.note([ONE, PORT])
    ledger.forget([ONE])

    assert read(tmp_path / 'ledger') == '+ address eth0 10.0.0.1\n+ port sw1\n- address eth0 10.0.0.1\n'


def test_what_is_known_is_not_written_again(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))
    for _ in range(3):
        ledger.note([ONE])
        ledger.forget([TWO])

    assert read(tmp_path / 'ledger') == '+ address eth0 10.0.0.1\n'


def test_an_empty_ledger_is_no_error(tmp_path):
    ledger = Ledger(str(tmp_path / 'ledger'))

    assert (ledger.items, ledger.error) == (set(), None)


def test_a_line_that_was_cut_short_is_not_taken_for_another_address(tmp_path):
    write(tmp_path / 'ledger', '+ port sw1\n+ address eth0 10.0.0.1')

    assert again(tmp_path) == {PORT}


def test_garbage_is_passed_over(tmp_path):
    write(tmp_path / 'ledger', b'\0\xff\xfe\n+\n+ address eth0\n+ port\n* port sw2\n+ address eth0 10.0.0.1 24\n\n'
                               b'+ port  sw3\n+ card eth0 10.0.0.1\n+ port sw1\n- address eth9 10.0.0.9\n')

    assert again(tmp_path) == {PORT}


def test_a_large_file_of_noise_is_passed_over(tmp_path):
    write(tmp_path / 'ledger', os.urandom(1 << 20) + b'\n+ port sw1\n')

    assert PORT in again(tmp_path)


@pytest.mark.parametrize('item', [ONE, SIX, PORT])
@pytest.mark.parametrize('sign', ['+', '-'])
def test_what_is_written_is_what_is_read(sign, item):
    assert parse(text(sign, item)) == (sign, item)


def test_a_start_writes_the_file_anew_with_what_counts(tmp_path):
    write(tmp_path / 'ledger', '+ port sw1\n+ port sw2\n- port sw2\nnoise\n')

    again(tmp_path)

    assert read(tmp_path / 'ledger') == '+ port sw1\n'


def test_it_does_not_grow_without_end(tmp_path):
    ledger, longest = Ledger(str(tmp_path / 'ledger')), 0
    ledger.note([PORT])
    for number in range(2 * LONG):
        ledger.note([ONE])
        ledger.forget([ONE])
        if number % 100 == 0:
            longest = max(longest, len(read(tmp_path / 'ledger').splitlines()))

    assert LONG / 2 < longest <= LONG + 2
    assert again(tmp_path) == {PORT}


def test_without_a_directory_it_is_kept_in_memory_and_says_so(tmp_path):
    path = str(tmp_path / 'none' / 'ledger')
    ledger = Ledger(path)
    ledger.note([ONE])

    assert ledger.items == {ONE}
    assert ledger.error == path + ': No such file or directory: what is put there is not remembered across a restart'


def test_once_the_directory_is_there_the_next_note_writes_everything(tmp_path):
    ledger = Ledger(str(tmp_path / 'none' / 'ledger'))
    ledger.note([ONE])
    (tmp_path / 'none').mkdir()

    ledger.note([PORT])

    assert ledger.error is None
    assert Ledger(str(tmp_path / 'none' / 'ledger')).items == {ONE, PORT}
