"""A small file system that a test can make hang: ext4 on a loop device, frozen by fsfreeze(8)."""
import os
import subprocess


class Disk(object):
    """A file system at `disk` in a directory, with its image beside it.

    there: whether it could be made; frozen: whether it hangs.
    """

    def __init__(self, directory, megabytes):
        self.path = os.path.join(directory, 'disk')
        self.frozen = False
        image = os.path.join(directory, 'image')
        os.mkdir(self.path)
        with open(image, 'wb') as target:
            target.truncate(megabytes * 1024 * 1024)
        self.there = _quiet('mkfs.ext4', '-q', '-F', image) and _quiet('mount', '-o', 'loop', image, self.path)

    def freeze(self):
        """From now on every write to it hangs."""
        subprocess.check_call(['fsfreeze', '-f', self.path])
        self.frozen = True

    def thaw(self):
        """Let the writes go on."""
        subprocess.check_call(['fsfreeze', '-u', self.path])
        self.frozen = False

    def close(self):
        """Unmount it. It goes when nobody uses it any more."""
        release(self.path)


def release(path):
    """If a file system is mounted at the path, thaw and unmount it."""
    if os.path.ismount(path):
        _quiet('fsfreeze', '-u', path)
        subprocess.check_call(['umount', '-l', path])


def _quiet(*words):
    with open(os.devnull, 'wb') as null:
        try:
            return subprocess.call(words, stdout=null, stderr=null) == 0
        except EnvironmentError:
            return False
