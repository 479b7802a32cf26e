"""Tells systemd how the service is doing: the datagrams of sd_notify(3), without its library."""
import os
import socket

from fbmon.base import compat


class Notifier(object):
    """Speaks to the service manager that started us; without one every call does nothing. Each returns False where its
    queue was full, so that the same is to be said again, otherwise True.

    The variables are taken out of environ, so that children neither speak for us nor wait for our watchdog.
    """

    def __init__(self, environ=os.environ):
        self._address = _address(environ.pop('NOTIFY_SOCKET', ''))
        usec, pid = environ.pop('WATCHDOG_USEC', ''), environ.pop('WATCHDOG_PID', '')
        self.watchdog_interval = _interval(usec, pid)

    def ready(self):
        """The service is up: systemctl start comes back."""
        return self._send('READY=1')

    def status(self, text):
        """One line for `systemctl status`."""
        return self._send('STATUS=' + text.replace('\n', ' '))

    def stopping(self):
        """The service is on its way out."""
        return self._send('STOPPING=1')

    def watchdog(self):
        """The service is alive; to be said every watchdog_interval seconds."""
        return self._send('WATCHDOG=1')

    def _send(self, message):
        """Never waits. False where the manager is too busy to read; other errors end here: nobody is there to tell."""
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
            # A path that no socket can have.
            pass
        return True


def _address(text):
    """Where NOTIFY_SOCKET points: a path, with a leading @ a name in the abstract namespace; None without."""
    if text.startswith('@'):
        return '\0' + text[1:]
    return text if text.startswith('/') else None


def _interval(usec, pid):
    """A third of the watchdog's time in seconds, so that one feed may be lost; None if nobody watches."""
    meant_for_us = not pid or pid == str(os.getpid())
    if not meant_for_us or not usec.isdigit() or int(usec) == 0:
        return None
    return int(usec) / 3e6
