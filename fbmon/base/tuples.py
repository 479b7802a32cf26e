"""A namedtuple that does not compile the text of a class: with Python 2.7 that takes 0.3 ms, and a start needs 50."""
from operator import itemgetter


class Named(tuple):
    """What all named tuples can do."""

    __slots__ = ()
    _fields = ()

    def __repr__(self):
        pairs = ', '.join('%s=%r' % pair for pair in zip(self._fields, self))
        return '%s(%s)' % (type(self).__name__, pairs)

    def __getnewargs__(self):
        return tuple(self)

    def _replace(self, **values):
        """A copy with other values. Raises ValueError for a name that it does not have."""
        replaced = tuple.__new__(type(self), map(values.pop, self._fields, self))
        if values:
            raise ValueError('%s has no %s' % (type(self).__name__, ', '.join(sorted(values))))
        return replaced


def namedtuple(name, fields):
    """A class of tuples whose members have names, as collections.namedtuple makes it. fields: 'one two three'."""
    fields = tuple(fields.split())
    # Only a function with exactly these arguments is as fast, and complains about a missing one.
    arguments, members = ''.join(', ' + field for field in fields), ''.join(field + ', ' for field in fields)
    new = eval('lambda _cls%s: _new(_cls, (%s))' % (arguments, members), {'_new': tuple.__new__})
    members = dict((field, property(itemgetter(place))) for place, field in enumerate(fields))
    members.update(__slots__=(), _fields=fields, __new__=staticmethod(new))
    return type(name, (Named,), members)
