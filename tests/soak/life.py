"""A life of random deeds with checkpoints, and its summary at the end."""
import glob
import os
import platform
import random
import time
from collections import Counter

import clock
import helpers
from fbmon.tell import logs
from kernel.daemon import Daemon
from kernel.disk import Disk
from kernel.switch import Switch
from soak import accidents, field, growth, rounds
from soak.agreement import adopt, differences
from soak.deeds import Deeds

# Seconds. PATIENCE: until network, status and truth must agree; SUSPICION: until we ask whether the sender was late.
PATIENCE, SUSPICION = 20.0, 3.0

# Bytes that a log file may be too long: after a kill the old writer and the new one may both write for a moment.
SPARE = 10000

# The daemon is left alive for the part LONG of the time; then it is killed and stopped; and it is left alive again for
# the part SHORT.
LONG, SHORT = 0.7, 0.1

# Names of Deeds. NODES: of the nodes; QUIET: those by which nothing may change; OTHERS, ALONE: those that change
# something; ENDS: the daemon's ends.
NODES = ('outage', 'outage', 'comeback', 'comeback', 'mass_outage', 'everybody_comes_back')
QUIET = ('refused_reload', 'same_reload', 'freeze', 'kill_an_ip', 'rude_askers', 'talk', 'flap', 'tease', 'strangers')
OTHERS = ('reload', 'reload', 'by_hand', 'by_hand', 'remake_port', 'remake_interface', 'log_hangs', 'swap_names',
          'swap_interfaces', 'ifdown_ifup', 'renumber')
# These must begin while nothing happens.
ALONE = ('put_routes', 'put_routes', 'drop_route', 'lease_ends')
ENDS = ('kill', 'stop')


def draw(source, deadly):
    """The names of the deeds of one window. deadly: whether the daemon may be killed and stopped."""
    if deadly and source.random() < 0.6:
        end = source.choice(ENDS)
        return source.choice([[end], ['log_hangs', end], ['outage', end], ['start_without_interface'],
                              ['killed_meanwhile']])
    kind = source.choice(['nodes', 'quiet', 'other', 'mixed'])
    if kind == 'nodes':
        return source.choice([['outage'], ['comeback'], several(source, NODES, 3)]) + ['strangers', 'tease']
    if kind == 'quiet':
        return several(source, QUIET, source.randint(1, 3))
    if kind == 'other':
        return [source.choice(OTHERS + ALONE)]
    # Without deeds whose heartbeats must not count: after a start or with another file they might count.
    return [source.choice(NODES), source.choice(QUIET[:7] + OTHERS), source.choice(NODES)]


def several(source, names, number):
    """A random choice of so many of these."""
    return [source.choice(names) for _ in range(number)]


def is_plain(names):
    """Whether the result of these deeds does not depend on what the daemon notices first."""
    return len(set(names).difference(QUIET + ENDS)) < 2


class Disagreement(Exception):
    """Kernel, status and truth differ and do not come to agree. The argument says in what."""


