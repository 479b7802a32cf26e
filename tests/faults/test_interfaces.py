"""Others change interfaces and addresses without end. Afterwards everything is as it must be."""
import re

import clock
import helpers
from kernel import files

SECONDS = 1.0

# Heartbeats come through eth0. The cards are on another interface, so that no node seems to die.
APART = files.SMALL.replace('BYPASS_CARD_IFS=eth0', 'BYPASS_CARD_IFS=sw3')


def again_and_again(deed):
    """Call deed() again and again for a while. Returns how often."""
    times, deadline = 0, clock.monotonic() + SECONDS
    while clock.monotonic() < deadline:
        deed()
        times += 1
    return times


def of_nodes(daemon):
    """The lines of the log about the nodes' heartbeats and what has followed from them."""
    return [line for line in daemon.log().splitlines() if re.search(' (listener|global) [^ ]+: ', line)]


def test_addresses_that_somebody_flushes_in_a_loop_are_there_when_the_loop_ends(switch, small, dpis, figure):
    before = of_nodes(small)
    # `ip` gives up with an error if the daemon was faster ten times.
    times = again_and_again(lambda: switch.begin('addr', 'flush', 'dev', 'eth0', 'to', '192.168.1.208/28').wait())

    small.wait_sound('normal')
    helpers.wait_for(lambda: switch.addresses('eth0') == files.NORMAL)
    assert (of_nodes(small), 'absent: by somebody else' in small.log(), 'present: put back' in small.log()) == (
        before, True, True)
    figure('flushed %d times in %g s: %d lines in the log' % (times, SECONDS, len(small.log().splitlines())))
    dpis.silence(3100)
    small.wait_sound('bypass')
    assert switch.addresses('eth0') == files.BYPASS


def test_interfaces_that_vanish_return_and_change_their_names_in_a_loop_are_as_wanted_when_it_ends(
        switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(APART)
    daemon.wait_state('normal')

    def deed():
        switch.recreate('sw3')
        switch.recreate('sw2')
        switch.batch('link set sw1 down', 'link set sw1 name away', 'link set away name sw1')
    again_and_again(deed)

    # The status may be older than the last change.
    helpers.wait_for(lambda: (switch.addresses('sw3'), switch.ports()) == (files.CARDS, files.PORTS_NORMAL))
    daemon.wait_state('normal')
    dpis.silence(3100)
    daemon.wait_state('bypass')
    assert (switch.addresses('sw3'), switch.ports()) == ([], 'down up down up')
