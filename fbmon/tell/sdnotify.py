"""Tells systemd how the service is doing, by the datagrams of sd_notify(3), without its library."""
import os
import socket

from fbmon.base import compat


class Notifier(object):
    """Speaks to the service manager that has started us. If there is none, the calls do nothing.

    Each call returns False if the manager's queue was full; then the same must be said again. Otherwise it returns
    True. The variables are taken out of environ, so that children neither speak for us nor feed our watchdog.
    watchdog_interval: seconds between two calls of watchdog(), or None.
    """

    def __init__(self, environ=os.environ):
        self._address = _address(environ.pop('NOTIFY_SOCKET', ''))
        usec, pid = environ.pop('WATCHDOG_USEC', ''), environ.pop('WATCHDOG_PID', '')
        self.watchdog_interval = _interval(usec, pid)

    def ready(self):
        """Say that the service is up. `systemctl start` ends then."""
        return self._send('READY=1')

    def status(self, text):
        """Say one line for `systemctl status`."""
        return self._send('STATUS=' + text.replace('\n', ' '))

    def stopping(self):
        """Say that the service ends."""
        return self._send('STOPPING=1')

    def watchdog(self):
        """Say that the service is alive. This must be said every watchdog_interval seconds."""
        return self._send('WATCHDOG=1')

    def _send(self, message):
        """Send a datagram without waiting. Returns False if the manager's queue is full.

        Other errors are dropped, since nobody could be told.
        """
        if self._address is None:
            return True
        if not isinstance(message, bytes):
            message = message.encode('utf-8', 'replace')
        try:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                connection.setblocking(False)
                connection.sendto(message, self._address)
            finally:
                connection.close()
        except compat.SYSTEM_ERRORS as error:
            return not compat.would_block(error)
        except (TypeError, ValueError):
            # No socket can have such a path.
            pass
        return True


def _address(text):
    """The address in NOTIFY_SOCKET: a path, or a name in the abstract namespace if it begins with @; else None."""
    if text.startswith('@'):
        return '\0' + text[1:]
    return text if text.startswith('/') else None


def _interval(usec, pid):
    """A third of the watchdog's time, in seconds, so that one call may be lost; None if nobody watches."""
    meant_for_us = not pid or pid == str(os.getpid())
    if not meant_for_us or not usec.isdigit() or int(usec) == 0:
        return None
    return int(usec) / 3e6
