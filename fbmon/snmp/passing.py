"""The protocol of pass_persist (snmpd.conf(5)): lines in, lines out, until snmpd closes our stdin."""
import os

from fbmon.base import compat
from fbmon.snmp import asking, oids

# More without a line's end is no request.
LONGEST = 65536

NONE = b'NONE\n'


def command(root, run_dir, fail):
    """Serve the status of the daemon with this run directory. root: where the MIB begins, as text, or None for the
    place for local use; fail(text): prints a line. Returns the exit code."""
    found = oids.ROOT if root is None else oids.parse(root)
    if not found:
        fail('snmp: %r is no object identifier: give one like %s' % (root[:60], oids.written(oids.ROOT)))
        return 2
    return serve(0, 1, asking.of(run_dir, found))


def serve(reader, writer, source):
    """Answer until the end of the input. reader, writer: descriptors. Returns the exit code."""
    data = b''
    while True:
        answer, data = _step(data, source)
        if answer:
            if not _written(writer, answer):
                return 0
            continue
        part = _read(reader)
        if not part:
            return 0
        data = (data + part)[-LONGEST:]


def _step(data, source):
    """(the answer to the first request in the data, b'' if it is not complete yet; the rest of the data)."""
    command, rest = b'', data
    while not command.endswith((b'get', b'getnext', b'set', b'ping')):
        data = rest
        line, end, rest = data.partition(b'\n')
        if not end:
            return b'', data
        command = line.strip().lower()
    # What is left of the value of a `set` may stand before it.
    if command.endswith(b'ping'):
        return b'PONG\n', rest
    asked, end, rest = rest.partition(b'\n')
    if not end:
        return b'', data
    if command.endswith(b'set'):
        # snmpd waits for our answer before it asks again, so all that is here is the value, with or without a line's
        # end. Texts have line ends of their own.
        return b'not-writable\n', b''
    return _found(command, asked.strip(), source), rest


def _found(command, asked, source):
    """The three lines for an identifier, or NONE."""
    oid = oids.parse(asked.decode('latin-1'))
    if oid is None:
        return NONE
    tree = source.tree()
    found = tree.get(oid) if command.endswith(b'get') else tree.after(oid)
    if not found:
        return NONE
    return ('%s\n%s\n%s\n' % (oids.written(found[0]), found[1].kind, found[1].text)).encode('ascii')


def _read(reader):
    """What has come; b'' at the end of the input."""
    while True:
        try:
            return os.read(reader, LONGEST)
        except EnvironmentError as error:
            if not compat.interrupted(error):
                return b''


def _written(writer, data):
    """Whether all of it could be written."""
    while data:
        try:
            data = data[os.write(writer, data):]
        except EnvironmentError as error:
            if not compat.interrupted(error):
                return False
    return True
