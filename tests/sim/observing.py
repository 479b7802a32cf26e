"""Laws for a daemon that only observes (section 14), and for the last thing that a daemon does (sections 6 and 16)."""
from kernel import model
from sim import wants

WOULD = 'would be: '


class Observing(object):
    """would: {(kind, name): (the last target that the daemon would have given it, when that was so in the kernel, the
    verdict then, since when that counted)}; well: whether nothing was amiss when the last round began; before: the
    verdict then."""

    def __init__(self, world, wrong):
        self._world, self._wrong = world, wrong
        self.started()

    def started(self):
        """A daemon starts."""
        self.would, self.well, self.before = {}, False, model.NOTHING

    def now(self):
        """Whether the daemon only observes."""
        return self._world.daemon is not None and self._world.daemon.settings.observe

    def changes(self, what):
        """The daemon changes something."""
        if self.now():
            raise self._wrong('observe: %s' % what)

    def told(self, one, verdict):
        """The daemon has told a transition. Returns whether it is one that it would only make."""
        would = one.why.startswith(WOULD)
        if would != self.now() if one.kind == 'global' and one.new != 'unknown' else would and not self.now():
            raise self._wrong('observe: told %s' % (one[1:],))
        if not would or one.kind == 'global':
            return False
        key = one.kind, one.name
        # What was seen in this round before the decision was compared with the one before.
        wanted = [dict((found[:2], found[3]) for found in self._wanted(either)).get(key, one.new)
                  for either in (verdict, self.before)]
        if one.old == one.new or not set(wanted).intersection((None, one.new)):
            raise self._wrong('observe: told %s, not %s' % (one[1:], wanted[0]))
        before, self.would[key] = self.would.get(key), (
            one.new, self._world.kernel.changes, verdict, self._world.laws.changed)
        calm = self._world.now > self._world.laws.calm
        # Another file that was taken meanwhile may have wanted something else.
        if calm and before and before[2] is verdict and before == self.would[key]:
            raise self._wrong('observe: told %s again' % (one[1:],))
        return True

    def untold(self, verdict):
        """The words for a change that it would make and has not told, or None."""
        if not self.now() or self._world.laws.orders.frozen():
            return None
        untold = [name for kind, name, item, target in self._wanted(verdict)
                  if target and self._is_other(item, target) and self.would.get((kind, name), (None,))[0] != target]
        return 'observe: not told %s' % sorted(untold) if untold else None

    def _wanted(self, verdict):
        """[(kind, name, item, its target or None)] of the cards and ports in the file."""
        names = self._world.daemon.names
        found = [('card', item.address, item, verdict.cards.get(tuple(item))) for item in names.cards]
        return found + [('port', item.name, item, verdict.ports.get(item.name)) for item in names.ports]

    def _is_other(self, item, target):
        """Whether an item is there, but not as it would be."""
        device = self._world.kernel.find(item[0])
        if device is None:
            return False
        if len(item) == 1:
            return device.up != (target == 'up')
        # What nobody answers at is absent for who only looks.
        return any(entry.text == item.address and not entry.tentative
                   for entry in device.four + device.six) != (target == 'present')

    def at_the_end(self, verdict):
        """The words for what is not as it must be after a clean stop, or None. If the system goes down, the cards'
        addresses must be gone; otherwise all stays as it is."""
        world, settings = self._world, self._world.daemon.settings
        if self._world.laws.still() or not self.well or world.now < world.laws.calm:
            return None
        if world.going_down and settings.on_shutdown:
            verdict = verdict._replace(cards=dict(((card.interface, card.address), 'absent')
                                                  for card in settings.cards if not card.error))
        elif verdict.state == 'unknown':
            return None
        found = wants.wrong(world.kernel, settings, verdict)
        return 'end: ' + '; '.join(found) if found else None
