"""A node with two ways on the real kernel: losing one moves nothing and is shown, losing both is a failed node."""
from kernel import files

TWO_WAYS = files.SMALL + 'LISTEN_HB_NODE[0]=dpi-1\nLISTEN_HB_NODE[1]=dpi-1\nBYPASS_CARD_NAME[0]=west\n'


def test_losing_one_way_moves_nothing_and_is_shown_and_losing_both_is_a_failed_node(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    daemon.start(TWO_WAYS)
    daemon.wait_state('normal')
    watch = switch.watch()
    dpis.silence(3000)
    found = daemon.wait_listener(0, 'failed')

    assert (found['state'], found['failed'], watch.take()) == ('normal', 0, [])
    assert [(node['name'], node['listeners'], node['state']) for node in found['nodes']] == [
        ('dpi-1', [0, 1], 'active')]
    shown = daemon.command('status')[1]
    assert '  dpi-1' in shown and '    0 192.168.1.202:3000 failed for' in shown and 'west 192.168.1.211' in shown

    dpis.silence(3100)
    found = daemon.wait_state('bypass')
    assert (switch.cards(), switch.ports(), found['failed']) == ([], 'down down down up', 1)
    daemon.wait_log('node dpi-1: active -> failed: 0 of 2 launched listeners are active')
    daemon.wait_log('card 192.168.1.211 (west): present -> absent')
    switch.card.until_silent('192.168.1.211')

    dpis.steady(3100)
    daemon.wait_state('normal')
    switch.card.until_answered('192.168.1.211')