class Soak(object):
    """One soak. say(line) gets a line for each checkpoint; directory: for the daemon's files."""

    def __init__(self, seconds, seed, directory, say):
        self.seconds, self.seed = seconds, seed
        self.source = random.Random(seed)
        self._windows = 0
        self.disagreements, self.samples, self.grown = [], [], []
        self.counts, self.checkpoints, self.late, self.events = Counter(), Counter(), 0, 0
        self._say, self._directory = say, directory
        self._names, self._last, self._read = [], None, 0
        self.switch = self.daemon = self.deeds = self._watch = self._log = self._disk = None

    def run(self):
        """Run all of it, and remove what it leaves behind. Returns whether there was nothing to complain about."""
        try:
            self._build()
            self._live()
        except (AssertionError, Disagreement) as error:
            if self.deeds:
                self.deeds.thaw()
            self._complain(str(error))
            if self.daemon:
                self._complain('the log ends with\n' + '\n'.join(self.daemon.log().splitlines()[-15:]))
        finally:
            self._close()
        self._look_at_growth()
        return not self.disagreements and not self.grown

    def _build(self):
        self.began = clock.monotonic()
        self.switch = Switch(field.OWN, field.OUTSIDE, field.PORTS)
        if helpers.has_ipv6():
            self.switch.outside.batch(*['addr add %s/64 dev far-%s nodad' % (field.LINK_LOCAL, name)
                                        for name in ('eth0', 'eth1')])
        self.daemon = Daemon(self.switch, self._directory)
        self.daemon.step = 0.1
        self._disk = Disk(self._directory, 64)
        if self._disk.there:
            os.mkdir(self._disk.path + '/logs')
            os.symlink(self._disk.path + '/logs', self._directory + '/logs')
        else:
            self._say("no file system of its own for the log can be had here: it never hangs")
        hook = os.path.join(self._directory, 'hook')
        helpers.write_program(hook, 'exit 0')
        self._watch = self.switch.watch()
        self.deeds = Deeds(self.source, self.switch, self.daemon, hook, self._disk)

    def _close(self):
        if self.deeds:
            self.deeds.thaw()
        if self.daemon:
            self._log = log_files(self._directory)
            self.daemon.close()
        if self.switch:
            self.switch.close()
        if self._disk:
            self._disk.close()

    def _live(self):
        self.deeds.begin()
        self._names = ['start']
        self._checkpoint()
        self.deeds.new_window()
        self._do(['put_routes'])
        self._checkpoint()
        end = self.began + self.seconds
        first, second = self.began + LONG * self.seconds, self.began + (LONG + SHORT) * self.seconds
        pause = max(8.0, min(15.0, self.seconds / 20.0))
        sampled = 0.0
        while clock.monotonic() < end:
            now = clock.monotonic()
            deadly = first < now < second
            if now - sampled > pause and not deadly:
                self._sample()
                sampled = now
            self._window(deadly)
        self._sample()
        self._end()

    def _window(self, deadly):
        """Do some deeds, then a checkpoint."""
        self.deeds.new_window()
        # Each window has its own random source, so it is the same even if the windows before it differ.
        self._windows += 1
        self.source.seed(self.seed * 1000003 + self._windows)
        names = draw(self.source, deadly)
        self.deeds.window.plain = is_plain(names)
        self._do(names)
        self._checkpoint()

    def _do(self, names):
        self._names = []
        for position, name in enumerate(names):
            if position and self.source.random() < 0.5:
                time.sleep(self.source.random() * field.silence(self.deeds.world.file))
            self._names.append(name.replace('_', ' '))
            self.counts[self._names[-1]] += 1
            getattr(self.deeds, name)()

    def _checkpoint(self):
        """Wait until all agree, and check what the kernel has shown since the last checkpoint."""
        deeds, before = self.deeds, set(self.deeds.world.addresses)
        deeds.world.rest()
        began, late = clock.monotonic(), []
        found = differences(self.switch, self.daemon, deeds.world, deeds.window, began)
        while found:
            waited = clock.monotonic() - began
            if waited > SUSPICION:
                late += deeds.ask_the_sender()
            if waited > PATIENCE:
                raise Disagreement('after %s: %s' % (', '.join(self._names), '; '.join(found)))
            assert self.daemon.child.poll() is None, 'the daemon has ended with %s' % self.daemon.child.returncode
            time.sleep(0.05)
            found = differences(self.switch, self.daemon, deeds.world, deeds.window, began)
        adopt(self.switch, self.daemon, deeds.world, deeds.window)
        deeds.thaw()
        events = self._watch.take()
        late += deeds.ask_the_sender()
        # An `ip monitor` whose reader was killed ends when it has something to tell. The mark of the Watch was that.
        self._wait_for_orphans()
        for text in deeds.window.wrong(events, before) + deeds.window.wrong_transitions(self._history()):
            self._complain('%s, though nothing called for it, after %s' % (text, ', '.join(self._names)))
        self.late += len(set(late))
        self.events += len(events)
        self._report(len(events), len(set(late)))

    def _wait_for_orphans(self):
        """Wait until no child of an earlier life is there."""
        try:
            helpers.wait_for(lambda: not growth.still_there(self.deeds.orphans))
        except AssertionError:
            left = [helpers.read('/proc/%d/cmdline' % pid).replace('\0', ' ')[-60:]
                    for pid in growth.still_there(self.deeds.orphans)]
            raise Disagreement('after %s: children of an earlier life are there: %s' % (
                ', '.join(self._names), '; '.join(left)))

    def _history(self):
        """The transitions since the last checkpoint, as far as they are still kept."""
        history = self.daemon.wait(lambda status: True)['history']
        seen, self._last = self._last, history[-1]
        return history[history.index(seen) + 1:] if seen in history else history

    def _report(self, events, late):
        world = self.deeds.world
        self.checkpoints[world.verdict.state] += 1
        failed = list(world.states().values()).count('failed')
        self._say('%6.1f s  checkpoint %d: %s, %d of %d failed, %d events%s; %s' % (
            clock.monotonic() - self.began, sum(self.checkpoints.values()), world.verdict.state, failed,
            len(world.file.nodes), events, ', %d heartbeats sent late' % late if late else '', ', '.join(self._names)))

    def _sample(self):
        """Come back to the same file with all nodes alive, and measure what the daemon takes."""
        deeds = self.deeds
        deeds.new_window()
        deeds.window.plain = False
        self._names = ['back to the first file']
        deeds.everybody_comes_back()
        deeds.take_file(deeds.base)
        self._checkpoint()
        # Then both of its children are in use.
        deeds.new_window()
        self._names = ['an address is deleted']
        card = deeds.base.cards[0]
        for interface, entry in sorted(deeds.world.entries((card.interface, card.address))):
            deeds.change((interface, card.address), entry[len(card.address):])
        self._checkpoint()
        children = self._children()
        taken = []
        for _ in range(5):
            taken.append(growth.take(clock.monotonic(), deeds.life, self.daemon.child.pid, children))
            time.sleep(0.02)
        self.samples.append(growth.Sample(*[min(values) for values in zip(*taken)]))
        self._say('%s takes %s' % (' ' * 10, growth.in_words(self.samples[-1])))
        self._look_at_logs()
        awake = rounds.without_a_cause(self.daemon.child.pid)
        # A heartbeat that was sent late may be the cause.
        if awake and not deeds.ask_the_sender():
            self._complain('the controller was awake %d times in a quiet second' % awake)

    def _children(self):
        """Wait until the daemon has only its two children, and no reading of routes. Returns their pids."""
        def two():
            found = self.daemon.children()
            return len(found) == 2 and all(line.startswith('ip ') for line in found.values()) and sorted(found)
        return helpers.wait_for(two)

    def _end(self):
        """Stop the daemon, and check that the network stays as it is."""
        network = self.switch.network()
        code, _ = self.daemon.stop()
        if code != 0 or self.switch.network() != network:
            self._complain('a stop ended with exit code %d, and the network went from %s to %s' % (
                code, network, self.switch.network()))

    def _look_at_logs(self):
        sizes = log_files(self._directory)
        if len(sizes) > logs.FILES or max(sizes) > logs.SIZE + SPARE:
            self._complain('log files of %s bytes' % sizes)
        with open(self._directory + '/stderr', 'rb') as errors:
            errors.seek(self._read)
            said = errors.read()
            self._read = errors.tell()
        if ('ip monitor: ' + accidents.WORDS).encode('ascii') in said:
            self._complain('harmless words of ip monitor count as a loss')

    def _look_at_growth(self):
        for life in sorted(set(sample.life for sample in self.samples)):
            of_life = [sample for sample in self.samples if sample.life == life]
            self.grown += ['life %d: %s' % (life, text) for text in growth.judge(of_life)]

    def _complain(self, text):
        self.disagreements.append(text)
        self._say('DISAGREEMENT: ' + text)

    def summary(self):
        """The closing lines."""
        lives = [[one for one in self.samples if one.life == life] for life in set(one.life for one in self.samples)]
        longest = max(lives, key=lambda life: life[-1].at - life[0].at) if lives else []
        lines = ['seed %d, Python %s, %d s, %d listeners' % (
            self.seed, platform.python_version(), clock.monotonic() - self.began, len(field.PLACES)),
            'steps: ' + ', '.join('%s %d' % pair for pair in sorted(self.counts.items())),
            'checkpoints: %d (%s), %d events of the kernel, %d heartbeats sent late' % (
                sum(self.checkpoints.values()), ', '.join('%s %d' % pair for pair in sorted(self.checkpoints.items())),
                self.events, self.late),
            'lives of the daemon: %d' % (self.deeds.life if self.deeds else 0)]
        if longest:
            lines += ['longest look at one life: %d samples in %d s' % (
                len(longest), longest[-1].at - longest[0].at),
                '  first: ' + growth.in_words(longest[0]), '  last:  ' + growth.in_words(longest[-1])]
        lines += ['log: %d files, %.1f MB' % (len(self._log), sum(self._log) / 1e6)] if self._log else []
        lines += ['growth: ' + (text or 'none') for text in self.grown or ['']]
        lines += ['disagreements: %d' % len(self.disagreements)]
        return lines + ['  ' + text for text in self.disagreements]


def log_files(directory):
    """[The sizes of the log's files]."""
    return [os.path.getsize(path) for path in sorted(glob.glob(os.path.join(directory, 'logs', '*')))]
