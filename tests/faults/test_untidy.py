"""Harmless words of `ip monitor`, and losses that come one after the other."""
import os
import signal

import pytest

import helpers
from kernel import files
from kernel.namespace import IP

# Two untidy places on a switch. Only the daemon sees them, since it has its own mounts: a file in /run/netns that is no
# namespace (`ip` opens each file there, because the other end of eth0 is in another namespace), and a damaged line in
# the file of groups.
UNTIDY = {
    'a stale file in /run/netns': 'mount -t tmpfs none /run/netns && echo > /run/netns/old',
    'a damaged line in the groups':
        'for place in /etc/iproute2 /usr/share/iproute2; do if [ -d $place ]; then '
        'mount -t tmpfs none $place && echo x y z > $place/group || exit; fi; done',
}

# An `ip` whose monitors say that they have lost something while there is a file `lossy`. `lives` has a line for each.
LOSSY = """here=${0%%/*}
case " $* " in *" monitor "*) if [ -e "$here/lossy" ]; then
    echo >> "$here/lives"
    echo 'netlink receive error No buffer space available (105)' >&2
    exit 2
fi ;; esac
exec %s "$@"
"""


@pytest.mark.parametrize('what', sorted(UNTIDY))
def test_harmless_words_of_ip_monitor_are_logged_and_it_goes_on_being_listened_to(switch, daemon, dpis, what):
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL, ['sh', '-c', UNTIDY[what] + ' && exec "$@"', 'sh'])
    daemon.wait_state('normal')
    watch = switch.watch()

    for _ in range(3):
        switch.batch('addr del 192.168.1.211/32 dev eth0', 'link set sw1 down')
        watch.wait_for('+ 192.168.1.211/32 eth0', 'sw1 up')
        watch.take()

    daemon.wait_sound('normal')
    daemon.wait_log('ip monitor says: ')
    assert 'the network cannot be watched' not in daemon.log()


def test_a_monitor_that_loses_something_again_and_again_has_everything_read_every_two_seconds_at_least(
        switch, daemon, dpis, tmp_path):
    here = tmp_path / 'lossy-ip'
    here.mkdir()
    helpers.write_program(str(here / 'ip'), LOSSY % IP)
    daemon.path = str(here) + os.pathsep + os.environ['PATH']
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL)
    daemon.wait_state('normal')

    helpers.write(here / 'lossy', '')
    os.kill(daemon.child_of('monitor'), signal.SIGKILL)
    # This takes 3.1 s. It would take half a minute if each pause were twice as long as the one before.
    helpers.wait_for(lambda: helpers.read(here / 'lives').count('\n') >= 6)
    os.unlink(str(here / 'lossy'))

    daemon.wait_sound('normal')
