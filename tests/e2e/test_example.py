from switch import CARD, ENV
from waiting import wait_for

# The example of the README, to the letter.
EXAMPLE = '''LOG_LEVEL=INFO
LISTEN_HEARTBEAT_IFS=eth0
BYPASS_CARD_IFS=eth0
LISTEN_HEARTBEAT_FAILED=1
LISTEN_HEARTBEAT_ATTEMPTS=1
LISTEN_HEARTBEAT_TIMEOUT=3000
LISTEN_HB_HOST[0]=192.168.1.202
LISTEN_HB_PORT[0]=3000
LISTEN_HB_HOST[1]=192.168.1.202
LISTEN_HB_PORT[1]=3100
BYPASS_CARD_HOST[0]=192.168.1.211
BYPASS_CARD_HOST[1]=192.168.1.212
'''
SECOND_CARD = '192.168.1.212'


def test_a_dead_dpi_takes_the_cards_pings_away_and_its_return_brings_them_back(switch):
    field = switch.field
    _, second = field.dpi('192.168.1.202', 3000), field.dpi('192.168.1.202', 3100)

    switch.configure(EXAMPLE)
    wait_for(lambda: field.answers(CARD) and field.answers(SECOND_CARD), 'both cards answered')
    shown = switch.ctl('status').output
    assert 'Status: "' in shown and 'normal' in shown

    second.stop()
    wait_for(lambda: not field.answers(CARD) and not field.answers(SECOND_CARD), 'no card answered')
    assert switch.addresses() == ['192.168.1.200/24', '192.168.1.202/32']
    shown = switch.ctl('status').output
    status_line = [line for line in shown.splitlines() if 'Status: "' in line][0]
    assert 'bypass' in status_line and '1' in status_line

    field.dpi('192.168.1.202', 3100)
    wait_for(lambda: field.answers(CARD) and field.answers(SECOND_CARD), 'both cards answered again')
    assert switch.addresses() == ['192.168.1.200/24', '192.168.1.202/32', CARD + '/32', SECOND_CARD + '/32']
    assert switch.machine.read(ENV).decode() == EXAMPLE


def test_the_unit_grants_what_a_port_below_1024_and_somebody_elses_file_need(switch):
    text = EXAMPLE.replace('3100', '99').replace('TIMEOUT=3000', 'TIMEOUT=500')
    switch.field.dpi('192.168.1.202', 3000), switch.field.dpi('192.168.1.202', 99)
    switch.machine.write(ENV, text)
    switch.run('chown', 'nobody', ENV)
    switch.run('chmod', '600', ENV)

    switch.ctl('restart', check=True)

    switch.wait_state('normal')
    assert switch.status()['problems'] == []


def test_the_units_limits_are_wide_enough_for_a_thousand_listeners(switch):
    lines = ['LISTEN_HEARTBEAT_IFS=eth0', 'LISTEN_HEARTBEAT_TIMEOUT=60000']
    for index in range(1000):
        lines.append('LISTEN_HB_HOST[%d]=192.168.1.202' % index)
        lines.append('LISTEN_HB_PORT[%d]=%d' % (index, 10000 + index))

    switch.configure('\n'.join(lines) + '\n')

    shown = [(one['state'], one['error']) for one in switch.status()['listeners']]
    assert shown == [('unknown', None)] * 1000


def test_taking_cards_away_leaves_their_interfaces_other_addresses_alone(switch):
    text = EXAMPLE.replace('TIMEOUT=3000', 'TIMEOUT=500').replace('192.168.1.211', '10.5.0.1/24')
    switch.field.dpi('192.168.1.202', 3000)
    second = switch.field.dpi('192.168.1.202', 3100)
    switch.configure(text)
    switch.wait_state('normal')
    # The address of somebody else, which is secondary to the card's.
    switch.machine.ip('addr', 'add', '10.5.0.9/24', 'dev', 'eth0')

    second.stop()

    switch.wait_state('bypass')
    wait_for(lambda: '10.5.0.1/24' not in switch.addresses(), 'the card to be gone')
    assert switch.addresses() == ['10.5.0.9/24', '192.168.1.200/24', '192.168.1.202/32']


def test_ports_go_down_in_bypass_and_up_in_normal(switch):
    switch.start_small('bypass')
    assert switch.port('port2') == 'up'

    switch.field.dpi('192.168.1.202', 3000)

    switch.wait_port('port1', 'up')
