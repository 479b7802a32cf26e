from kernel import files


def test_a_card_is_answered_in_normal_and_not_any_more_3_s_after_a_dpis_last_heartbeat(switch, daemon, dpis, figure):
    first, second = [address.split('/')[0] for address in files.CARDS]
    dpis.steady(3000, 3100, interval=500)
    daemon.start(files.EXAMPLE)
    switch.card.until_answered(first)
    switch.card.until_answered(second)

    last = dpis.silence(3100)
    gone = switch.card.until_silent(first)
    assert not switch.card.answers(second)
    shown = daemon.wait_state('bypass')

    # It is never too early. How late it is, is only shown.
    assert gone - last >= 3.0
    assert (shown['failed'], switch.addresses('eth0'), switch.ports()) == (1, files.BYPASS, files.PORTS_NORMAL)

    back = dpis.beat(3100)
    answered = switch.card.until_answered(first)
    switch.card.until_answered(second)
    assert (daemon.wait_state('normal')['failed'], switch.addresses('eth0')) == (0, files.NORMAL)
    figure("example: card unanswered %.1f ms after the DPI's last heartbeat, answered %.1f ms after its return "
           "(a ping every 2 ms)" % ((gone - last) * 1000, (answered - back) * 1000))
