"""Knows what may have happened between two checkpoints, and whether the kernel's reports fit it. Pure."""
from collections import Counter

from kernel import world

OPPOSITE = {'present': 'absent', 'absent': 'present', 'up': 'down', 'down': 'up'}


class Window(object):
    """The time between two checkpoints. It begins while nothing happens, with a File and the living nodes.

    plain: whether the result does not depend on what the daemon notices first; calm: whether nothing at all may change;
    loose: whether listeners were missing for a time.
    """

    def __init__(self, file, nodes, alive, ours):
        self.files = [file]
        self.plain = self.calm = True
        self.loose = False
        # The names of interfaces that were made anew.
        self.remade = set()
        # The changes by others, as texts of a Watch.
        self.foreign = Counter()
        # swapped: ports that had each other's names for a while; shaken: interfaces that did or were down; log_hangs:
        # whether the log's disk takes nothing.
        self.swapped, self.shaken, self.log_hangs = set(), set(), False
        # Pairs of (interface, address): the second takes the place of the first.
        self.renumbered = []
        self._maybe_dead = set(nodes) - set(alive)
        self._maybe_alive = set(alive)
        self._ours = set(ours)

    def died(self, nodes):
        """Note that these nodes may be failed for a time."""
        self._maybe_dead |= set(nodes)

    def may_be_dead(self, node):
        """Whether a node may be failed for a time."""
        return node in self._maybe_dead

    def returned(self, nodes):
        """Note that these nodes may be active for a time."""
        self._maybe_alive |= set(nodes)

    def certain(self):
        """{item: word} of what is wanted all the time, no matter what the daemon notices when."""
        found = [self._wanted(file, failed) for file in self.files for failed in self._extremes()]
        return dict((item, word) for item, word in found[0].items() if all(one.get(item) == word for one in found))

    def wrong(self, events, before):
        """[The events that should not have happened], as texts of a Watch. before: the addresses at the beginning."""
        if self.loose:
            return []
        certain, managed = self.certain(), self.managed()
        too_many = Counter(events) - self.foreign
        return sorted(text for text in too_many.elements() if self._is_wrong(text, certain, managed, before)) \
            + self._too_early(events)

    def _too_early(self, events):
        """[The addresses that went before their successor came], in words."""
        seen = [parse(text) for text in events]
        return ['%s on %s goes before %s comes' % (old[1], old[0], new[1]) for old, new in self.renumbered
                if (old, 'absent') in seen and (new, 'present') in seen
                and seen.index((old, 'absent')) < seen.index((new, 'present'))]

    def wrong_transitions(self, history):
        """[The transitions that should not have been noted], as lines. history: of the status, since the beginning."""
        return ['%(kind)s %(name)s: %(from)s -> %(to)s: %(why)s' % one for one in history
                if one['to'] not in self._possible(one['kind'], one['name'], one['to'])]

    def _possible(self, kind, name, to):
        """The new states that a transition may have. For cards and ports any state is possible."""
        if kind == 'global' and not self.loose:
            # It is unknown after a stop, or at a start after a kill.
            return ['unknown'] + [self._verdict(file, failed).state
                                  for file in self.files for failed in self._extremes()]
        if kind == 'listener':
            port = next(node.port for file in self.files for node in file.nodes if node.index == int(name))
            # A reload may have removed it.
            gone = any(int(name) not in [node.index for node in file.nodes] for file in self.files)
            return ['unknown'] + ['failed'] * (port in self._maybe_dead) + ['active'] * (port in self._maybe_alive) \
                + ['unconfigured'] * gone
        return [to]

    def _is_wrong(self, text, certain, managed, before):
        item, word = parse(text)
        if (item[0] if isinstance(item, tuple) else item) in self.remade:
            return False
        if self.calm and not self._renews(text, before):
            return True
        if word == 'present' and item not in managed and (item[0], text.split()[1]) in before:
            # Its primary has gone. The kernel has made it a primary, and reports that.
            return False
        return word not in OPPOSITE or item not in managed or certain.get(item) == OPPOSITE[word]

    def _renews(self, text, before):
        """Whether only the lifetime of a card's address has changed."""
        item, word = parse(text)
        leased = any(dict(file.keys).get('BYPASS_CARD_LEASE') for file in self.files)
        return leased and word == 'present' and (item[0], text.split()[1]) in before

    def _extremes(self):
        """(the nodes that are failed at worst, the nodes that are failed at best)."""
        return self._maybe_dead, self._maybe_dead - self._maybe_alive

    def _verdict(self, file, failed):
        states = dict((node.index, 'failed' if node.port in failed else 'active') for node in file.nodes)
        return world.judged(file, states)

    def _wanted(self, file, failed):
        verdict = self._verdict(file, failed)
        wanted = dict(((node.interface, node.host), 'present') for node in file.nodes)
        wanted.update([] if self.loose else list(verdict.cards.items()) + list(verdict.ports.items()))
        return wanted

    def unsettled(self):
        """The items whose history is open because of an accident."""
        return self.swapped.union(item for item in self.managed() if isinstance(item, tuple) and item[0] in self.shaken)

    def managed(self):
        """All items in which a file has a say, and those that the daemon had changed before."""
        found = set(self._ours)
        for file in self.files:
            verdict = self._verdict(file, ())
            found.update(verdict.cards, verdict.ports, ((node.interface, node.host) for node in file.nodes))
        return found


def parse(text):
    """(item, word) of a Watch's text: ((interface, address), 'present' or 'absent'), (port, 'up' or 'down') or
    (interface, 'is new' or the like)."""
    words = text.split()
    if words[0] in ('+', '-'):
        return (words[2], words[1].split('/')[0]), 'present' if words[0] == '+' else 'absent'
    return words[0], ' '.join(words[1:])
