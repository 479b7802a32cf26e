"""The daemon lacks file descriptors, threads or room in pipes, at the start or while it runs."""
import os
import signal
import subprocess

import pytest

import helpers
from kernel import files
from kernel.daemon import listener

MANY = 30

# Root is not limited in its threads. So these tests have a user each, with the capabilities that the daemon needs. Each
# run has its own users, since limits count for a user and the tests of another interpreter may run at the same time.
USERS = [60000 + os.getpid() % 1500 * 3 + number for number in range(3)]
CAPABILITIES = '+net_admin,+dac_read_search'


def as_user(user):
    """The words in front of a command that run it as this user."""
    return ['setpriv', '--reuid', str(user), '--regid', str(user), '--clear-groups', '--inh-caps', CAPABILITIES,
            '--ambient-caps', CAPABILITIES]


def many_listeners():
    """A file with more listeners than there will be descriptors for. One failed listener makes no bypass."""
    text = files.SMALL.replace('FAILED=1', 'FAILED=%d' % MANY)
    return text + ''.join('LISTEN_HB_HOST[%d]=192.168.1.202\nLISTEN_HB_PORT[%d]=%d\n' % (index, index, 4000 + index)
                          for index in range(2, MANY))


def limited(option, number, hard):
    """The words in front of a command that run it with a limit. option: --nofile or --nproc."""
    return ['prlimit', '%s=%d:%d' % (option, number, hard)]


def limit(daemon, number):
    """Limit the running daemon to descriptors below this number. Those that are open stay open."""
    subprocess.check_call(['prlimit', '--pid', str(daemon.child.pid), '--nofile=%d:4096' % number])


def threads(daemon):
    """The number of threads that the daemon has."""
    return len(os.listdir('/proc/%d/task' % daemon.child.pid))


def test_without_descriptors_while_it_runs_a_failure_is_acted_on_and_what_was_not_possible_comes_later(
        switch, small, dpis):
    watch = switch.watch()
    limit(small, 3)
    dpis.silence(3100)
    watch.wait_for('- 192.168.1.211/32 eth0', '- 192.168.1.212/32 eth0', 'sw0 down', 'sw2 down')

    # Now its `ip` goes, and a new one cannot get a pipe.
    os.kill(small.child_of('batch'), signal.SIGKILL)
    dpis.steady(3100)
    small.wait_log('ip cannot be started: Too many open files')
    assert switch.addresses('eth0') == files.BYPASS
    limit(small, 4096)

    small.wait_sound('normal')
    assert (switch.addresses('eth0'), switch.ports()) == (files.NORMAL, files.PORTS_NORMAL)


def test_where_descriptors_are_short_at_the_start_the_network_is_managed_with_the_listeners_that_fit(
        switch, daemon, dpis):
    dpis.steady(3000, 3100)

    daemon.start(many_listeners(), limited('--nofile', 128, 128))
    shown = daemon.wait_state('normal')

    assert [listener(shown, index)['state'] for index in (0, 1)] == ['active', 'active']
    assert listener(shown, MANY - 1)['state'] == 'unconfigured'
    assert 'Too many open files' in listener(shown, MANY - 1)['error']
    os.kill(daemon.child_of('batch'), signal.SIGKILL)
    dpis.silence(3000, 3100)
    daemon.wait_state('bypass')
    assert switch.addresses('eth0') == files.BYPASS


def prepare(daemon, text, user):
    """Let the user write wherever the daemon writes."""
    ran = subprocess.call(as_user(user) + ['true'], stderr=subprocess.STDOUT, stdout=subprocess.PIPE) == 0
    helpers.require(ran, 'needs setpriv of util-linux 2.31')
    helpers.write(daemon.config, text)
    for path in (daemon.run_dir, daemon.state_dir, daemon.directory + '/logs'):
        os.mkdir(path)
        os.chown(path, user, user)


def test_where_threads_are_short_the_listeners_that_have_none_join_when_there_are_some(switch, daemon, dpis):
    dpis.steady(3000, 3100)
    prepare(daemon, many_listeners(), USERS[0])

    daemon.start(wrapper=limited('--nproc', 16, 1000) + as_user(USERS[0]))
    shown = daemon.wait_state('normal')

    assert listener(shown, MANY - 1)['state'] == 'unconfigured' and threads(daemon) <= 16
    assert 'thread' in listener(shown, MANY - 1)['error']
    subprocess.check_call(as_user(USERS[0]) + ['prlimit', '--pid', str(daemon.child.pid), '--nproc=1000:1000'])
    daemon.wait(lambda status: listener(status, MANY - 1)['state'] == 'failed')
    daemon.wait_sound('normal')


def test_without_any_thread_it_ends_with_1_so_that_systemd_starts_it_again(switch, daemon):
    prepare(daemon, files.SMALL, USERS[1])
    watch = switch.watch()

    daemon.launch(wrapper=limited('--nproc', 1, 1) + as_user(USERS[1]))

    assert daemon.ended() == 1
    # There is also no process that would write the log.
    assert 'a thread cannot be started' in helpers.read(daemon.directory + '/stderr')
    assert watch.take() == []


# It takes more pages of pipes than a user may have without CAP_SYS_RESOURCE, and keeps them until its stdin ends.
PIPES = '''
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (5000, 5000))
os.setuid(int(sys.argv[1]))
for _ in range(1200):
    os.pipe()
print("holds")
sys.stdout.flush()
sys.stdin.read()
'''


@pytest.fixture
def without_room_in_pipes():
    """The user USERS[2] gets pipes of two pages or one page only."""
    holder = helpers.python(PIPES, USERS[2], stdin=subprocess.PIPE)
    assert holder.stdout.readline() == b'holds\n'
    yield
    holder.communicate()


def test_a_batch_that_is_larger_than_its_pipe_takes_400_cards_away(
        switch, daemon, dpis, without_room_in_pipes):
    many = ['192.168.%d.%d' % (100 + number // 200, number % 200 + 1) for number in range(400)]
    text = files.without(files.SMALL, 'BYPASS_CARD_HOST') + ''.join(
        'BYPASS_CARD_HOST[%d]=%s\n' % (index, address) for index, address in enumerate(many))
    dpis.steady(3000, 3100)
    prepare(daemon, text, USERS[2])

    daemon.start(wrapper=as_user(USERS[2]))
    daemon.wait_state('normal')
    assert len(switch.addresses('eth0')) == 402
    dpis.silence(3100)
    daemon.wait_state('bypass')

    assert switch.addresses('eth0') == files.BYPASS
    assert 'cannot be made' not in daemon.log()
