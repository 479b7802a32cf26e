"""What may happen to a switch. Each deed is done to the real switch, and told to the World and the Window."""
import os
import signal
import socket
import time

import clock
import helpers
from fbmon.tell import logs
from kernel import world
from soak import field, growth, ways
from soak.accidents import Accidents
from soak.window import Window

NODES = dict((port, (host, interface)) for _, host, interface, port in field.PLACES)


class Deeds(Accidents, ways.Wayfaring):
    """Each public method is something that may happen. life: how often the daemon was started; disk: of the log."""

    def __init__(self, source, switch, daemon, hook, disk):
        self.source, self.switch, self.daemon, self.hook, self.disk = source, switch, daemon, hook, disk
        self.base = field.base_file()
        self.world = world.World(field.OWN)
        self.world.file = self.base
        self.world.ways = ways.Ways()
        self.life = 0
        self.window = None
        # Children of earlier lives: {pid: when it was started}.
        self.orphans = {}
        # When a failed node was last teased, by its port.
        self._teased = {}

    def begin(self):
        """Let all nodes live, and start the daemon."""
        self.new_window()
        self.window.plain = self.window.calm = False
        self._alive(NODES)
        self._fill_log()
        self.daemon.start(world.text(self.base))
        self.life = 1

    def new_window(self):
        """Begin a new Window, now that nothing more happens."""
        self.window = Window(self.world.file, NODES, self.world.alive, self.world.ours)

    # --- the nodes ---

    def outage(self):
        """Some nodes die."""
        self._dead(self._some(self.world.alive, 8))

    def mass_outage(self):
        """All nodes of an interface die, or most of all."""
        interface = self.source.choice(('eth0', 'eth1', None))
        self._dead(port for port in sorted(self.world.alive)
                   if (NODES[port][1] == interface if interface else self.source.random() < 0.9))

    def comeback(self):
        """Some nodes live again."""
        self._alive(self._some(set(NODES) - self.world.alive, 20))

    def everybody_comes_back(self):
        """All nodes live."""
        self._alive(set(NODES) - self.world.alive)

    def flap(self):
        """Some living nodes are silent, but not for long enough to fail. Nothing follows."""
        ports = self._some(self.world.alive, 10)
        for port in ports:
            self.switch.dpis.silence(port, host=field.target(*NODES[port]))
        time.sleep(0.4 * field.silence(self.world.file))
        self._steady(ports)

    def tease(self):
        """Some dead nodes send a heartbeat now and then, too few in a row for RECOVERY. Nothing follows."""
        if field.key(self.world.file, 'LISTEN_HEARTBEAT_RECOVERY', 1) == 1:
            return
        now = clock.monotonic()
        for port in self._some(set(NODES) - self.world.alive, 10):
            # There must be a timeout since the last one. Otherwise the heartbeats would be in a row.
            if now - self._teased.get(port, 0) > 2 * field.silence(self.world.file):
                self.switch.dpis.beat(port, host=field.target(*NODES[port]))
                self._teased[port] = now

    def strangers(self):
        """Strangers send heartbeats for dead nodes. Nothing follows if the file names the sources."""
        if field.key(self.world.file, 'LISTEN_HB_SOURCE'):
            for port in self._some(set(NODES) - self.world.alive, 10):
                host, interface = NODES[port]
                if ':' not in host:
                    self.switch.dpis.beat(port, host=host, source=field.STRANGERS[interface])

    def _dead(self, ports):
        for port in ports:
            self.switch.dpis.silence(port, host=field.target(*NODES[port]))
            self.window.died([port])
            self.world.alive.discard(port)
        self.window.calm = False

    def _alive(self, ports):
        self.window.calm = False
        self.window.returned(ports)
        self.world.alive |= set(ports)
        self._steady(ports)

    def _steady(self, ports):
        for port in sorted(ports):
            self.switch.dpis.steady(port, host=field.target(*NODES[port]), interval=field.INTERVAL)

    def _some(self, population, most):
        population = sorted(population, key=str)
        return self.source.sample(population, min(len(population), self.source.randint(1, most)))

    # --- the daemon: nothing may change by these ---

    def kill(self, meanwhile=lambda: None):
        """SIGKILL, then a start."""
        children = growth.marked(growth.listed_children(self.daemon.child.pid))
        killed = clock.monotonic()
        self.daemon.kill()
        meanwhile()
        self._start_again(children)
        # The last renewal may have been a third of the lease earlier, and a busy machine may need long for a start.
        if clock.monotonic() - killed > 0.5 * field.key(self.world.file, 'BYPASS_CARD_LEASE', 1e9) / 1000:
            self.window.loose = True
            self.window.plain = self.window.calm = False

    def stop(self, meanwhile=lambda: None):
        """SIGTERM, then a start."""
        children = growth.marked(growth.listed_children(self.daemon.child.pid))
        code, _ = self.daemon.stop()
        assert code == 0, 'a stop ended with exit code %d' % code
        meanwhile()
        self._start_again(children)

    def killed_meanwhile(self):
        """SIGKILL, then changes by hand or of the nodes, then a start."""
        self.kill(self.source.choice((self.outage, self.comeback, self.by_hand)))

    def refused_reload(self):
        """SIGHUP with a file that has a mistake."""
        good = world.text(self.world.file)
        said = self.daemon.reload(field.with_a_mistake(self.source, good))
        helpers.write(self.daemon.config, good)
        assert 'reload refused' in said, 'a file with a mistake: ' + said

    def same_reload(self):
        """SIGHUP with the same file."""
        assert 'loaded again' in self.daemon.reload()

    def freeze(self):
        """The daemon is not scheduled for longer than any timeout, while heartbeats go on."""
        self._freeze(1.3 * field.silence(self.world.file))

    def _freeze(self, seconds):
        self.daemon.signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.daemon.signal(signal.SIGCONT)

    def kill_an_ip(self):
        """Kill one of the daemon's children."""
        children = sorted(pid for pid, line in self.daemon.children().items() if line.startswith('ip '))
        if children:
            os.kill(self.source.choice(children), signal.SIGKILL)

    def rude_askers(self):
        """Some clients ask for the status and do not wait for it."""
        for _ in range(self.source.randint(1, 20)):
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.connect(os.path.join(self.daemon.run_dir, 'status.sock'))
            finally:
                sock.close()

    def _start_again(self, children):
        self._fill_log()
        self.daemon.start()
        self.life += 1
        self.orphans = growth.still_there(self.orphans)
        self.orphans.update(children)

    def _fill_log(self):
        """Fill the log as if the daemon had run for long. So the log will soon begin anew."""
        if self.disk.frozen:
            return
        path = os.path.join(self.daemon.directory, 'logs', logs.NAME)
        if not os.path.isdir(os.path.dirname(path)):
            os.mkdir(os.path.dirname(path))
        with open(path, 'ab') as target:
            target.write(b'what was logged before\n' * ((logs.SIZE - 10000 - target.tell()) // 23))

    # --- the file ---

    def reload(self):
        """SIGHUP with another file."""
        self.take_file(field.random_file(self.source, self.hook))

    def take_file(self, file):
        """SIGHUP with this file."""
        self.window.calm = False
        known = set((node.interface, node.host) for node in self.world.file.nodes)
        # The first heartbeats to a new address may be lost, until its hardware address is known.
        self.window.died(node.port for node in file.nodes if (node.interface, node.host) not in known)
        self.world.file = file
        self.window.files.append(file)
        said = self.daemon.reload(world.text(file))
        assert 'loaded again' in said, said

    # --- others ---

    def by_hand(self):
        """Somebody brings ports up or down, and adds or removes addresses of cards and listeners."""
        hosts = sorted(set((interface, host) for host, interface in NODES.values()))
        cards = [(card.interface, card.address) for card in field.CARDS]
        for item in self._some(list(field.PORTS) + hosts + cards, 4):
            prefix = self.source.choice(('/32', '/24'))
            # With a /32 the gateway would not be in the address's network.
            self.change(item, '/64' if ':' in item[1] else '/24' if item[0] == ways.INTERFACE else prefix)

    def change(self, item, prefix='/32'):
        """Make one of these changes. If the daemon works there, too, it may come too late."""
        self.window.calm = False
        if isinstance(item, tuple):
            entry = (item[0], item[1] + prefix)
            there = entry in self.world.addresses
            words, text = ['addr', 'del' if there else 'add', entry[1], 'dev', entry[0]], '%s %s %s' % (
                '-' if there else '+', entry[1], entry[0])
            if ':' in item[1] and not there:
                words.append('nodad')
            if there:
                self._lost(port for port in NODES if NODES[port] == (item[1], item[0]))
                # Otherwise its secondaries would go, too.
                self.switch.set('ipv4/conf/%s/promote_secondaries' % item[0], '1')
        else:
            word = 'up' if item in self.world.down else 'down'
            words, text = ['link', 'set', item, word], '%s %s' % (item, word)
        try:
            self.switch.ip(*words)
        except AssertionError:
            assert not self.window.plain, text
            return
        self.window.foreign[text] += 1
        if item[0] == ways.INTERFACE and item[1] not in ways.cards(self.world):
            # This address may keep the routes there for a while, and then go.
            self.world.ways.doubt()
        if isinstance(item, tuple):
            self.world.addresses ^= set([entry])
        else:
            self.world.down ^= set([item])

    def remake_port(self):
        """Somebody deletes a port and makes it anew. It is up."""
        self._remake(self.source.choice(field.PORTS))

    def remake_interface(self):
        """The same with an interface of listeners and cards, or of cards only."""
        name = self.source.choice(('eth1', 'eth1', 'eth2'))
        self._remake(name)
        if name == 'eth1':
            self.switch.ip('addr', 'add', field.OWN['eth1'], 'dev', 'eth1')
        else:
            self.world.ways.recreated()

    def start_without_interface(self):
        """An interface is not there when the daemon starts, and comes later."""
        def meanwhile():
            self.kill()
            self.daemon.wait(lambda status: any(row['state'] == 'unconfigured' for row in status['listeners']))
        self.window.loose = True
        self._remake('eth1', meanwhile)
        self.switch.ip('addr', 'add', field.OWN['eth1'], 'dev', 'eth1')

    def _remake(self, name, meanwhile=lambda: None):
        self.window.calm = False
        self.window.remade.add(name)
        self._lost(port for port in NODES if NODES[port][1] == name)
        self.switch.recreate(name, meanwhile)
        self.world.recreated(name)

    def _lost(self, ports):
        """Note that heartbeats to these ports are lost for a moment."""
        ports = set(ports)
        if ports:
            self.window.plain = False
            self.window.died(ports)

    def ask_the_sender(self):
        """Note the nodes that may have failed because the sender had to wait for the processor. Returns their ports."""
        limit = field.silence(*self.window.files) - 0.1
        late = [port for port in sorted(self.world.alive)
                if self.switch.dpis.gap(port, host=field.target(*NODES[port])) > limit
                and not self.window.may_be_dead(port)]
        self.window.died(late)
        if late:
            self.window.plain = self.window.calm = False
        return late
