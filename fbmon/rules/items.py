"""The two kinds of things that are changed on the network, and how they are named in log and status. Pure."""
from collections import namedtuple

# The two kinds of things that the daemon changes. Both are keys of the wanted network: {item: PRESENT, ABSENT, UP or
# DOWN}.
AddressItem = namedtuple('AddressItem', 'interface address')
PortItem = namedtuple('PortItem', 'name')

# How an address is put there. prefix: length, None for one address only; lease: seconds that the kernel keeps it
# without a renewal, None for ever; found: the entry that was there before us, as it was, in the words of `ip addr add`.
Form = namedtuple('Form', 'prefix lease found')
Form.__new__.__defaults__ = ((),)

PLAIN = Form(None, None)


def describe(item):
    """An item in the words of the log."""
    if isinstance(item, AddressItem):
        return 'address %s on %s' % (item.address, item.interface)
    return 'port %s' % item.name
