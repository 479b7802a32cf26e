"""The two kinds of items that the daemon changes on the network, and their names in log and status. Pure."""
from fbmon.base.tuples import namedtuple

# Both are keys of the wanted network, {item: PRESENT, ABSENT, UP or DOWN}.
AddressItem = namedtuple('AddressItem', 'interface address')
PortItem = namedtuple('PortItem', 'name')

# How an address is added. prefix: its length, None for /32 or /128; lease: seconds for which the kernel keeps the
# address without a renewal, None for ever; found: the entry that was there before the daemon, as words of
# `ip addr add`, () if there was none.
Form = namedtuple('Form', 'prefix lease found')
Form.__new__.__defaults__ = ((),)

PLAIN = Form(None, None)


def describe(item):
    """The name of an item in the log: 'address ADDRESS on INTERFACE' or 'port NAME'."""
    if isinstance(item, AddressItem):
        return 'address %s on %s' % (item.address, item.interface)
    return 'port %s' % item.name
