"""Histories of the daemon in a simulated world. Each seed makes a history of 200 steps, always the same one."""
import logging
import zlib

import pytest

from sim import deeds, files

# Histories of the first kind, of the second, and of the third.
SEEDS, MORE, ORDERED = 40, 36, 32

# Faults that such histories have shown, with the shortened history of each. All of them are mended.
FOUND = [
    # An order ended maintenance by an index that was the name of a node in an earlier file. While it was written, that
    # maintenance was over by itself, and the order ended that of the node that has this index now: the answer came
    # before the file had it.
    [('file', 1733), ('reload', 1466), ('give', ('maintenance', '4', True, 20.0), ('override', 'freeze', 60.0),
                                        ('maintenance', '0', True, 1.0)), ('wait', 1.0), ('reload', 1666),
     ('wait', 2.5), ('wait', 2.5), ('wait', 0.5), ('wait', 0.5), ('wait', 6.0), ('wait', 6.0),
     ('give', ('maintenance', '4', True, None), ('maintenance', '4', False)), ('wall', 1.0), ('wait', 6.0)],
    # A daemon started while the network was frozen, and before it had read the network the freeze ended and a file with
    # OBSERVE=1 came: it made a lease of the run before permanent.
    [('file', 1270), ('reload', 1241), ('wait', 0.5), ('disk', 'well', 'later'), ('alive', 3001), ('wait', 1.0),
     ('give', ('override', 'freeze', 20.0), ('drill', None), ('override', 'freeze', None)), ('wait', 2.5), ('knife', 6),
     ('give', ('override', 'freeze', 6.0), ('maintenance', '3', True, 1.0)), ('wait', 0.5), ('wait', 6.0),
     ('wait', 0.5), ('reload', 1657), ('wait', 0.5)],
    # A freeze ended, and the listeners that could be launched then were all in maintenance: they were launched after
    # the decision, and nothing made the daemon decide again.
    [('file', 1694), ('alive', 3004), ('reload', 1141), ('wait', .5), ('give', ('maintenance', '0', True, None)),
     ('give', ('override', 'freeze', 6.0), ('maintenance', 'b', True, 0.0)), ('wait', 1.0), ('reload', 1346),
     ('wait', 6.0)],
    # A daemon was killed before it let go of an address that its new file did not name. The next one froze the network
    # before it had decided, and the lease of that address ran out.
    [('file', 1220), ('give', ('override', 'off'), ('override', 'freeze', 20.0)), ('wait', 6.0),
     ('disk', 'unreadable', 'later'), ('stop',), ('wait', 2.5), ('alive', 3003), ('alive', 3002), ('reload', 1572),
     ('wait', 2.5), ('wait', .5), ('disk', 'hangs', 'lost'), ('wait', 2.5), ('knife', 1), ('reload', 1380),
     ('wait', 2.5), ('reload', 1619), ('wait', 2.5)],
    # The monitor lost a change, and a freeze began: the daemon did not wait for the change any more, and went on with
    # a picture without it.
    [('file', 1510), ('give', ('override', 'off')), ('wait', 2.5), ('monitor', 'loses'), ('reload', 1118),
     ('give', ('maintenance', 'b', False), ('override', 'freeze', 60.0), ('drill', 2.5)), ('wait', 1.0), ('wait', .5)],
    # After the daemon had observed, acted, and observed again, what it had told the first time was not told again.
    [('file', 1017), ('give', ('override', 'normal', None)), ('wait', 1.0), ('reload', 1394),
     ('give', ('override', 'freeze', None)), ('give', ('override', 'normal', 6.0)), ('wait', 6.0), ('alive', 3002),
     ('wait', 2.5), ('reload', 1038), ('wait', .5), ('wait', 1.0), ('wait', 6.0)],
    # An override froze the network before the daemon had read it: leases that an earlier run had given ran out.
    [('file', 1010), ('alive', 3002), ('alive', 3003), ('wait', 6.0), ('give', ('override', 'freeze', None)),
     ('kill', 1.0), ('disk', 'hangs', 'done'), ('wait', 6.0)],
    # A reload let the daemon observe before it had read the network: it made the leases of an earlier run permanent.
    [('file', 1478), ('disk', 'unreadable', 'later'), ('reload', 1150), ('give', ('maintenance', '1', True, 20.0),
     ('maintenance', '4', True, 20.0), ('override', 'normal', 60.0)), ('disk', 'well', 'later'), ('wait', .5),
     ('stop',), ('wait', 1.0), ('reload', 1381), ('wait', 6.0)],
    # A port of a node that had reported after the others was taken for one that had had light for as long as theirs.
    [('file', 1569), ('wait', .5), ('reload', 1712), ('wait', 1.0), ('reload', 1618), ('alive', 3001), ('alive', 3004),
     ('wait', 2.5)],
    # Two lit ports exchanged their names, and the kernel had counted equally many changes of both: the one that had
    # just come up was taken for the other one.
    [('file', 1458), ('wait', 2.5), ('alive', 3002), ('wait', 6.0), ('flap', 'sw0'), ('swap', 'sw0', 'sw1'),
     ('wait', 2.5)],
    # Without any port that must be up the return waited for the light of none.
    [('file', 1702), ('wait', 6.0), ('alive', 3000), ('wait', 6.0)],
    # A reload before the kernel was read: the controller made round after round, to read routes without a picture.
    [('file', 252), ('stop',), ('wait', 1.0), ('monitor', 'ends'), ('reload', 345), ('wait', 2.5)],
    # A lease was made permanent on an interface that was made anew. This added the address, but it was not noted as
    # ours.
    [('file', 176), ('alive', 3003), ('alive', 3004), ('monitor', 'late'), ('wait', .5), ('anew', 'sw2'),
     ('reload', 253), ('rest',)],
    # The same after two interfaces had exchanged their names, so that the name belonged to another interface before.
    [('file', 54), ('wait', 1.0), ('swap', 'eth1', 'sw2'), ('reload', 453), ('beat', 3002), ('wait', 1 / 1024.0),
     ('reload', 416), ('wait', 6.0), ('wait', 6.0)],
    # An IPv6 address that had just been made permanent got a lease at once, and its network had no route meanwhile.
    [('file', 10), ('alive', 3002), ('alive', 3003), ('wait', 2.5), ('reload', 17), ('reload', 10), ('wait', .5)],
    # Two interfaces seemed to have one name, and one note in the ledger replaced the other.
    [('file', 48), ('wait', .5), ('swap', 'eth0', 'eth1'), ('monitor', 'loses'), ('swap', 'eth0', 'eth1'), ('rest',)],
    [('file', 27), ('reload', 11), ('wait', 6.0), ('monitor', 'loses'), ('swap', 'eth1', 'sw2'), ('rest',)],
    # Without promote_secondaries an address whose removal was not shown yet was put back with the next one.
    [('file', 417), ('refuses', 'refuses'), ('monitor', 'late'), ('reload', 39), ('alive', 3003), ('alive', 3001),
     ('wait', .5), ('reload', 157), ('wait', 1.0), ('wait', 1 / 16.0), ('reload', 412), ('rest',)],
    # What the monitor had lost without a word was not looked for, and forgotten.
    [('file', 643), ('reload', 145), ('wait', 1 / 16.0), ('reload', 120), ('monitor', 'forgets'), ('reload', 38),
     ('wait', 6.0), ('both', False), ('wait', 6.0), ('wait', 6.0)],
    # The same of a removal: what had been there before was taken for being back.
    [('file', 325), ('stranger', 'addr add 10.0.1.11/24 dev eth1'), ('wait', 6.0), ('reload', 128), ('wait', 2.5),
     ('monitor', 'loses'), ('wait', .5), ('wait', 1.0), ('reload', 18), ('wait', 1.0), ('rest',)],
    # Two interfaces got their names back, and the lease of an earlier run was over there before the next renewal.
    [('file', 288), ('alive', 3001), ('alive', 3002), ('wait', 1 / 16.0), ('wait', 6.0), ('kill', 1.0),
     ('swap', 'eth0', 'eth1'), ('wait', 2.5), ('swap', 'eth0', 'eth1'), ('wait', 2.5)],
    # An interface that the file did not name got another name, and the child of ip still knew it from an earlier file.
    [('file', 129), ('wait', 1 / 1024.0), ('reload', 615), ('beat', 3000), ('wait', 6.0), ('reload', 180),
     ('wait', 1 / 16.0), ('swap', 'eth1', 'sw2'), ('wait', 1 / 1024.0), ('reload', 438), ('alive', 3002),
     ('wait', .5)],
    # Two interfaces got new names while no daemon ran. A stop before the first decision left the leases there as they
    # were.
    [('file', 714), ('alive', 3000), ('reload', 615), ('wait', .5), ('reload', 272), ('kill', 1.0),
     ('swap', 'eth1', 'sw2'), ('wait', 2.5), ('stop',)],
    # A new file names an address of ours again, and the decision that is held is from a file that did not name it.
    [('file', 29), ('alive', 3004), ('alive', 3001), ('reload', 393), ('alive', 3000), ('alive', 3003), ('wait', 2.5),
     ('knife', 5), ('reload', -21), ('wait', 6.0), ('reload', 414), ('wait', 6.0)]]


