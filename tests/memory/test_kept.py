"""kept.py: what of a directory is an accepted file."""
import os

import pytest

from fbmon.memory import kept
from helpers import write


def test_a_directory_that_is_not_there_has_none(tmp_path):
    assert kept.newest_first(str(tmp_path / 'none')) == []


def test_the_newest_comes_first_whatever_the_clock_said(tmp_path):
    for name in ('00000009.30.bob', '00000010.20.alice', '00000008.40.start'):
        write(tmp_path / name, '')

    assert kept.newest_first(str(tmp_path)) == [
        kept.Kept(10, 20, 'alice', str(tmp_path / '00000010.20.alice')),
        kept.Kept(9, 30, 'bob', str(tmp_path / '00000009.30.bob')),
        kept.Kept(8, 40, 'start', str(tmp_path / '00000008.40.start'))]


@pytest.mark.parametrize('name', ['notes', '.new', '00000001', '00000001.5', '00000001.5.', '1.5.x', '00000001.x.y',
                                  '10000001.5.x', '00000001.5.a b', '00000001.5.%s' % ('x' * 33),
                                  '00000001.12345678901.x'])
def test_noise_is_none(tmp_path, name):
    write(tmp_path / name, '')

    assert kept.newest_first(str(tmp_path)) == []


def test_neither_is_a_directory_nor_a_link(tmp_path):
    os.mkdir(str(tmp_path / '00000001.5.x'))
    os.symlink('/etc/passwd', str(tmp_path / '00000002.5.x'))

    assert kept.newest_first(str(tmp_path)) == []


def test_a_file_that_goes_meanwhile_is_left_out(tmp_path, monkeypatch):
    write(tmp_path / '00000001.5.x', '')
    monkeypatch.setattr(os, 'listdir', lambda _path: ['00000001.5.x', '00000002.5.x'])

    assert [one.number for one in kept.newest_first(str(tmp_path))] == [1]


@pytest.mark.parametrize('by, name', [('alice', 'alice'), ('a b/c', 'a_b_c'), (u'\xe9', '_'), ('', 'somebody'),
                                      ('x' * 50, 'x' * 32), ('r@host-1.x', 'r@host-1.x')])
def test_a_name_is_made_fit_for_a_file(by, name):
    assert kept.plain(by) == name
