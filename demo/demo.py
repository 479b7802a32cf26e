#!/usr/bin/env python3
"""Shows the daemon at work on a switch that is made of network namespaces.

It needs root, iproute2 and ping; nothing has to be configured. Two DPI nodes send heartbeats and two bypass cards ping
the switch. One DPI node dies and comes back, and one card stops pinging for a while. Where no namespaces can be made,
the same story runs on loopback addresses: everything is real but the changes. The exit code is 0 if everything went as
it should. The demo leaves nothing behind, however it ends.
"""
import os
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True

import stage  # noqa: E402
from loopback import OnLoopback  # noqa: E402
from namespaces import InNamespaces  # noqa: E402

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INSTALL = 'sudo apt-get install -y iproute2 iputils-ping util-linux coreutils'


class Interrupted(Exception):
    """A signal came. The argument is its number."""


def main():
    """Returns the exit code: 0 if everything went as it should, 1 if not, 128 + signal if a signal came."""
    lacking = absent('ip', 'timeout')
    if lacking:
        print('the demo needs ' + lacking)
        return 1
    lacking = what_namespaces_lack()
    if not lacking:
        stage.enter()
    for number in SIGNALS:
        signal.signal(number, interrupt)
    story = OnLoopback(lacking) if lacking else InNamespaces()
    try:
        story.play(page(sys.argv))
        return 0
    except (stage.Unexpected, EnvironmentError, subprocess.CalledProcessError) as error:
        story.say('NOT AS IT SHOULD BE: %s' % error)
        return 1
    except Interrupted as interrupted:
        if story.stays:
            story.say('everything is taken down again')
            return 0
        story.say('interrupted: everything is taken down again')
        return 128 + interrupted.args[0]
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        story.stage.close()


def page(argv):
    """Where the page is served, of `--serve WHERE`; 1 is the usual place. None without it."""
    where = argv[argv.index('--serve') + 1] if '--serve' in argv else None
    return '127.0.0.1:9742' if where == '1' else where


def absent(*names):
    """The programs of these that are not there, with the remedy, as text; None if all are there."""
    missing = [name for name in names if not shutil.which(name)]
    return ' and '.join(missing) + ': ' + INSTALL if missing else None


def what_namespaces_lack():
    """What keeps the demo from making its switch here, with the remedy, as text; None if nothing does."""
    missing = absent('ping', 'unshare', 'nsenter')
    if missing:
        return missing
    if os.geteuid() != 0:
        return 'root: sudo make demo'
    if subprocess.call(['unshare', '--net', 'true'], stderr=subprocess.DEVNULL) != 0:
        return 'CAP_SYS_ADMIN: in a container, one that is privileged'
    if not os.access('/proc/sys/net/ipv4/conf/all/promote_secondaries', os.W_OK):
        return 'a /proc/sys that can be written: in a container, one that is privileged'
    return None


def interrupt(number, _frame):
    """The signal handler: ends the demo where it is. main() cleans up."""
    raise Interrupted(number)


if __name__ == '__main__':
    sys.exit(main())
