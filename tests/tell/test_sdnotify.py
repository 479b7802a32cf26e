# -*- coding: utf-8 -*-
import os
import socket
import threading

import pytest

from fbmon.tell import sdnotify


@pytest.fixture
def manager(tmpdir):
    """(a socket like that of the service manager, its path for NOTIFY_SOCKET)."""
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = str(tmpdir.join('notify'))
    receiver.bind(path)
    receiver.settimeout(5)
    yield receiver, path
    receiver.close()


def test_each_call_is_one_datagram(manager):
    receiver, path = manager
    notifier = sdnotify.Notifier({'NOTIFY_SOCKET': path})

    notifier.ready()
    notifier.status('normal')
    notifier.watchdog()
    notifier.stopping()

    assert [receiver.recv(100) for _ in range(4)] == [
        b'READY=1', b'STATUS=normal', b'WATCHDOG=1', b'STOPPING=1']


def test_a_leading_at_sign_means_the_abstract_namespace():
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    name = 'fastbypass-test-%d' % os.getpid()
    receiver.bind('\0' + name)
    receiver.settimeout(5)

    sdnotify.Notifier({'NOTIFY_SOCKET': '@' + name}).ready()

    assert receiver.recv(100) == b'READY=1'
    receiver.close()


def test_a_status_stays_on_one_line_and_is_utf_8(manager):
    receiver, path = manager

    sdnotify.Notifier({'NOTIFY_SOCKET': path}).status(u'f\xfcnf\nREADY=1')

    assert receiver.recv(100).decode('utf-8') == u'STATUS=f\xfcnf READY=1'


def test_a_status_of_plain_bytes_text_is_sent_as_it_is(manager):
    receiver, path = manager

    sdnotify.Notifier({'NOTIFY_SOCKET': path}).status('fünf')

    assert receiver.recv(100).decode('utf-8') == u'STATUS=f\xfcnf'


@pytest.mark.parametrize('environ', [{}, {'NOTIFY_SOCKET': ''}, {'NOTIFY_SOCKET': 'vsock:2:1234'}])
def test_without_a_socket_every_call_does_nothing(environ):
    notifier = sdnotify.Notifier(environ)

    notifier.ready()
    notifier.status('normal')

    assert notifier.watchdog_interval is None


@pytest.mark.parametrize('address', ['/nowhere/at/all', '/' + 300 * 'x', '@' + 300 * 'x', '/tmp'])
def test_a_manager_that_cannot_be_reached_is_no_error(address):
    sdnotify.Notifier({'NOTIFY_SOCKET': address}).ready()


def test_a_manager_that_does_not_read_never_blocks(manager):
    _, path = manager
    notifier = sdnotify.Notifier({'NOTIFY_SOCKET': path})

    thread = threading.Thread(target=lambda: [notifier.watchdog() for _ in range(2000)])
    thread.daemon = True
    thread.start()

    thread.join(10)
    assert not thread.is_alive()


def test_what_a_full_queue_did_not_take_is_told_and_can_be_said_again(manager):
    receiver, path = manager
    notifier = sdnotify.Notifier({'NOTIFY_SOCKET': path})
    assert notifier.watchdog() is True

    while notifier.watchdog():
        pass
    assert [notifier.ready(), notifier.status('x'), notifier.stopping()] == [False, False, False]
    receiver.setblocking(False)
    with pytest.raises((EnvironmentError, socket.error)):
        while receiver.recv(100):
            pass
    assert notifier.ready() is True


def test_where_there_is_nobody_nothing_is_said_again(tmpdir):
    nobody = sdnotify.Notifier({'NOTIFY_SOCKET': str(tmpdir.join('nobody'))})

    assert [sdnotify.Notifier({}).ready(), nobody.ready(), nobody.watchdog()] == [True, True, True]


@pytest.mark.parametrize('usec, pid, seconds', [
    ('12000000', None, 4.0),
    ('12000000', 'ours', 4.0),
    ('10000000', '1', None),
    ('3', None, 0.000001),
    ('0', None, None),
    ('', None, None),
    ('ten', None, None),
    ('-5', None, None),
    (None, None, None),
])
def test_the_watchdog_is_fed_three_times_in_its_time_and_only_when_it_is_ours(usec, pid, seconds):
    environ = {'WATCHDOG_USEC': usec, 'WATCHDOG_PID': str(os.getpid()) if pid == 'ours' else pid}

    notifier = sdnotify.Notifier({key: value for key, value in environ.items() if value is not None})

    assert notifier.watchdog_interval == seconds


def test_children_do_not_inherit_the_variables():
    environ = {'NOTIFY_SOCKET': '/run/x', 'WATCHDOG_USEC': '1', 'WATCHDOG_PID': '1', 'PATH': '/bin'}

    sdnotify.Notifier(environ)

    assert environ == {'PATH': '/bin'}