# Histories of which a law has said that something is wrong, and the law was wrong.
WELL = [
    # What would be changed was seen in the round in which an override began, but before that.
    [('file', 1507), ('alive', 3002), ('reload', 1265), ('slow', 4.0), ('wait', 6.0),
     ('give', ('override', 'bypass', 6.0)), ('reload', 1727)],
    # Two files, one right after the other, leave an address out and name it, and each time that is told.
    [('file', 1701), ('wait', 6.0), ('reload', 1287), ('reload', 1520), ('knife', 0), ('wait', 6.0),
     ('give', ('override', 'off'), ('override', 'normal', 60.0), ('override', 'off')), ('wait', 1 / 16.0),
     ('reload', 1017), ('reload', 1397)],
    # A reload gives a node another name while an order is being written.
    [('file', 1599), ('give', ('maintenance', '3', True, None)), ('reload', 1065),
     ('give', ('maintenance', 'z', True, 0.0), ('override', 'off'), ('override', 'freeze', 1 / 16.0)),
     ('reload', 1272), ('wait', 1 / 16.0)],
    # What would be changed is told, and told again after an override was on for a moment.
    [('file', 1701), ('wait', 6.0), ('reload', 1287), ('reload', 1520),
     ('give', ('override', 'off'), ('override', 'normal', 60.0), ('override', 'off')), ('wait', 1 / 16.0)],
    # Two lit ports exchange their names: the light of each counts from then.
    [('file', 1549), ('wait', 6.0), ('alive', 3000), ('wait', 2.5), ('wait', 2.5), ('swap', 'sw0', 'sw1'),
     ('wait', 2.5)],
    # A dark port gets the name of another one: the light of that counts from then.
    [('file', 1240), ('wait', 6.0), ('alive', 3000), ('pull', 'sw2'), ('wait', 6.0), ('swap', 'eth1', 'sw2'),
     ('wait', .5)],
    # The monitor has lost the line of a link that came up, and has shown its light a moment later.
    [('file', 1319), ('reload', 1670), ('wait', 2.5), ('monitor', 'loses'), ('optics', 1 / 16.0), ('reload', 1747),
     ('alive', 3003), ('wait', 6.0)],
    # What it does goes to an interface that has just got the name, and the daemon is killed before it learns that.
    [('file', 1318), ('wait', .5), ('slow', 2.0), ('swap', 'eth1', 'sw2'), ('anew', 'sw2', 7.0), ('reload', 1110),
     ('kill', 1.0), ('wait', 6.0), ('wait', 6.0)]]


