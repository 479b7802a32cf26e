"""The kernel's settings of an interface that `ip` does not show: promote_secondaries and disable_ipv6.

See ip-sysctl.txt of the kernel's documentation.
"""
import os

ROOT = '/proc/sys/net'


def promote_secondaries(interface, root=ROOT):
    """Let the kernel keep secondary addresses when their primary goes. Returns whether it does now."""
    path = '%s/ipv4/conf/%s/promote_secondaries' % (root, interface)
    if _read(path) == '1':
        return True
    try:
        with open(path, 'w') as setting:
            setting.write('1\n')
    except EnvironmentError:
        return False
    return True


def ipv6_off(interface, root=ROOT):
    """Why no IPv6 address can be added to the interface, or None."""
    if _read('%s/ipv6/conf/all/disable_ipv6' % root) is None:
        return 'IPv6 is switched off in the kernel'
    if _read('%s/ipv6/conf/%s/disable_ipv6' % (root, interface)) == '1':
        return 'IPv6 is switched off in the kernel (net.ipv6.conf.%s.disable_ipv6 = 1)' % interface
    return None


def _read(path):
    """The setting as text, without its line end; None if it cannot be read."""
    # This is read before each removal. open() would make three objects around the file, and that costs too much time.
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            return os.read(descriptor, 16).decode('ascii', 'replace').strip()
        finally:
            os.close(descriptor)
    except EnvironmentError:
        return None
