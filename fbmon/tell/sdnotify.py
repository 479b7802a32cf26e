"""Tells systemd how the service is doing: the datagrams of sd_notify(3), without its library."""
import os
import socket


class Notifier(object):
    """Speaks to the service manager that started us; without one every call does nothing.

    The variables are taken out of environ, so that children neither speak for us nor wait for our watchdog.
    """

    def __init__(self, environ=os.environ):
        self._address = _address(environ.pop('NOTIFY_SOCKET', ''))
        usec, pid = environ.pop('WATCHDOG_USEC', ''), environ.pop('WATCHDOG_PID', '')
        self.watchdog_interval = _interval(usec, pid)

    def ready(self):
        """The service is up: systemctl start comes back."""
        # Without this one the start would be taken for failed: worth a wait where the others are not.
        self._send('READY=1', patience=1.0)

    def status(self, text):
        """One line for `systemctl status`."""
        self._send('STATUS=' + text.replace('\n', ' '))

    def stopping(self):
        """The service is on its way out."""
        self._send('STOPPING=1')

    def watchdog(self):
        """The service is alive; to be said every watchdog_interval seconds."""
        self._send('WATCHDOG=1')

    def _send(self, message, patience=0.0):
        """Waits at most patience seconds for a manager that is too busy to read; errors end here."""
        if self._address is None:
            return
        if not isinstance(message, bytes):
            message = message.encode('utf-8', 'replace')
        try:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                connection.settimeout(patience)
                connection.sendto(message, self._address)
            finally:
                connection.close()
        except (EnvironmentError, socket.error, ValueError):
            # Nobody to tell it to: the service goes on without its manager.
            pass


def _address(text):
    """Where NOTIFY_SOCKET points: a path, with a leading @ a name in the abstract namespace; None without."""
    if text.startswith('@'):
        return '\0' + text[1:]
    return text if text.startswith('/') else None


def _interval(usec, pid):
    """Half of the watchdog's time in seconds, as sd_watchdog_enabled(3) advises; None if nobody watches."""
    meant_for_us = not pid or pid == str(os.getpid())
    if not meant_for_us or not usec.isdigit() or int(usec) == 0:
        return None
    return int(usec) / 2e6
