"""The rules of listeners, states and releases once more, for a switch with one card and one port.

It is written from the text of the specification (4 to 6), not from the code. It only has values: a Book is all that has
happened so far, and after() gives the Book after one more event.
"""
from collections import namedtuple

# threshold: None if it is faulty; listeners: [Line]; card: whether the file has it; lists: [(index of the listener or
# None for the global list, its flag)] of the lists that name the port.
File = namedtuple('File', 'threshold listeners card lists')
Line = namedtuple('Line', 'port index attempts recovery')

# A launched listener. missed: timeouts in a row; heard: heartbeats in a row while it is failed.
Node = namedtuple('Node', 'state missed heard')

# The last decision. card, port: True for present or up, False for absent or down, None if it is left alone.
Verdict = namedtuple('Verdict', 'state card port')

# file: the one on the disk; running: the one that counts; nodes: {port: Node}; decided: whether there was a decision
# since the start; card, up: what the switch has; whose: 'ours', 'found' (it was there before) or None; shut: whether
# the daemon has shut the port; far: whether the interface of the last listener is there.
Book = namedtuple('Book', 'file running nodes verdict decided card whose up shut far')

NOTHING = Verdict('unknown', None, None)


def begin(files, name):
    """The Book after a start on a fresh switch: the port is up, and the last listener's interface is missing."""
    return _started(Book(name, name, {}, NOTHING, False, False, None, True, False, False), files)


def after(book, event, files):
    """The Book after one event, (word, arguments ...)."""
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
    """After a stop a card that was there before, and is there now, is as it was: it is no longer remembered."""
    return book._replace(whose=None) if book.card and book.whose == 'found' else book


def _reloaded(book, files):
    """A file with a mistake is refused as a whole. Listeners that are no longer in the file are closed."""
    fresh = files[book.file]
    if fresh.threshold is None:
        return book
    nodes = dict((port, node) for port, node in book.nodes.items() if port in _lines(fresh))
    return book._replace(running=book.file, nodes=nodes)


def _lines(one):
    return dict((line.port, line) for line in one.listeners)


def far(files):
    """The port of the listener whose interface comes and goes: the last one, if there are several; else None."""
    ports = sorted(line.port for line in files['a'].listeners)
    return ports[-1] if len(ports) > 1 else None


def _launched(book, files):
    """Each listener that can be configured is launched, and begins unknown."""
    nodes = dict(book.nodes)
    for line in files[book.running].listeners:
        if line.port not in nodes and (book.far or line.port != far(files)):
            nodes[line.port] = Node('unknown', 0, 0)
    return book._replace(nodes=nodes)


def _heard(book, word, port, line):
    """unknown or active -> failed after ATTEMPTS timeouts in a row; failed -> active after RECOVERY heartbeats in a row
    (with never ATTEMPTS timeouts in a row between two of them); unknown -> active with a heartbeat."""
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
    """The rules of section 5 when nothing is held."""
    dead = list(states.values()).count('failed')
    state = 'unknown' if one.threshold is None else \
        'bypass' if dead >= one.threshold or dead == len(states) else 'normal'
    says = [states[index] == 'active' if index is not None else {'normal': True, 'bypass': False}.get(state)
            for index, flag in one.lists if flag and (index is None or index in states)]
    card = {'normal': True, 'bypass': False}.get(state) if one.card else None
    return Verdict(state, card, None if None in says or not says else all(says))


def _card(book, one):
    """A card that the file names becomes as decided. One that the file no longer names is released with the first
    decision, but not while a file with a mistake runs."""
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
