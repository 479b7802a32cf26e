"""Debian's snmpd, snmpwalk, snmpget, snmptable and snmpset with `fbmon.py snmp` behind them."""
import json
import os
import shutil
import socket
import tempfile
import threading

import pytest

import agents
import helpers
import statuses
from fbmon.memory import rundir
from fbmon.show import statussocket
from fbmon.snmp import objects


class Daemon(object):
    """A status socket that gives one document."""

    def __init__(self, run_dir, status, group=0):
        os.mkdir(str(run_dir))
        os.chown(str(run_dir), os.geteuid(), group or os.getegid())
        os.chmod(str(run_dir), 0o2750 if group else 0o700)
        self.path, self.status = os.path.join(str(run_dir), rundir.SOCKET), status
        self._sock = statussocket.listen(self.path)
        self._sock.setblocking(True)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection = self._sock.accept()[0]
            except EnvironmentError:
                return
            try:
                connection.recv(4096)
                connection.sendall(json.dumps(self.status).encode('ascii'))
            except EnvironmentError:
                pass
            connection.close()

    def close(self):
        """Its process ends."""
        self._sock.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._sock.close()


@pytest.fixture
def behind(tmp_path):
    """behind(status): (an Agent with this status behind it, the Daemon)."""
    made = []

    def start(status):
        made.append(Daemon(tmp_path / 'run', status))
        (tmp_path / 'agent').mkdir()
        made.append(agents.Agent(tmp_path / 'agent', agents.answerer(tmp_path / 'run')))
        # snmpd starts the command with the first question.
        helpers.wait_for(lambda: made[1].value('fastbypassState') == status['state'], agents.LIMIT)
        return made[1], made[0]
    agents.require('snmpd', 'snmpget', 'snmpwalk', 'snmptable', 'snmpset')
    yield start
    for one in reversed(made):
        one.close()


def rich():
    """A status with something in every table, and numbers whose order as texts is another one."""
    listeners = [statuses.listener(index, 'failed' if index == 10 else 'active') for index in (0, 2, 9, 10, 100)]
    ports = [statuses.port(name, wanted=wanted) for name, wanted in (('sw10', 'up'), ('sw9', 'down'), ('a;id', None))]
    return statuses.status(listeners, [statuses.card(0, **statuses.WATCHED), statuses.card(11)], ports,
                           problems=[u'first\nline %s' % statuses.HOURS, u'\xe9 "quoted" \\', u'x' * 600])


def test_a_walk_gives_every_object_once_in_order_with_the_types_of_the_mib(behind):
    agent, daemon = behind(rich())
    found, values = agent.walk(), objects.running(json.loads(json.dumps(daemon.status)))

    assert len(found) == len(values) == len(set(found))
    code, output, errors = agent.run('snmpwalk', '-On', 'fastbypassMIB')
    walked = [tuple(int(part) for part in line.split(' = ')[0].split('.')[1:]) for line in output.splitlines()]
    assert walked == sorted(walked) and 'Wrong Type' not in output and (code, errors) == (0, '')


def test_names_states_and_hostile_texts_arrive_as_one_line(behind):
    agent, _ = behind(rich())
    values = dict(agent.walk())

    assert values['fastbypassState.0'] == 'normal' and values['fastbypassObserve.0'] == 'false'
    assert [values['fastbypassListenerState.%d' % index] for index in (0, 10, 100)] == ['active', 'failed', 'active']
    assert values['fastbypassPortWanted."a;id"'] == 'unknown' and values['fastbypassPortWanted."sw9"'] == 'down'
    assert values['fastbypassProblemText.1'] == 'first\\nline 3600.0'
    assert values['fastbypassProblemText.2'] == '\\xe9 "quoted" \\'
    assert values['fastbypassProblemText.3'] == 'x' * 477 + '...'
    assert values['fastbypassCardPings.0'] == 'seen' and values['fastbypassCardPings.11'] == 'notWatched'


def test_a_table_has_its_rows(behind):
    agent, _ = behind(rich())
    code, output, _ = agent.run('snmptable', '-CH', '-Ci', '-Cf', '|', 'fastbypassNodeTable')
    rows = [line.split('|') for line in output.strip().splitlines()]

    assert code == 0 and [row[0] for row in rows] == ['0', '2', '9', '10', '100']
    assert rows[3][:3] == ['10', '10', 'failed']


def test_a_set_is_refused_and_snmpd_goes_on(behind):
    agent, _ = behind(rich())
    for words in (('fastbypassState.0', 'i', '3'), ('fastbypassVersion.0', 's', 'a\nb'), ('fastbypassNext.9', 's', '')):
        code, _, errors = agent.run('snmpset', *words, community='secret')
        assert code and 'notWritable' in errors

    assert agent.value('fastbypassState') == 'normal'


