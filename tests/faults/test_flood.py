"""A flood of junk at one listener's port disturbs nobody else."""
import os
import subprocess
import sys

import clock
import helpers
from kernel import files
from kernel.daemon import card, listener
from kernel.dpi import HOST

# Datagrams a second, and the seconds for which they come.
RATE = int(os.environ.get('FBMON_FLOOD', '100000'))
SECONDS = 4.0

# The flood goes to listener 0 only, which hears the node at 192.168.1.1 every 100 ms.
CONFIG = files.SMALL.replace('TIMEOUT=300', 'TIMEOUT=1000') + 'LISTEN_HEARTBEAT_TIMEOUT[0]=3000\n' \
    'LISTEN_HB_SOURCE[0]=192.168.1.1\n'


def ticks(pid):
    """The seconds of CPU that a process has used in all its threads."""
    fields = helpers.read('/proc/%d/stat' % pid).rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf('SC_CLK_TCK'))


def begin(switch, port):
    """Start the child that floods a port from an address that is on no list."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'flood.py')
    argv = switch.outside.prefix() + [sys.executable, script, HOST, str(port), '192.168.1.11', str(RATE), str(SECONDS)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, close_fds=True)


def test_a_flood_from_a_source_that_is_not_listed_is_noticed_by_nobody(switch, daemon, dpis, figure):
    dpis.steady(3000, interval=100)
    dpis.steady(3100)
    daemon.start(CONFIG)
    before = listener(daemon.wait_state('normal'), 0)
    lines, watch = len(daemon.log().splitlines()), switch.watch()

    child, used, began = begin(switch, 3000), ticks(daemon.child.pid), clock.monotonic()
    daemon.wait(lambda status: listener(status, 0)['ignored'] > 1000)
    due = dpis.silence(3100) + 1.0
    seen = watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0').at
    sent = int(helpers.finish(child)[1])
    used, took = ticks(daemon.child.pid) - used, clock.monotonic() - began
    shown = daemon.wait_state('bypass')

    flooded, silent = listener(shown, 0), listener(shown, 1)
    assert (flooded['state'], flooded['missed'], silent['state']) == ('active', 0, 'failed')
    # It takes less than one core, with the kernel's part.
    assert used / took < 1.0
    # The log tells of the other node's failure and its consequences, and nothing about the flood.
    assert len(daemon.log().splitlines()) - lines < 12
    figure('flood: %d datagrams/s; %.0f %% of them counted as ignored, %d of about %d heartbeats received, '
           '%.2f cores; the other failure seen %.1f ms after it was due'
           % (sent / SECONDS, 100.0 * (flooded['ignored'] - before['ignored']) / sent,
              flooded['received'] - before['received'], took * 10, used / took, (seen - due) * 1000))


def test_a_flood_of_pings_for_a_card_is_noticed_by_nobody(switch, daemon, dpis, figure):
    dpis.steady(3000, 3100)
    daemon.start(files.SMALL.replace('TIMEOUT=300', 'TIMEOUT=1000') + 'BYPASS_CARD_PING_TIMEOUT=60000\n')
    daemon.wait_state('normal')
    watch, used, began = switch.watch(), ticks(daemon.child.pid), clock.monotonic()

    with open(os.devnull, 'w') as null:
        child = subprocess.Popen(switch.outside.prefix() + [helpers.program('ping'), '-f', '-q', '192.168.1.211'],
                                 stdout=null, stderr=null, close_fds=True)
    try:
        daemon.wait(lambda status: card(status, '192.168.1.211')['pings_total'] > 300)
        due = dpis.silence(3100) + 1.0
        seen = watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0').at
        took, used = clock.monotonic() - began, ticks(daemon.child.pid) - used
    finally:
        child.kill()
        child.wait()
    shown = daemon.wait_state('bypass')

    counted = card(shown, '192.168.1.211')['pings_total']
    assert (listener(shown, 1)['state'], counted > 300, used / took < 1.0) == ('failed', True, True)
    figure('flood of pings: %d a second were read, %.2f cores with the status asked for; the failure seen %.1f ms '
           'after it was due' % (counted / took, used / took, (seen - due) * 1000))
