"""Debian's SNMP programs for tests: snmpd with `fbmon.py snmp` behind it, its clients, a receiver of notifications."""
import os
import subprocess
import sys

import helpers

BASE = os.path.join(helpers.ROOT, 'tests', 'snmp', 'base')
MIB = os.path.join(helpers.ROOT, 'docs', 'monitoring', 'FASTBYPASS-MIB.txt')
MIBS = ['-M', ':'.join((BASE, '/usr/share/snmp/mibs', os.path.dirname(MIB))), '-m', 'FASTBYPASS-MIB']
ROOT = '.1.3.6.1.4.1.8072.9999.9999.9742'

# Seconds for what a daemon on a busy machine makes late: one that was slow once is not asked for ten times as long.
LIMIT = 120.0

CONF = 'rocommunity public 127.0.0.1\nrwcommunity secret 127.0.0.1\npass_persist %s %s\n'


def require(*names):
    """Skip the test if one of these programs is missing."""
    for name in names:
        found = any(os.access(os.path.join(place, name), os.X_OK) for place in os.environ['PATH'].split(os.pathsep))
        helpers.require(found, 'needs %s: apt-get install snmpd snmp snmptrapd smitools' % name)


def answerer(run_dir, *words):
    """The command line of `fbmon.py snmp`."""
    return [sys.executable, '-B', helpers.FBMON, '--run-dir', str(run_dir), 'snmp'] + list(words)


def environ(directory):
    """Nobody's settings but those of a directory, and nothing is left anywhere else."""
    return dict(os.environ, SNMPCONFPATH=str(directory), SNMP_PERSISTENT_DIR=os.path.join(str(directory), 'kept'),
                MIBS='', LC_ALL='C')


class Process(object):
    """A process of Net-SNMP in a directory of its own, with a free port. Its output is in the file `said`."""

    def __init__(self, directory, argv, port):
        self.directory, self.port, self.said = str(directory), port, os.path.join(str(directory), 'said')
        with open(self.said, 'wb') as said:
            self.child = subprocess.Popen(argv, stdout=said, stderr=said, close_fds=True,
                                          env=environ(directory), preexec_fn=helpers.in_a_terminal)
        try:
            helpers.wait_for(self.listens)
        except BaseException:
            self.close()
            raise

    def listens(self):
        """Whether it has taken its port. What is sent before that is lost."""
        assert self.child.poll() is None, helpers.read(self.said)
        return ':%04X ' % self.port in helpers.read('/proc/net/udp')

    def close(self):
        """End it, by its process id."""
        if self.child.poll() is None:
            self.child.terminate()
        helpers.finish(self.child)


class Agent(Process):
    """snmpd. command: what pass_persist starts; words: its own options; prefix: what starts snmpd; config: the text of
    another configuration.
    """

    def __init__(self, directory, command, words=(), prefix=(), config=CONF):
        require('snmpd', 'snmpget', 'snmpwalk', 'snmptable')
        port = helpers.free_port()
        text = config % (ROOT, ' '.join(command)) if command else config
        config = helpers.write(os.path.join(str(directory), 'snmpd.conf'), text)
        argv = ['snmpd', '-f', '-Lo', '-C', '-c', config, '-I', '-smux,mteTrigger,mteTriggerConf'] + list(words)
        super(Agent, self).__init__(directory, list(prefix) + argv + ['udp:127.0.0.1:%d' % port], port)

    def run(self, tool, *words, **options):
        """(exit code, stdout, stderr) of a client."""
        argv = [tool] + MIBS + ['-v', '2c', '-c', options.get('community', 'public'), '-t', '5',
                                '127.0.0.1:%d' % self.port] + list(words)
        return helpers.finish(subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, close_fds=True,
                                               env=environ(self.directory)))

    def value(self, name):
        """The value of an object as text, '' if there is none."""
        code, output, _ = self.run('snmpget', '-OqvU', name if '.' in name else name + '.0')
        return '' if code or 'No Such' in output else output.strip()

    def walk(self, name='fastbypassMIB'):
        """[(name.index, value)] of all below a name."""
        code, output, errors = self.run('snmpwalk', '-OQsU', name)
        assert (code, errors) == (0, ''), errors
        return [tuple(line.split(' = ', 1)) for line in output.splitlines()]


class Receiver(Process):
    """snmptrapd. It writes a line for each notification. more: lines of its configuration."""

    def __init__(self, directory, more=''):
        require('snmptrapd', 'snmptrap', 'snmpinform')
        port = helpers.free_port()
        config = helpers.write(os.path.join(str(directory), 'snmptrapd.conf'), 'authCommunity log public\n' + more)
        super(Receiver, self).__init__(directory, ['snmptrapd', '-f', '-Lo', '-n', '-OQs', '-C', '-c', config] + MIBS
                                       + ['-x', '', 'udp:127.0.0.1:%d' % port], port)

    def notices(self):
        """[(notification, {object: value})], without the numbers of a process's uptime."""
        found = []
        for line in helpers.read(self.said).rpartition('\n')[0].splitlines():
            fields = dict(one.split(' = ', 1) for one in line.split('\t') if ' = ' in one)
            kind = [value for name, value in fields.items() if name.startswith('snmpModules') or 'TrapOID' in name]
            if kind:
                found.append((kind[0], dict((name.split('.')[0], value) for name, value in fields.items()
                                            if name.startswith('fastbypass'))))
        return found
