"""source.py: one line says that a file cannot be read, and why; odd bytes are no reason to fail."""
import os

import pytest

from fbmon.config import reader, source
from fbmon.config.source import Unreadable, load
from helpers import descriptors, write


def refused(path):
    with pytest.raises(Unreadable) as raised:
        load(str(path))
    return str(raised.value)


def test_a_file_is_read(tmp_path):
    path = write(tmp_path / '.env', 'LOG_LEVEL=DEBUG\n')

    data = b'LOG_LEVEL=DEBUG\n'
    assert load(path) == reader.read(data.decode('ascii'))._replace(data=data)


def test_an_empty_file_is_one(tmp_path):
    assert load(write(tmp_path / '.env', '')).mistakes == ()


def test_a_missing_file_is_told_of(tmp_path):
    assert refused(tmp_path / '.env') == '%s: cannot be read: No such file or directory' % (tmp_path / '.env')


def test_a_file_below_a_file_is_told_of(tmp_path):
    write(tmp_path / 'file', '')

    assert refused(tmp_path / 'file' / '.env') == '%s: cannot be read: Not a directory' % (tmp_path / 'file' / '.env')


def test_a_file_that_may_not_be_read_is_told_of(tmp_path):
    path = write(tmp_path / '.env', '')
    os.chmod(path, 0)
    if os.access(path, os.R_OK):
        pytest.skip('root may read everything')

    assert refused(path) == path + ': cannot be read: Permission denied'


@pytest.mark.parametrize('make', [os.mkdir, os.mkfifo])
def test_what_is_no_plain_file_is_refused_without_waiting(tmp_path, make):
    path = str(tmp_path / '.env')
    make(path)

    assert refused(path) == path + ': not a plain file; give the path of a file with KEY=value lines'


def test_a_device_is_refused():
    assert refused('/dev/zero').startswith('/dev/zero: not a plain file')


def test_a_symbolic_link_is_followed(tmp_path):
    write(tmp_path / 'real', 'LOG_LEVEL=DEBUG\n')
    os.symlink(str(tmp_path / 'real'), str(tmp_path / '.env'))

    assert load(str(tmp_path / '.env')).settings.log_level == 'DEBUG'


def test_a_file_of_10_mb_is_refused_unread(tmp_path):
    path = write(tmp_path / '.env', b'#' * (10 << 20))

    assert refused(path) == path + ': too large for a configuration file; at most 1048576 bytes are read'


def test_a_file_of_1_mb_is_read(tmp_path):
    path = write(tmp_path / '.env', b'#' * ((1 << 20) - 17) + b'\nLOG_LEVEL=DEBUG\n')

    assert load(path).settings.log_level == 'DEBUG'


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    loaded = load(write(tmp_path / '.env', b'\xef\xbb\xbfLOG_LEVEL=DEBUG\n'))

    assert (loaded.settings.log_level, loaded.mistakes) == ('DEBUG', ())


def test_bytes_of_another_encoding_in_a_comment_are_no_mistake(tmp_path):
    loaded = load(write(tmp_path / '.env', b'# Switch in K\xf6ln\nLOG_LEVEL=DEBUG\n'))

    assert (loaded.settings.log_level, loaded.mistakes) == ('DEBUG', ())


def test_bytes_of_another_encoding_in_a_value_are_a_mistake_with_its_line(tmp_path):
    loaded = load(write(tmp_path / '.env', b'\nLOG_LEVEL=K\xf6ln\n'))

    assert [mistake.line for mistake in loaded.mistakes] == [2]


def test_random_bytes_are_mistakes_and_nothing_worse(tmp_path):
    loaded = load(write(tmp_path / '.env', os.urandom(100000)))

    assert loaded.mistakes


def test_reading_leaves_no_descriptor(tmp_path):
    before = descriptors()
    load(write(tmp_path / '.env', ''))
    refused(tmp_path)

    assert descriptors() == before


def test_mistakes_are_lines_with_file_line_key_and_value(tmp_path):
    loaded = load(write(tmp_path / '.env', '\nLOG_LEVEL=LOUD\n'))

    line, = source.report('/etc/x.env', loaded.mistakes, 'error')
    assert line.startswith('/etc/x.env:2: error: LOG_LEVEL=LOUD: ')


@pytest.mark.parametrize('name', ['utf-16', 'utf-16-le', 'utf-16-be', 'utf-32'])
def test_a_file_in_utf_16_is_said_to_be_one_in_one_line(tmp_path, name):
    path = write(tmp_path / 'env', u'LOG_LEVEL=INFO\r\nBYPASS_CARD_IFS=eth0\r\n'.encode(name))

    with pytest.raises(source.Unreadable) as raised:
        source.load(path)

    assert str(raised.value) == path + ': cannot be read: it is UTF-16; save it as UTF-8'


def test_an_empty_file_and_one_of_zeros_are_not_utf_16(tmp_path):
    assert source.load(write(tmp_path / 'empty', b'')).mistakes == ()
    assert len(source.load(write(tmp_path / 'zeros', b'\0' * 500)).mistakes) == 1
