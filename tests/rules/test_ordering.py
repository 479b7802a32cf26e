"""ordering.py: what a reload makes of orders. What commands make of them is in daemon/test_operators.py."""
import pytest

from fbmon.rules.ordering import followed
from fbmon.rules.orders import Order, Orders
from settings import listener, settings

NOW, LATER = Order('alice', 1.0, None, ''), Order('bob', 2.0, None, '')


def at(index, port, node=None):
    return listener(index, port=port, node=node)


OLD = settings(listeners=[at(0, 3000), at(1, 3001, 'a'), at(2, 3002, 'b'), at(3, 3003, 'b')])


@pytest.mark.parametrize('before, now, after', [
    # The same file; another index; a name; no name any more.
    ({'0': NOW, 'a': LATER}, OLD.listeners, {'0': NOW, 'a': LATER}),
    ({'0': NOW}, [at(0, 3001, 'a'), at(1, 3000)], {'1': NOW}),
    ({'0': NOW}, [at(0, 3000, 'c'), at(1, 3001)], {'c': NOW}),
    ({'a': NOW}, [at(0, 3000), at(1, 3001)], {'1': NOW}),
    # Two nodes that change their names; a name that is another node's now.
    ({'a': NOW}, [at(1, 3001, 'b'), at(2, 3002, 'a'), at(3, 3003, 'a')], {'b': NOW}),
    ({'a': NOW}, [at(2, 3002, 'a'), at(3, 3003, 'a')], {}),
    # A node that becomes two; two that become one.
    ({'b': NOW}, [at(2, 3002), at(3, 3003, 'd')], {'2': NOW, 'd': NOW}),
    ({'b': NOW}, [at(1, 3001, 'x'), at(2, 3002, 'x'), at(3, 3003, 'x')], {}),
    ({'a': LATER, 'b': NOW}, [at(1, 3001, 'x'), at(2, 3002, 'x'), at(3, 3003, 'x')], {'x': LATER}),
    # Another address or another way; a node that has gone, and one that was not there before either.
    ({'a': NOW, 'b': NOW}, [at(1, 4001, 'a'), at(2, 3002, 'b'), at(3, 4003, 'b')], {'a': NOW, 'b': NOW}),
    ({'a': NOW, 'z': LATER}, [at(0, 3000)], {'a': NOW, 'z': LATER})])
def test_maintenance_goes_with_the_listeners_of_its_node(before, now, after):
    assert followed(Orders(before, None), OLD, settings(listeners=now)) == Orders(after, None)
