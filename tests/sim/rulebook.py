"""Sections 4 to 6 of the specification once more, by hand from its text, for a switch with one card and one port.

Values only: a Book is all that has come to pass so far, and after() is the Book after one more event.
"""
from collections import namedtuple

# threshold: None where the file has a mistake there; listeners: Lines; card: whether the file has it; lists: (index of
# the listener, None for the global list; its flag) of each list that names the port.
File = namedtuple('File', 'threshold listeners card lists')
Line = namedtuple('Line', 'port index attempts recovery')

# A launched listener: missed, heard: timeouts, and heartbeats while failed, in a row.
Node = namedtuple('Node', 'state missed heard')

# What was decided last; None: the card or the port is left alone.
Verdict = namedtuple('Verdict', 'state card port')

# file: on the disk; running: the one that counts; nodes: {port: Node}; decided: since the start. card, up: what the
# switch has; whose: 'ours', 'found' (it had been there before), None; shut: the daemon put the port down; far: whether
# the interface of the last listener is there.
Book = namedtuple('Book', 'file running nodes verdict decided card whose up shut far')

NOTHING = Verdict('unknown', None, None)


def begin(files, name):
    """A start on a switch where nothing was done yet: the port is up, the last listener's interface is missing."""
    return _started(Book(name, name, {}, NOTHING, False, False, None, True, False, False), files)


def after(book, event, files):
    """The Book after one event: a word, and what it needs."""
    word, rest = event[0], event[1:]
    if word in ('heartbeat', 'timeout'):
        book = _heard(book, word, rest[0], _lines(files[book.running])[rest[0]])
    elif word == 'reload':
        book = _reloaded(book._replace(file=rest[0]), files)
    elif word in ('stop', 'kill'):
        return _started(_stopped(book) if word == 'stop' else book, files)
    elif word == 'take':
        book = book._replace(card=not book.card)
    elif word == 'push':
        book = book._replace(up=not book.up)
    elif word in ('gone', 'back'):
        book = book._replace(far=word == 'back')
    return _settled(_launched(book, files), files)


def _started(book, files):
    book = book._replace(running=book.file, nodes={}, verdict=NOTHING, decided=False)
    return _settled(_launched(book, files), files)


def _stopped(book):
    """What was there before and is there now is as it was: nothing of it needs to be remembered."""
    return book._replace(whose=None) if book.card and book.whose == 'found' else book


def _reloaded(book, files):
    """A file with a mistake is refused as a whole; what is no longer in the file is gone."""
    fresh = files[book.file]
    if fresh.threshold is None:
        return book
    nodes = dict((port, node) for port, node in book.nodes.items() if port in _lines(fresh))
    return book._replace(running=book.file, nodes=nodes)


def _lines(one):
    return dict((line.port, line) for line in one.listeners)


def far(files):
    """The listener whose interface comes and goes: the last one, where there is more than one."""
    ports = sorted(line.port for line in files['a'].listeners)
    return ports[-1] if len(ports) > 1 else None


def _launched(book, files):
    """What can be configured is launched, and begins unknown."""
    nodes = dict(book.nodes)
    for line in files[book.running].listeners:
        if line.port not in nodes and (book.far or line.port != far(files)):
            nodes[line.port] = Node('unknown', 0, 0)
    return book._replace(nodes=nodes)


def _heard(book, word, port, line):
    """unknown or active -> failed after ATTEMPTS timeouts in a row; failed -> active after RECOVERY heartbeats in a row
    (never ATTEMPTS timeouts in a row between two of them). Anything else is active with a heartbeat."""
    state, missed, heard = book.nodes[port]
    if word == 'timeout':
        missed += 1
        if missed >= line.attempts:
            state, heard = 'failed', 0
    else:
        missed, heard = 0, heard + (state == 'failed')
        if state != 'failed' or heard >= line.recovery:
            state, heard = 'active', 0
    return book._replace(nodes=_with(book.nodes, port, Node(state, missed, heard)))


def _with(nodes, port, node):
    changed = dict(nodes)
    changed[port] = node
    return changed


def _settled(book, files):
    one = files[book.running]
    states = dict((line.index, book.nodes[line.port].state) for line in one.listeners if line.port in book.nodes)
    if states and 'unknown' not in states.values():
        book = book._replace(verdict=_judged(one, states), decided=True)
    return _port(_card(book, one), one)


def _judged(one, states):
    """Section 5, where nothing is held."""
    dead = list(states.values()).count('failed')
    state = 'unknown' if one.threshold is None else \
        'bypass' if dead >= one.threshold or dead == len(states) else 'normal'
    says = [states[index] == 'active' if index is not None else {'normal': True, 'bypass': False}.get(state)
            for index, flag in one.lists if flag and (index is None or index in states)]
    card = {'normal': True, 'bypass': False}.get(state) if one.card else None
    return Verdict(state, card, None if None in says or not says else all(says))


def _card(book, one):
    """What is decided, for what the file names; what it no longer names is released with the first decision, but not
    by a file with a mistake."""
    if one.card:
        if book.verdict.card is None:
            return book
        if book.verdict.card:
            return book if book.card else book._replace(card=True, whose=book.whose or 'ours')
        found = 'found' if book.whose == 'found' or (book.card and book.whose is None) else None
        return book._replace(card=False, whose=found)
    if not book.decided or one.threshold is None or book.whose is None:
        return book
    return book._replace(card=book.whose == 'found', whose=None)


def _port(book, one):
    if any(flag for _, flag in one.lists):
        if book.verdict.port is None:
            return book
        if book.verdict.port:
            return book._replace(up=True, shut=False)
        return book._replace(up=False, shut=book.shut or book.up)
    if book.decided and one.threshold is not None and book.shut:
        return book._replace(up=True, shut=False)
    return book