def test_without_a_daemon_the_state_says_so_and_the_tables_are_empty(behind):
    agent, daemon = behind(rich())
    daemon.close()
    helpers.wait_for(lambda: agent.value('fastbypassState') == 'notRunning', agents.LIMIT)
    daemon.close = lambda: None

    assert [name for name, _ in agent.walk()] == ['fastbypassState.0', 'fastbypassForced.0', 'fastbypassNoAnswer.0']
    assert 'Connection refused' in agent.value('fastbypassNoAnswer')


def test_when_snmpd_ends_so_does_the_command(behind):
    agent, _ = behind(rich())
    line = ' '.join(agents.answerer(os.path.join(os.path.dirname(agent.directory), 'run')))

    def runs():
        lines = [helpers.read('/proc/%s/cmdline' % pid) for pid in os.listdir('/proc') if pid.isdigit()]
        return [one for one in lines if one.strip('\0').replace('\0', ' ') == line]
    assert len(runs()) == 1
    agent.child.kill()
    agent.child.wait()

    helpers.wait_for(lambda: not runs())


# A user of snmpd as Debian has it, and the group of the status. Only this test has them.
USER, GROUP = 64901, 64902
ACCOUNTS = 'mount --make-rprivate / && mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group && ' \
    'shift && exec "$@"'


@pytest.fixture
def open_place():
    """A directory that every user may enter, with a copy of the program, and the accounts of snmpd's user."""
    made = tempfile.mkdtemp(prefix='fbmon-snmp-')
    os.chmod(made, 0o755)
    shutil.copy(helpers.FBMON, made)
    shutil.copytree(os.path.join(helpers.ROOT, 'fbmon'), made + '/fbmon')
    helpers.write(made + '/passwd', helpers.read('/etc/passwd') + 'agent:x:%d:%d::/:/bin/false\n' % (USER, USER))
    os.mkdir(made + '/agent', 0o755)
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize('members, state', [('agent', 'normal'), ('', 'notRunning')])
def test_the_user_of_snmpd_reads_the_status_if_it_is_in_the_group(rights, open_place, members, state):
    agents.require('snmpd', 'snmpget')
    helpers.require(os.access('/usr/bin/python3', os.X_OK), 'needs /usr/bin/python3, which every user can run')
    helpers.write(open_place + '/group', helpers.read('/etc/group') + 'agent:x:%d:\nfastbypass:x:%d:%s\n' % (
        USER, GROUP, members))
    daemon = Daemon(open_place + '/run', rich(), GROUP)
    command = ['/usr/bin/python3', '-B', open_place + '/fbmon.py', '--run-dir', open_place + '/run', 'snmp']
    agent = None
    try:
        agent = agents.Agent(open_place + '/agent', command, ['-u', 'agent', '-g', 'agent'],
                             ['unshare', '--mount', 'sh', '-c', ACCOUNTS, 'sh', open_place])
        found = agent.value('fastbypassState'), agent.value('fastbypassNoAnswer')
    finally:
        if agent:
            agent.close()
        daemon.close()

    assert found[0] == state and ('Permission denied' in found[1]) == (state == 'notRunning')


def test_the_lines_of_the_page_are_enough_for_snmpd_as_debian_sets_it_up(behind, tmp_path):
    page = helpers.read(os.path.join(helpers.ROOT, 'docs', 'monitoring.md')).partition('\n## SNMP\n')[2]
    lines = [line[4:] for line in page.splitlines() if line.startswith(('    pass_persist ', '    view '))]
    walk = next(line.split() for line in page.splitlines() if line.startswith('    snmpwalk '))
    launch, place = '/usr/share/fastbypass_monitor/launch snmp', tmp_path / 'debian'
    assert len(lines) == 2 and launch in lines[0]
    place.mkdir()
    theirs = [line for line in helpers.read('/etc/snmp/snmpd.conf').splitlines()
              if not line.startswith(('agentaddress', 'master'))]
    behind(rich())
    ours = [line.replace(launch, ' '.join(agents.answerer(tmp_path / 'run'))) for line in lines]
    agent = agents.Agent(place, [], config='\n'.join(theirs + ours) + '\n')
    try:
        code, output, errors = agent.run(walk[0], '-On', walk[-1], community=walk[4])
    finally:
        agent.close()

    assert (code, errors) == (0, '') and walk[-1] + '.1.0 = INTEGER: normal(2)' in output
