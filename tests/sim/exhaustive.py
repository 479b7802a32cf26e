"""All histories of a small switch up to a number of events. Histories that lead to the same state go on as one."""
from sim import rulebook, small
from sim.rulebook import File, Line

# The ATTEMPTS and the RECOVERY of each listener.
ATTEMPTS, RECOVERY = (1, 2, 1), (2, 1, 1)


def files(count):
    """{name: rulebook.File}: the configuration files, with up to `count` listeners. x has a mistake."""
    lines = [Line(3000 + index, index, ATTEMPTS[index], RECOVERY[index]) for index in range(count)]
    again = [lines[0]._replace(index=7, attempts=2, recovery=1)] + lines[1:]
    return {'a': File(1, lines, True, [(None, 1)]),
            'b': File(count, lines, True, [(None, 1), (0, 1)]),
            'c': File(1, lines[:-1], True, [(line.index, 1) for line in lines[:-1]]),
            'd': File(1, lines, False, [(None, 0)]),
            'e': File(1, again, True, [(None, 0), (7, 1)]),
            'x': File(None, lines, True, [(0, 1)])}


class Search(object):
    """Looks once at each state that can be reached within `depth` events."""

    def __init__(self, count, depth):
        self.files, self.depth = files(count), depth
        self.far = rulebook.far(self.files)
        self.leads = {}      # {state: [the state that each of its events leads to]}
        self.wrong = None    # the first history that does not end as in the rulebook, and how it ends
        texts = dict((name, small.text(one, self.far)) for name, one in self.files.items())
        self.switch = small.Switch.__new__(small.Switch)
        self.switch.texts, self.switch.file, self.switch.disk = texts, 'a', {}

    def run(self):
        """Search. Returns the number of histories with `depth` events, or 0 if one is wrong."""
        with small.edges(self.switch):
            self.switch.__init__(self.switch.texts, 'a')
            self.beginning = small.keep(self.switch)
            book = rulebook.begin(self.files, 'a')
            ahead, first = [(book, ())], self._state(book)
            self.leads[first] = []
            for _ in range(self.depth):
                # It ends at the first history that is wrong.
                ahead = [new for book, path in ahead if not self.wrong for new in self._expand(book, path)]
        return 0 if self.wrong else self._histories(first)

    def events(self, book):
        """[All events that can happen next]."""
        found = [(word, port) for port in sorted(book.nodes) for word in ('heartbeat', 'timeout')
                 if word == 'timeout' or port != self.far or book.far]
        found += [('reload', name) for name in sorted(self.files)] + [('stop',), ('kill',), ('take',), ('push',)]
        return found + ([('gone' if book.far else 'back',)] if self.far else [])

    def _expand(self, book, path):
        """Look at all that follows from a state. Returns [(Book, path)] of the new states."""
        small.bring_back(self.beginning)
        for event in path:
            self.switch.happen(event)
        here, leads, new = small.keep(self.switch), self.leads[self._state(book)], []
        for event in self.events(book):
            fresh = rulebook.after(book, event, self.files)
            self.switch.happen(event)
            self._compare(fresh, path + (event,))
            state = self._state(fresh)
            leads.append(state)
            if state not in self.leads:
                self.leads[state] = []
                new.append((fresh, path + (event,)))
            small.bring_back(here)
        return new

    def _compare(self, book, path):
        nodes = dict((port, (node.state, min(node.missed, small.MANY), node.heard))
                     for port, node in book.nodes.items())
        expected = (nodes, book.verdict.state, book.card, book.whose, book.up, book.shut)
        seen = self.switch.seen()
        if seen != expected and not self.wrong:
            self.wrong = 'after %r:\n%r, not\n%r' % (path, seen, expected)

    def _state(self, book):
        nodes = tuple((port, node.state, min(node.missed, small.MANY), node.heard)
                      for port, node in sorted(book.nodes.items()))
        return repr((book._replace(nodes=nodes), self.switch.key()))

    def _histories(self, first):
        """The number of histories with `depth` events. All of them have been looked at, since it does not matter how a
        state was reached."""
        ways = {first: 1}
        for _ in range(self.depth):
            after = {}
            for state, count in ways.items():
                for lead in self.leads[state]:
                    after[lead] = after.get(lead, 0) + count
            ways = after
        return sum(ways.values())
