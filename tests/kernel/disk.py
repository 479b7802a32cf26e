"""A small file system of its own that can be made to hang: an ext4 on a loop device, and fsfreeze(8)."""
import os
import subprocess


class Disk(object):
    """At `disk` in a directory, its image beside it. there: whether it could be had; frozen: whether it hangs."""

    def __init__(self, directory, megabytes):
        self.path = os.path.join(directory, 'disk')
        self.frozen = False
        image = os.path.join(directory, 'image')
        os.mkdir(self.path)
        with open(image, 'wb') as target:
            target.truncate(megabytes * 1024 * 1024)
        self.there = _quiet('mkfs.ext4', '-q', '-F', image) and _quiet('mount', '-o', 'loop', image, self.path)

    def freeze(self):
        """Whoever writes to it from now on waits."""
        subprocess.check_call(['fsfreeze', '-f', self.path])
        self.frozen = True

    def thaw(self):
        """All goes on."""
        subprocess.check_call(['fsfreeze', '-u', self.path])
        self.frozen = False

    def close(self):
        """Unmount it; it goes when the last one who uses it does."""
        release(self.path)


def release(path):
    """Thaw and unmount what is mounted there, if anything is."""
    if os.path.ismount(path):
        _quiet('fsfreeze', '-u', path)
        subprocess.check_call(['umount', '-l', path])


def _quiet(*words):
    with open(os.devnull, 'wb') as null:
        try:
            return subprocess.call(words, stdout=null, stderr=null) == 0
        except EnvironmentError:
            return False
