"""The process that writes a file of the state directory, because whoever wants it written must not wait for a disk.

If it waits for a disk that hangs, even a killed process does not go away. This one holds no lock. It is started as a
script and imports no other module of ours. It takes the bytes of the file on stdin, and prints one line: what went
wrong. An empty line means that the file is on the disk as a whole; otherwise the file is as it was before.
"""
import os
import sys


# Whoever wants it written has ended meanwhile: before it had said all, or before it was on the disk.
CUT_OFF = 'the data are cut off'
ALONE = 'nobody waits for it any more'


def write(path, data, wanted=lambda: True):
    """Write the file anew: beside it, to the disk, and then in its place. Raises EnvironmentError.

    wanted(): whether it may take its place. The next daemon may have read the file long before a disk that hangs goes
    on, and would never know what it has then.
    """
    # No other process uses this name. One of a daemon that was killed may still hang, and go on at any time.
    directory, new = os.path.dirname(path), '%s.%d.new' % (path, os.getpid())
    if not os.path.isdir(directory):
        os.makedirs(directory, 0o700)
    for name in os.listdir(directory):
        if name.startswith(os.path.basename(path) + '.') and name.endswith('.new'):
            # Left by a crash, or of a process that hangs; that can then no more replace the file by what it has.
            _remove(os.path.join(directory, name))
    try:
        _write(new, data)
        if not wanted():
            raise EnvironmentError(0, ALONE)
        os.rename(new, path)
    except EnvironmentError:
        _remove(new)
        raise
    sync(directory)


def _write(path, data):
    # Follow no link, and wait for no pipe.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        while data:
            data = data[os.write(descriptor, data):]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path):
    try:
        os.unlink(path)
    except EnvironmentError:
        pass


def sync(directory):
    """Let the new name of the file reach the disk, too. The file is whole without it."""
    try:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except EnvironmentError:
        pass


def main():
    """Write stdin to the file that the command line names, if it has as many bytes as that says.

    The third word is the pid of whoever wants it.
    """
    data = b''.join(iter(lambda: os.read(0, 65536), b''))
    try:
        if len(data) == int(sys.argv[2]):
            write(sys.argv[1], data, lambda: os.getppid() == int(sys.argv[3]))
            said = ''
        else:
            said = CUT_OFF
    except EnvironmentError as error:
        said = error.strerror or str(error)
    os.write(1, (said + '\n').encode('ascii', 'replace'))


if __name__ == '__main__':
    main()
