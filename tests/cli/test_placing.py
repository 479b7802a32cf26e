"""placing.py: another file in a file's place, whole or not at all."""
import os
import stat
import subprocess

import pytest

from fbmon.cli import placing
from helpers import fill, read, write


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / '.env', 'old')


def test_owner_and_mode_stay_and_nothing_is_left_beside(path):
    os.chmod(path, 0o640)
    if os.geteuid() == 0:
        os.chown(path, 12, 34)
    before = os.stat(path)

    placing.put(path, b'new \xff')

    after = os.stat(path)
    with open(path, 'rb') as stream:
        assert stream.read() == b'new \xff'
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.listdir(os.path.dirname(path)) == ['.env']


def test_a_link_stays_one_and_its_file_is_replaced(path, tmp_path):
    real = str(tmp_path / 'elsewhere' / 'real')
    os.mkdir(os.path.dirname(real))
    os.rename(path, real)
    os.symlink(real, path)

    placing.put(path, b'new')

    assert (os.readlink(path), read(real), os.listdir(os.path.dirname(real))) == (real, 'new', ['real'])


def test_where_no_file_is_one_is_made_that_all_may_read(path):
    os.unlink(path)
    placing.put(path, b'new')

    assert (read(path), stat.S_IMODE(os.stat(path).st_mode)) == ('new', 0o644)


def test_where_anybody_may_put_a_link_none_is_followed(path, tmp_path):
    os.symlink(path, str(tmp_path / 'page'))
    with pytest.raises(EnvironmentError) as raised:
        placing.put(str(tmp_path / 'page'), b'new', own=True)

    assert (raised.value.strerror, read(path)) == ('not a plain file', 'old')
    assert sorted(os.listdir(str(tmp_path))) == ['.env', 'page']


def test_where_anybody_may_put_a_file_it_is_replaced_by_our_own(path, monkeypatch):
    os.chmod(path, 0o600)
    placing.put(path, b'new', own=True)
    assert (read(path), stat.S_IMODE(os.stat(path).st_mode)) == ('new', 0o600)

    owner = os.stat(path).st_uid
    monkeypatch.setattr(os, 'geteuid', lambda: owner + 1)
    monkeypatch.setattr(os, 'fchown', None)
    placing.put(path, b'newer', own=True)
    assert (read(path), stat.S_IMODE(os.stat(path).st_mode)) == ('newer', 0o644)


@pytest.mark.parametrize('make', [os.mkdir, os.mkfifo])
def test_what_is_no_plain_file_stays(path, make):
    os.unlink(path)
    make(path)
    with pytest.raises(EnvironmentError) as raised:
        placing.put(path, b'new')

    assert raised.value.strerror == 'not a plain file'
    with pytest.raises(EnvironmentError):
        placing.read(path)
    assert os.listdir(os.path.dirname(path)) == ['.env']


def test_on_a_full_disk_the_old_file_stays_whole_and_nothing_half_is_beside(small_disk):
    path = write(small_disk + '/.env', 'old' * 1000)
    fill(small_disk + '/filler')
    with pytest.raises(EnvironmentError):
        placing.put(path, b'new' * 50000)

    assert read(path) == 'old' * 1000
    assert '.env.new' not in os.listdir(small_disk)


def test_a_file_that_the_system_does_not_let_go_is_named_and_nothing_is_left_beside(small_disk):
    path = write(small_disk + '/.env', 'old')
    # As a container has it, where one file of the machine is mounted.
    subprocess.check_call(['mount', '--bind', path, path])
    try:
        with pytest.raises(EnvironmentError) as raised:
            placing.put(path, b'new')
    finally:
        subprocess.check_call(['umount', path])

    assert (raised.value.filename, read(path), os.listdir(small_disk)) == (path, 'old', ['.env'])


def test_a_disk_that_cannot_say_that_the_new_name_is_on_it_has_the_file_nevertheless(path, monkeypatch):
    sync = os.fsync

    def refuse(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise EnvironmentError(22, 'Invalid argument')
        sync(descriptor)
    monkeypatch.setattr(os, 'fsync', refuse)

    placing.put(path, b'new')
    assert read(path) == 'new'


def test_until_the_commit_the_old_file_is_there_and_what_an_earlier_command_left_is_replaced(path):
    write(path + '.new', 'left')
    new = placing.Replacement(path, b'new')
    assert read(path) == 'old'
    new.abandon()
    assert (read(path), os.path.exists(path + '.new')) == ('old', False)
    placing.Replacement(path, b'new').commit()
    assert read(path) == 'new'


def test_what_is_kept_beside_overwrites_nothing_and_is_kept_once(path):
    os.chmod(path, 0o600)
    assert [placing.beside(path, '.x', data) for data in (b'1', b'2', b'1', b'3')] == [
        path + '.x', path + '.x-2', path + '.x', path + '.x-3']

    assert [read(path + ending) for ending in ('.x', '.x-2', '.x-3')] == ['1', '2', '3']
    assert stat.S_IMODE(os.stat(path + '.x-3').st_mode) == 0o600


def test_two_commands_do_not_change_it_at_once(path):
    with placing.Lock(path):
        with pytest.raises(placing.Busy) as raised:
            with placing.Lock(path):
                pass
    assert str(raised.value) == 'another command is about to change %s: try again' % path
    with placing.Lock(path):
        pass
