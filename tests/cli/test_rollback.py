"""rollback.py: what of it cannot be interrupted."""
import os
import signal

from fbmon.cli import placing, reloading, rollback
from helpers import read, write


def test_between_the_new_file_and_its_reload_no_signal_ends_the_command(tmp_path, monkeypatch):
    path = write(tmp_path / '.env', 'LOG_LEVEL=INFO\n')
    os.mkdir(str(tmp_path / 'files'))
    write(tmp_path / 'files' / '00000001.5.alice', 'LOG_LEVEL=DEBUG\n')
    done = []
    monkeypatch.setattr(signal, 'signal', lambda *both: done.append(both))
    monkeypatch.setattr(placing, 'put', lambda *_, **_like: done.append('put'))
    monkeypatch.setattr(reloading, 'reload', lambda *_: done.append('reload') or 0)

    assert rollback.rollback(path, 0, str(tmp_path / 'files'), str(tmp_path), 'bob') == 0
    ignored = [(one, signal.SIG_IGN) for one in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)]
    # The first file is the one that was never accepted, kept beside.
    assert done == ignored + ['put', 'put', 'reload']
    assert read(path) == 'LOG_LEVEL=INFO\n'
