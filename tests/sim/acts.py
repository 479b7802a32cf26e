"""The deeds of a history, by name: what others do to the switch, and what happens to the daemon."""
import contextlib
import json

from fbmon.config import source
from fbmon.daemon import operators, shutdown
from fbmon.daemon.controller import Reload, StatusWanted, Stop
from fbmon.listeners import listener
from fbmon.memory import ledger
from fbmon.rules import returning
from fbmon.show import console, prometheus
from sim import commands, returns
from sim.earned import HOUR
from sim.laws import SHORT
from sim.linux import ipv6
from sim.orderlaws import PAUSE
from sim.standins import Bell, Records
from sim.world import World


@contextlib.contextmanager
def edges(world):
    """Replaces the places at which the daemon's parts read a file or make a pipe by themselves."""
    places = ((source, 'load', lambda path: world.load()), (ledger, 'Records', lambda path: Records(world, path)),
              (listener, 'Bell', Bell), (shutdown, 'going_down', lambda: world.going_down),
              (returning, 'HOUR', HOUR), (operators, 'PAUSE', PAUSE))
    before = [(place, name, getattr(place, name)) for place, name, _ in places]
    for place, name, other in places:
        setattr(place, name, other)
    try:
        yield
    finally:
        for place, name, own in before:
            setattr(place, name, own)


def ip(world, deed, number):
    """Make the next run of `ip` an accident."""
    world.laws.amiss_with_ip()
    world.accidents.append((deed, number / 8.0 if deed == 'late' else number))


def monitor(world, word):
    """Make `ip monitor` late, tell in pieces, be deaf at its next start, end with words, or lose lines without any."""
    watch = world.watch
    world.laws.unwell(SHORT)
    watch.late, watch.pieces = 0.25 if word == 'late' else 0.0, word == 'pieces'
    if word == 'swallows':
        watch.swallows = True
        watch.end(1 / 16.0)
    elif word == 'ends':
        watch.end(1.0)
    elif word == 'loses':
        watch.losing = 2
    elif word == 'forgets':
        watch.forget()


def both(world, first):
    """Send SIGHUP and SIGTERM together. first: whether SIGHUP is the first one."""
    world.laws.reloads()
    world.inbox += [Reload(), Stop()] if first else [Stop(), Reload()]


def boot(world):
    world.kill()
    world.boot()


def down(world):
    """The system goes down, and comes up again."""
    if world.daemon:
        world.going_down = True
        world.stop()
        world.until(world.now)
    boot(world)


def anew(world, name, pause=0.0):
    """Delete an interface, and make it anew after a pause."""
    world.laws.amiss(SHORT)
    device = world.kernel.find(name)
    if device:
        world.kernel.destroy(device)
        world.collect()
    _after(world, pause, _create, name)


def _create(world, name):
    world.laws.amiss(SHORT)
    if world.kernel.find(name) is None:
        world.kernel.set_up(world.kernel.create(name, 'dummy'))
        world.strange(*(['addr add 10.0.0.1/24 dev eth0'] if name == 'eth0' else []))


def _after(world, pause, deed, *arguments):
    """Let others do something after a pause."""
    if pause:
        world.kernel.later(pause, lambda _kernel: _strangely(world, deed, *arguments))
    else:
        deed(world, *arguments)


def _strangely(world, deed, *arguments):
    world.laws.touched += 1
    deed(world, *arguments)


def swap(world, one, other):
    """Exchange the names of two interfaces."""
    world.strange('link set dev %s name swapped' % one, 'link set dev %s name %s' % (other, one),
                  'link set dev swapped name %s' % other)
    world.marks.misread = world.marks.misread or bool(world.daemon and world.watch.blind)


def bounce(world, name, pause=0.0):
    """Bring a link down, and up after a pause."""
    world.strange('link set dev %s down' % name)
    _after(world, pause, World.strange, 'link set dev %s up' % name)


def order(world, number):
    """Remove a stranger's address and add it again, as ifdown and ifup do.

    Then it stands behind the daemon's own address, and promote_secondaries is reset.
    """
    place = '10.0.%d.%d/24 dev eth%d' % (number, 77 if number else 1, number)
    device = world.kernel.find('eth%d' % number)
    if device:
        device.promote = True
    world.strange('addr del ' + place, 'addr add ' + place)
    world.unpromote('eth%d' % number)


def contrary(world):
    """A stranger undoes the next change of the daemon, before the daemon is told of either of the two."""
    world.contrary = True


def term(world, number):
    """Send SIGTERM after so many visible deeds of the daemon."""
    world.term = number


def kill(world, pause=1.0):
    """kill -9, and start the next daemon after a pause."""
    world.kill()
    world.again_at = world.now + pause


def double(world):
    """The detection of duplicates finds one for each address that it is searching for."""
    world.laws.amiss()
    for device in world.kernel.devices.values():
        for entry in device.six:
            ipv6.double(world.kernel, device, entry)
    world.collect()


def unpromoted(world):
    """Somebody resets promote_secondaries on all interfaces."""
    for device in world.kernel.devices.values():
        world.unpromote(device.name)


def refuses(world, word):
    """promote_secondaries cannot be set any more, or can be set again."""
    world.laws.unpromoted()
    world.refuses = word == 'refuses'


def slow(world, seconds):
    """The disk with the configuration file hangs when the file is read next."""
    world.slow = seconds


def stall(world, seconds):
    """The daemon's process is not scheduled for so long."""
    world.laws.amiss(seconds + SHORT)
    world.stall(seconds)


def stuck(world, port, seconds):
    """A listener's thread does nothing for so long."""
    for node in world.nodes:
        if node.settings.port == port:
            node.stuck = world.now + seconds
            world.laws.withheld = max(world.laws.withheld, node.stuck)


def notify_full(world):
    world.notifier.full_until = world.now + 3.0


def knife(world, number):
    """kill -9 after so many visible deeds of the daemon."""
    world.knife = number


def full(world, word):
    """The run directory is full, or is not full any more."""
    world.full = word == 'full'


def status(world):
    """Somebody asks for the status."""
    world.laws.asked += 1
    world.inbox.append(StatusWanted(lambda text: _faces(world, text)))


def _faces(world, text):
    """Make all forms of the status."""
    world.laws.answered += 1
    found = json.loads(text)
    returns.told(world, found)
    world.laws.orders.in_status(found)
    console.render(found), console.render(found, True, 24), prometheus.render(found)
    console.history(found['history'])


def _with_daemon(deed):
    return lambda world, *rest: deed(world, *rest) if world.daemon else None


DEEDS = {'beat': World.beat, 'reload': _with_daemon(World.reload), 'stranger': World.strange, 'ip': ip,
         'monitor': _with_daemon(monitor), 'kill': _with_daemon(kill), 'term': _with_daemon(term),
         'contrary': contrary, 'order': order, 'stop': _with_daemon(World.stop),
         'both': _with_daemon(both), 'boot': boot, 'anew': anew, 'swap': swap, 'bounce': bounce, 'double': double,
         'unpromoted': unpromoted, 'refuses': refuses, 'slow': slow,
         'stall': _with_daemon(stall), 'stuck': stuck, 'notify': notify_full,
         'knife': _with_daemon(knife), 'full': full, 'status': _with_daemon(status), 'file': lambda world, number: None,
         'return': _with_daemon(returns.say_return), 'pull': returns.pull, 'plug': returns.plug, 'flap': returns.flap,
         'optics': returns.optics, 'down': down, 'give': _with_daemon(commands.give), 'disk': commands.disk,
         'wall': commands.wall, 'noise': commands.noise}
