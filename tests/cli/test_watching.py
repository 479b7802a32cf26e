"""status --watch: the status again and again until Ctrl-C."""
import os
import signal

import pytest

import helpers
from fbmon.cli import watching


def looks(capsys, monkeypatch, terminal):
    """(exit code, output) of three looks, the last of which ends with Ctrl-C."""
    texts = iter('abc')
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt()

    def show():
        print(next(texts))
        return 3

    monkeypatch.setattr('sys.stdout.isatty', lambda: terminal, raising=False)
    code = watching.watch(5, show, sleep)
    assert pauses == [5, 5, 5]
    return code, capsys.readouterr().out


def test_on_a_terminal_each_look_takes_the_place_of_the_one_before(capsys, monkeypatch):
    assert looks(capsys, monkeypatch, True) == (3, ''.join(watching.CLEAR + look + '\n' for look in 'abc'))


def test_elsewhere_a_blank_line_stands_between_them(capsys, monkeypatch):
    assert looks(capsys, monkeypatch, False) == (3, 'a\n\nb\n\nc\n')


def test_a_ctrl_c_during_a_look_ends_it_after_that():
    def show():
        os.kill(os.getpid(), signal.SIGINT)
        return 3

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert watching.watch(20, show, lambda seconds: pytest.fail('it waits')) == 3
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def watched(tmp_path):
    """A status --watch without a daemon, in its first look."""
    argv = ['--run-dir', str(tmp_path), 'status', '--watch', '1']
    child = helpers.python('import sys; sys.argv[1:] = %r; from fbmon.cli import main; sys.exit(main.main())' % (argv,),
                           preexec_fn=helpers.in_a_terminal)
    helpers.wait_for(lambda: child.stderr.readline())
    yield child
    if child.poll() is None:
        child.kill()
        child.communicate()


def test_ctrl_c_ends_it_without_a_traceback(watched):
    watched.send_signal(signal.SIGINT)

    code, _, errors = helpers.finish(watched)
    assert code in (0, 3, 130) and 'Traceback' not in errors


def test_it_ends_when_its_reader_has_gone_away(watched):
    watched.stdout.close()
    watched.stdout = None

    assert helpers.finish(watched)[0] == 3