@pytest.fixture(autouse=True)
def quiet():
    """Turns the log off, which would take most of the time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def told(steps):
    """What is wrong with a history, with the steps that show it; None if nothing is."""
    wrong = deeds.play(steps)
    return wrong and '%s\n%r' % (wrong, deeds.shortened(steps))


@pytest.mark.parametrize('part', range(4))
def test_the_daemon_does_what_it_must_whatever_happens(part):
    assert [told(deeds.choose(seed)) for seed in range(part, SEEDS, 4)] == [None] * (SEEDS // 4)


@pytest.mark.parametrize('part', range(4))
def test_it_does_so_with_nodes_and_earned_returns_and_while_it_observes(part):
    assert [told(deeds.choose(deeds.KEYS + seed)) for seed in range(part, MORE, 4)] == [None] * (MORE // 4)


@pytest.mark.parametrize('part', range(4))
def test_it_does_what_operators_order_while_disks_hang_and_daemons_die(part):
    assert [told(deeds.choose(deeds.ORDERS + seed)) for seed in range(part, ORDERED, 4)] == [None] * (ORDERED // 4)


@pytest.mark.parametrize('first, known', [(0, 1660421795), (deeds.KEYS, 366231098)])
def test_a_seed_is_the_same_history_for_ever(first, known):
    steps = [deeds.choose(first + seed) for seed in range(40)]

    assert zlib.crc32(repr(steps).encode('ascii')) & 0xffffffff == known


def test_what_was_found_stays_mended():
    assert [told(steps) for steps in FOUND + WELL] == [None] * len(FOUND + WELL)


NODES = range(3000, 3005)
PLAIN = [('alive', port) for port in NODES] + [('wait', 2.5)] + [('dead', port) for port in NODES] + [('wait', 6.0)] \
    + [('alive', port) for port in NODES] + [('wait', 2.5), ('stop',)]


@pytest.mark.parametrize('fault, broken, kind, first', [
    ('fbmon.rules.heartbeat.after_timeout', lambda pulse, attempts: pulse, 'delayed', 0),
    ('fbmon.network.plan._remove', lambda *arguments: ([], True), 'late', 0),
    ('fbmon.network.plan.permanent', lambda *arguments: [], 'lease', 0),
    ('fbmon.rules.returning.delay', lambda course, rule: 0, 'sooner', files.KEYS),
    ('fbmon.daemon.returns.Returns.deadline', lambda self: None, 'later', files.KEYS)])
def test_a_daemon_that_fails_is_found_out(monkeypatch, fault, broken, kind, first):
    monkeypatch.setattr(fault, broken)

    wrong = [deeds.play([('file', first + number)] + PLAIN) for number in range(24)]

    assert kind in [text.partition(':')[0] for text in wrong if text]
