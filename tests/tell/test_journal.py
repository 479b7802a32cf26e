"""journal.py: if stderr is the journal, its lines have a priority."""
import logging
import os
import subprocess
import sys

import pytest

from fbmon.tell import journal
from helpers import ROOT


@pytest.fixture
def stream(tmp_path, monkeypatch):
    """A stderr that is the journal."""
    with open(str(tmp_path / 'journal'), 'w+') as opened:
        found = os.fstat(opened.fileno())
        monkeypatch.setenv('JOURNAL_STREAM', '%d:%d' % (found.st_dev, found.st_ino))
        yield opened


@pytest.mark.parametrize('level, priority', [
    (logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2)])
def test_a_level_has_its_priority_on_every_line(level, priority):
    assert journal.marked(level, 'a\n  b\n') == '<%d>a\n<%d>  b\n' % (priority, priority)


def test_a_descriptor_is_the_journal_only_where_device_and_inode_are_its(stream, tmp_path):
    with open(str(tmp_path / 'another'), 'w') as another:
        assert journal.reads(stream.fileno()) and not journal.reads(another.fileno())
    assert not journal.reads(-1)


def test_what_keeps_the_daemon_from_starting_has_a_priority_in_the_journal(stream, tmp_path):
    nothing = str(tmp_path / 'nothing')

    code = subprocess.call([sys.executable, os.path.join(ROOT, 'fbmon.py'), '--config', nothing, '--run-dir',
                            str(tmp_path / 'run'), 'run'], stderr=stream, close_fds=True)

    stream.seek(0)
    assert code == 78 and stream.read().startswith('<3>' + nothing)
