"""The only module that starts `ip`. It starts the children, and understands their words."""
import os
import socket

from fbmon.base import children, compat, starting
from fbmon.base.children import HANGING, HANGS

# Bytes; see is_whole().
BLOCK = 1024


class IpError(Exception):
    """`ip` could not be started, did not answer in time, or complained. str(): the command and ip's own words."""


def spawn(arguments, stdin=None, stdout=starting.PIPE, **options):
    """Start `ip ARGUMENTS` from PATH, with non-blocking pipes and English words, and return it. Raises IpError.

    options: patient or ends_with_reader, as for starting.start_child().
    """
    environ = dict(os.environ, LC_ALL='C')
    try:
        with open(os.devnull, 'rb') as null:
            compat.close_on_exec(null.fileno())
            child = starting.start_child(['ip'] + arguments, stdin=stdin or null, stdout=stdout,
                                         stderr=starting.PIPE, env=environ, **options)
    except EnvironmentError as error:
        raise _cannot_start(error)
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            compat.unblocked(stream.fileno())
    return child


def spawn_by_write(arguments):
    """As spawn(), but its stdout is a socket that keeps the writes of `ip` apart: each read() gives one write(2).

    `ip` prints the other names of an interface as they are. They may have line ends in them, and then any text, even a
    whole record. But from 3.16 on `ip` writes each record by itself, so no such text can begin one: the beginning of a
    write is always the kernel's own. (Since 7.1 readings come in blocks; `ip monitor` writes as before.)
    """
    try:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    except EnvironmentError as error:
        raise _cannot_start(error)
    for end in (ours, its):
        compat.close_on_exec(end.fileno())
    compat.unblocked(ours.fileno())
    # Room for as many records as in a pipe, if the system allows it.
    its.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    try:
        child = spawn(arguments, stdout=its, ends_with_reader=True)
    except IpError:
        ours.close()
        raise
    finally:
        its.close()
    child.stdout = ours
    return child


def _cannot_start(error):
    # 3.6 puts the name of the program into strerror.
    return IpError('ip cannot be started: %s' % os.strerror(error.errno))


class Reaper(children.Reaper):
    """The Reaper of an owner of `ip`s."""

    def admit(self):
        """Raise IpError if so many children hang that no other may be started."""
        if self.waiting(HANGS) >= HANGING:
            raise IpError('%d processes of ip hang and cannot be ended: none is started before one has gone' % HANGING)


def is_whole(part):
    """Whether a part that was written at once ends at the end of a record.

    It may not if a buffer of C was full: the size of such a part is a multiple of BLOCK.
    """
    return part.endswith(b'\n') and len(part) % BLOCK != 0


def text(record):
    """A record that `ip` printed, as text, with its line end."""
    return record.decode('utf-8', 'replace')[:-1]


def lines(data):
    """The lines of the bytes that `ip` printed. A name may have characters in it that Python takes for a line end."""
    return data.decode('utf-8', 'replace').rstrip('\n').split('\n') if data else []
