import pytest

from kernel.world import Card, File, Node
from soak.window import Window

NODES = [Node(0, '192.168.1.201', 'eth0', 3000, ('sw0',), True),
         Node(1, '192.168.1.201', 'eth0', 3001, ('sw1',), True)]
FILE = File(2, NODES, [Card(0, '192.168.1.211', 'eth0')], ('sw2',), True, ())
LEASED = FILE._replace(keys=(('BYPASS_CARD_LEASE', 10000),))
ADDRESS = ('eth0', '192.168.1.211/32')
GONE, BACK = '- 192.168.1.211/32 eth0', '+ 192.168.1.211/32 eth0'


def window(*dead, **options):
    made = Window(options.get('file', FILE), (3000, 3001), set((3000, 3001)) - set(dead), ())
    made.calm = options.get('calm', False)
    return made


def test_while_too_few_nodes_may_be_dead_no_address_goes():
    seen = window()
    seen.died([3000])

    assert seen.wrong([GONE, 'sw0 down', 'sw0 up'], ()) == [GONE]


def test_where_enough_may_be_dead_it_may_go_and_come_back():
    seen = window(3001)
    seen.died([3000])

    assert seen.wrong([GONE, BACK, 'sw2 down', 'sw2 up'], ()) == []


def test_while_enough_are_dead_no_address_comes():
    seen = window(3000, 3001)

    assert seen.wrong([BACK, 'sw0 up'], ()) == [BACK, 'sw0 up']


def test_what_others_do_is_wrong_only_where_it_is_seen_more_often():
    seen = window()
    seen.foreign[GONE] += 1

    assert seen.wrong([GONE, BACK], ()) == []
    assert seen.wrong([GONE, BACK, GONE, BACK], ()) == [GONE]


def test_what_two_files_want_differently_may_change():
    seen = window()
    seen.died([3000])
    seen.files.append(FILE._replace(threshold=1))

    assert seen.wrong([GONE], ()) == []


def test_what_no_file_names_is_not_touched():
    assert window().wrong(['sw9 down', '+ 10.0.0.1/8 eth0'], ()) == ['+ 10.0.0.1/8 eth0', 'sw9 down']


@pytest.mark.parametrize('name', ['sw2', 'eth0'])
def test_an_interface_that_was_made_anew_is_not_looked_at(name):
    seen = window()
    seen.remade.add(name)

    assert seen.wrong(['sw2 down', 'sw2 is gone', GONE], ()) == ([GONE] if name == 'sw2' else [
        'sw2 down', 'sw2 is gone'])


def test_where_nothing_may_change_every_change_is_wrong_but_a_new_lifetime():
    assert window(calm=True).wrong([BACK], {ADDRESS}) == [BACK]
    assert window(calm=True, file=LEASED).wrong([BACK], {ADDRESS}) == []
    assert window(calm=True, file=LEASED).wrong([GONE, BACK], {ADDRESS}) == [GONE]


def noted(kind, name, to):
    return {'kind': kind, 'name': name, 'from': 'this', 'to': to, 'why': 'that'}


def test_a_node_that_cannot_be_dead_does_not_fail_and_one_that_is_dead_does_not_come_back():
    history = [noted('listener', name, to) for name in '01' for to in ('failed', 'active')]

    assert window(3001).wrong_transitions(history) == [
        'listener 0: this -> failed: that', 'listener 1: this -> active: that']


def test_only_a_listener_that_a_file_does_not_name_becomes_unconfigured():
    history = [noted('listener', name, 'unconfigured') for name in '01']
    seen = window()
    seen.files.append(FILE._replace(nodes=NODES[:1]))

    assert seen.wrong_transitions(history) == ['listener 0: this -> unconfigured: that']


def test_the_global_state_is_none_that_it_cannot_be():
    history = [noted('global', 'state', 'normal'), noted('global', 'state', 'bypass')]
    unsure = window(3001)
    unsure.died([3000])

    assert window().wrong_transitions(history) == ['global state: this -> bypass: that']
    assert unsure.wrong_transitions(history) == []


def test_what_takes_the_place_of_another_comes_before_that_goes():
    seen = window()
    old, new = ('eth0', '192.168.1.211'), ('eth0', '192.168.1.221')
    seen.files.append(FILE._replace(cards=[Card(0, new[1], 'eth0')]))
    seen.renumbered.append((old, new))

    assert seen.wrong(['+ 192.168.1.221/32 eth0', GONE], ()) == []
    assert seen.wrong([GONE, '+ 192.168.1.221/32 eth0'], ()) == [
        '192.168.1.211 on eth0 goes before 192.168.1.221 comes']


def test_an_address_that_the_kernel_makes_the_primary_one_has_not_changed():
    own = '+ 192.168.1.200/24 eth0'

    assert window().wrong([own], {('eth0', '192.168.1.200/24')}) == []
    assert window().wrong([own], ()) == [own]


def test_of_an_interface_that_was_shaken_only_what_is_managed_is_unsettled():
    seen = window()
    seen.shaken.add('eth0')

    assert seen.unsettled() == {('eth0', '192.168.1.201'), ('eth0', '192.168.1.211')}
