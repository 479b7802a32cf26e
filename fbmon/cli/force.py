"""force_on and force_off: remove or add the cards' addresses by hand, while no daemon runs."""
import os
import pwd

from fbmon.base.words import printable
from fbmon.network import ownership, plan, reading, sysctl
from fbmon.rules import wanted
from fbmon.rules.items import AddressItem, PortItem, describe
from fbmon.rules.states import ABSENT, MISSING, PRESENT, UP


def wanted_on(settings, ledger):
    """{item: target} of force_on: no card's address is present, so the cards connect the fibre straight through."""
    return dict(_strays(ledger) + [(item, ABSENT) for item in wanted.names(settings).cards])


def wanted_off(settings, ledger):
    """{item: target} of force_off: each card's address is present, and the ports that the daemon had shut are up."""
    ports = [(item, UP) for item in ledger.items if isinstance(item, PortItem)]
    return dict(_strays(ledger) + ports + [(item, PRESENT) for item in wanted.names(settings).cards])


def _strays(ledger):
    """[(item, ABSENT)] of the addresses that the daemon had added to an interface that has been renamed since."""
    return [(item, ABSENT) for item in ledger.followed if isinstance(item, AddressItem)]


def apply(items_of, settings, ledger, batch, look=None, changed=lambda item, old, new: None, routes=None):
    """Make the kernel as items_of(settings, ledger) says, for good. Raises IpError.

    look(): reads the kernel; changed(item, old, new) is called for each item that has changed; routes: the RouteKeeper.
    Returns (what is as wanted, what failed), as lists of lines.
    """
    look = look or reading.kernel
    forms, before = wanted.names(settings._replace(lease=0)).forms, look()
    ledger.follow(before.links, before.names)
    items = items_of(settings, ledger)
    commands = plan.commands(items, before, ownership.forms(ledger, forms), sysctl.promote_secondaries)
    ownership.note(ledger, commands, before, wanted.names(settings).forms)
    present = dict((item, target) for item, target in items.items() if target == PRESENT)
    commands += plan.renewals(present, before, forms)
    failed = batch.run([command.line for command in commands])
    words = dict((commands[position].item, said) for position, said in failed.items())
    if routes:
        routes.put_back([command.item for command in commands if command.target == PRESENT], before)
    after = look()
    for item in sorted(items):
        old, new = plan.actual(item, before), plan.actual(item, after)
        if old != new:
            changed(item, old, new)
    return _outcome(items, after, words, ledger)


def _outcome(items, after, words, ledger):
    done, wrong = [], []
    for item, target in sorted(items.items()):
        actual = plan.actual(item, after)
        if target == PRESENT and any(entry.lifetime is not None for entry in after.entries(*item)):
            wrong.append('%s is present for a time only: %s' % (describe(item), words.get(item, 'ip said nothing')))
        elif actual == target or (actual == MISSING and target == ABSENT):
            done.append('%s is %s' % (describe(item), target))
            if target in (ABSENT, UP):
                ledger.forget([item])
        else:
            said = after.missing(item[0]) if actual == MISSING else words.get(item, 'ip said nothing')
            wrong.append('%s is %s, not %s: %s' % (describe(item), actual, target, said))
    return done, wrong


def faulty(settings):
    """[A line for each card that is left out because it uses a faulty value]."""
    return ['card %d is unconfigured: %s' % (card.index, card.error) for card in settings.cards if card.error]


def who(environ=os.environ):
    """The name of the person who gives a command, in printable ASCII: the one of sudo, of the login, or of the user."""
    return next(name for name in (printable(find(environ)) for find in (_sudo, _login, _user, _number)) if name)


def _sudo(environ):
    return environ.get('SUDO_USER', '')


def _login(_environ):
    try:
        return os.getlogin()
    except EnvironmentError:
        # Nobody has logged in: this is cron or a unit of systemd.
        return ''


def _user(_environ):
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ''


def _number(_environ):
    return 'uid %d' % os.getuid()
