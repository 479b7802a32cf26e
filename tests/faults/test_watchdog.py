"""The service manager's queue is full when the daemon starts: READY and the first feeds of the watchdog are lost."""
import socket

import helpers
from kernel import files

NOTICE = ['READY=1', 'WATCHDOG=1']


def test_a_full_notify_queue_delays_ready_and_feeds_by_half_a_second_and_loses_neither(
        switch, daemon, dpis, tmp_path, monkeypatch):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = str(tmp_path / 'notify')
    try:
        manager.bind(path)
        fill(sender, path)
        # The watchdog's time is so long that the next regular feed would not come while the test runs.
        monkeypatch.setenv('NOTIFY_SOCKET', path)
        monkeypatch.setenv('WATCHDOG_USEC', '600000000')
        dpis.steady(3000, 3100)
        daemon.start(files.SMALL)
        daemon.wait_state('normal')

        manager.settimeout(helpers.LIMIT)
        came = set()
        helpers.wait_for(lambda: came.add(manager.recv(4096).decode('utf-8')) or came.issuperset(NOTICE))
    finally:
        manager.close()
        sender.close()


def fill(sender, path):
    """Fill the manager's queue."""
    sender.setblocking(False)
    try:
        while True:
            sender.sendto(b'X=1', path)
    except (EnvironmentError, socket.error):
        pass
