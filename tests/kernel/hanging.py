"""A disk on which every look hangs: a FUSE file system whose server takes each request and answers none."""
import os
import subprocess

import helpers

# Mounts itself at the path, answers the greeting, then notes the name that each request looks for; see fuse(4). Whoever
# asks waits in D state, and even a SIGKILL does not end that; the end of this process does.
SERVER = r'''
import ctypes, os, signal, struct, sys

# Whoever waits for it, a test that has failed for example, waits no longer than this.
signal.alarm(60)
path, asked = sys.argv[1:]
fuse = os.open('/dev/fuse', os.O_RDWR)
options = 'fd=%d,rootmode=40000,user_id=0,group_id=0' % fuse
if ctypes.CDLL(None).mount(b'hanging', path.encode(), b'fuse', 0, options.encode()):
    sys.exit('it cannot be mounted')
unique = struct.unpack_from('=IIQ', os.read(fuse, 1 << 17))[2]
hello = struct.pack('=IIIIHHIIHH', 7, 31, 0, 0, 1, 1, 4096, 1, 0, 0) + b'\0' * 32
os.write(fuse, struct.pack('=IiQ', 16 + len(hello), 0, unique) + hello)
print('there')
while True:
    request = os.read(fuse, 1 << 17)
    with open(asked, 'ab') as names:
        names.write(request[40:].rstrip(b'\0') + b'\n')
'''


class HangingDisk(object):
    """The file system at `hanging` in a directory. there: whether it could be made."""

    def __init__(self, directory):
        self.path = os.path.join(directory, 'hanging')
        self._asked = os.path.join(directory, 'asked')
        os.mkdir(self.path)
        self._server = helpers.python(SERVER, self.path, self._asked)
        self.there = self._server.stdout.readline() == b'there\n'

    def wait_for(self, name):
        """Wait until somebody waits for a file with this name."""
        helpers.wait_for(lambda: name in helpers.read(self._asked).splitlines())

    def close(self):
        """End it. All who wait get an error."""
        if not self._server.stdout.closed:
            if self._server.poll() is None:
                self._server.kill()
            self._server.communicate()
        if self.there:
            self.there = False
            subprocess.check_call(['umount', '-l', self.path])
