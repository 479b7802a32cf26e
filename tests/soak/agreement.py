"""Compares the kernel, the status, what the daemon remembers, and the World."""
import os

import clock
import helpers
from fbmon.memory import ledger, rundir
from kernel import world
from kernel.daemon import problems, settled
from soak import field, ways


def differences(switch, daemon, truth, window, began):
    """[What is not as it should be], one line each.

    For items that the window leaves open, only present or absent, up or down is compared, if the file says it. Each
    active listener must have been heard since the monotonic second `began`: a node that has come back just in time may
    still fail for a moment, if its first heartbeat was lost on a link that has just come up.
    """
    asked = clock.monotonic()
    status = daemon.status()
    if status is None:
        return ['no status']
    unsure = undetermined(truth, window)
    addresses, down = switch.network()
    found = _addresses(addresses, truth, unsure) + _ports(down, truth, unsure)
    found += truth.ways.wrong(switch, truth, ways.INTERFACE in window.shaken)
    found += _differ('the daemon remembers', remembered(daemon) - unsure, truth.ours - unsure)
    found += [line for line in _status(status, truth)
              if not (window.log_hangs and 'its disk takes nothing' in line)]
    found += ['listener %(index)d was not heard yet' % row for row in status['listeners']
              if row['state'] == 'active' and row['last_heartbeat_s'] > asked - began]
    if not field.key(truth.file, 'BYPASS_CARD_LEASE'):
        found += ['a lifetime without a lease: ' + line for line in _lifetimes(switch)]
    return found


def undetermined(truth, window):
    """The items whose history depends on what the daemon noticed first."""
    if window.plain:
        return window.unsettled()
    return window.unsettled() | window.managed().difference(window.certain())


def adopt(switch, daemon, truth, window):
    """For these items the World takes what is there."""
    unsure = undetermined(truth, window)
    addresses, down = switch.network()
    truth.addresses = _without(truth.addresses, unsure) | (addresses - _without(addresses, unsure))
    truth.down = (truth.down - unsure) | (down & unsure)
    truth.ours = (truth.ours - unsure) | (remembered(daemon) & unsure)
    # Only the daemon knows whether it had to note an address that is there: it may have been gone for a moment, or had
    # a lease.
    found = was_there(daemon)
    truth.ways.adopt(switch, truth, daemon)
    for item in set(found).union(truth.found):
        if item in unsure or truth.entries(item):
            truth.found.pop(item, None)
            truth.found.update([(item, found[item])] if item in found else [])


def remembered(daemon):
    """The items that the daemon remembers as its own changes, in the form of the World's `ours`."""
    found = set()
    for line in helpers.read(os.path.join(daemon.run_dir, rundir.LEDGER)).splitlines():
        sign, item, _ = ledger.parse(line)
        item = item.name if hasattr(item, 'name') else tuple(item)
        (found.add if sign == '+' else found.discard)(item)
    return found


def was_there(daemon):
    """The addresses that were there before, as the daemon remembers them, in the form of the World's `found`."""
    found = {}
    for line in helpers.read(os.path.join(daemon.run_dir, rundir.LEDGER)).splitlines():
        sign, item, place = ledger.parse(line)
        if sign == '=':
            found[tuple(item)] = set((item.interface, words.split()[0]) for words in place[1])
        elif sign == '~':
            found.pop(tuple(item), None)
    return found


def _addresses(addresses, truth, unsure):
    found = _differ('the kernel has', _without(addresses, unsure), _without(truth.addresses, unsure))
    there = set((interface, entry.split('/')[0]) for interface, entry in addresses)
    wanted = dict(truth.verdict.cards)
    wanted.update(((node.interface, node.host), 'present') for node in truth.file.nodes)
    return found + ['%s on %s is not %s' % (item[1], item[0], wanted[item]) for item in sorted(unsure & set(wanted))
                    if (item in there) != (wanted[item] == 'present')]


def _ports(down, truth, unsure):
    wanted = truth.verdict.ports
    return _differ('down are', down - unsure, truth.down - unsure) + [
        '%s is not %s' % (port, wanted[port]) for port in sorted(unsure & set(wanted))
        if (port in down) != (wanted[port] == 'down')]


def _status(status, truth):
    states = dict((row['index'], row['state']) for row in status['listeners'])
    found = [] if status['state'] == truth.verdict.state else ['state %(state)s' % status]
    found += _differ('listeners', set(states.items()), set(truth.states().items()))
    found += [] if settled(status) else ['the status shows what is not as wanted']
    # Warnings and a refused file do not count.
    found += [line for line in problems(status) if 'warning: ' not in line and 'reload refused' not in line]
    try:
        world.assert_status(status, truth)
    except AssertionError as error:
        found.append(str(error))
    return found


def _lifetimes(switch):
    lines = switch.ip('-o', 'addr', 'show', 'to', '192.168.0.0/16').splitlines()
    return [' '.join(line.split()) for line in lines if 'valid_lft forever' not in line]


def _differ(what, has, should):
    found = []
    if has - should:
        found.append('%s too many: %s' % (what, sorted(has - should, key=str)))
    if should - has:
        found.append('%s too few: %s' % (what, sorted(should - has, key=str)))
    return found


def _without(entries, items):
    return set(one for one in entries if (one[0], one[1].split('/')[0]) not in items)
