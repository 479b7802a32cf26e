"""monitor.py: it first listens, then reads everything, then follows; it is replaced when something may be lost."""
import errno
import os
import subprocess

import pytest

from fbmon.base import compat
from fbmon.network import iproute, monitor, pauses, picture
from fbmon.network.monitor import Lost, Monitor, Read, Seen, wait_until_it_listens
from helpers import LIMIT, alive, read, wait_for, write

LINK = '2: sw1: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noop state DOWN \\    link/ether 92:fb:1d:a4:c3:0c'
INET = '2: sw1    inet 10.9.9.9/24 scope global sw1\\       valid_lft forever preferred_lft forever'

# Its monitor does what the files 1, 2, ... say, one for each life. `wait` waits until it is killed.
SCRIPT = '''
echo "$*" >> $DIR/calls
case "$*" in
"-o -0 addr") cat $DIR/link;;
"-o addr") cat $DIR/addr;;
"-o monitor address link")
    echo $$ >> $DIR/pids
    life=$(wc -l < $DIR/pids)
    if [ -e $DIR/early$life ]; then . $DIR/early$life; fi
    touch $DIR/begun$$
    if [ -e $DIR/life$life ]; then . $DIR/life$life; fi
    exec sleep 600;;
esac
'''


@pytest.fixture
def watch(fake_ip, tmp_path, monkeypatch):
    """watch(scripts of the lives): starts a Monitor. Its reports are in .reports."""
    # A fake subscribes to nothing, so we only wait until each life has begun.
    monkeypatch.setattr(monitor, 'wait_until_it_listens', lambda child, clock: wait_for(
        lambda: child.poll() is not None or os.path.exists(str(tmp_path / ('begun%d' % child.pid)))))
    running = []

    def begin(*lives, **options):
        write(tmp_path / 'link', LINK + '\n')
        write(tmp_path / 'addr', INET + '\n')
        for number, life in enumerate(options.pop('early', ()), 1):
            write(tmp_path / ('early%d' % number), life + '\n')
        for number, life in enumerate(lives, 1):
            write(tmp_path / ('life%d' % number), life + '\n')
        fake_ip(SCRIPT)
        reports = []
        made = Monitor(reports.append, **options)
        made.reports, made.crashes = reports, []
        running.append(made)
        made.start(lambda: made.crashes.append(True))
        return made

    yield begin
    for made in running:
        made.close()
        made.replace()
    wait_for(lambda: not any(alive(int(pid)) for pid in read(tmp_path / 'pids').split()))


@pytest.fixture
def quick(monkeypatch):
    """Pauses are noted, and nobody waits for them."""
    taken = []

    class Noted(pauses.Pauses):
        def next(self):
            taken.append(pauses.Pauses.next(self))
            return 0.001
    monkeypatch.setattr(monitor, 'Pauses', Noted)
    return taken


def reported(watched, count):
    wait_for(lambda: len(watched.reports) >= count)
    return watched.reports[:count]


def calls(tmp_path):
    return read(tmp_path / 'calls').splitlines()


READ = Read(picture.of([LINK, INET]))


def seen(*lines):
    return Seen(tuple(picture.parse(line) for line in lines))


# --- one life ---

def test_it_subscribes_then_reads_everything_then_follows(watch, tmp_path):
    watched = watch("while [ ! -e $DIR/go ]; do sleep 0.01; done; echo 'Deleted %s'" % INET)
    assert reported(watched, 1) == [READ]
    write(tmp_path / 'go', '')

    assert reported(watched, 2) == [READ, seen('Deleted ' + INET)]
    assert sorted(calls(tmp_path)) == ['-o -0 addr', '-o addr', '-o monitor address link']
    assert calls(tmp_path).index('-o -0 addr') < calls(tmp_path).index('-o addr')


def test_nothing_is_read_before_the_child_has_subscribed(watch, tmp_path, monkeypatch):
    order = []
    monkeypatch.setattr(monitor, 'wait_until_it_listens',
                        lambda child, clock: order.append((child.poll(), calls(tmp_path).count('-o -0 addr'))))
    watched = watch()

    reported(watched, 1)

    assert order == [(None, 0)]


def test_what_happens_while_everything_is_read_is_reported_after_it(watch, tmp_path):
    watched = watch("echo 'Deleted %s'; touch $DIR/said" % INET)
    # The reading waits for the monitor's line.
    write(tmp_path / 'bin' / 'cat', '#!/bin/sh\nwhile [ ! -e $DIR/said ]; do sleep 0.01; done\nexec /bin/cat "$@"\n')

    assert reported(watched, 2) == [READ, seen('Deleted ' + INET)]


@pytest.mark.parametrize('parts', ["printf %s begun", r"printf '%01023d\n' 0", r"printf '%04095d\n' 0"])
def test_a_record_that_comes_in_parts_is_loss(watch, quick, parts):
    watched = watch(parts)

    assert reported(watched, 3) == [READ, Lost('ip monitor: a record came in parts'), READ]


def test_many_lines_at_once_are_all_reported_in_order(watch, tmp_path):
    lines = [INET.replace('10.9.9.9', '10.1.%d.%d' % divmod(number, 250)) for number in range(3000)]
    write(tmp_path / 'many', ''.join("echo '%s'\n" % line.replace('\\', '\\\\') for line in lines))
    watched = watch('. $DIR/many')
    wait_for(lambda: sum(len(one.changes) for one in watched.reports[1:]) >= 3000)

    assert [change for one in watched.reports[1:] for change in one.changes] == [picture.parse(one) for one in lines]


def test_lines_that_say_nothing_of_addresses_and_links_are_not_reported(watch):
    watched = watch("echo '10.0.0.0/24 dev sw1 proto kernel'; echo; printf '\\377\\n'; printf '%%s\\n' '%s'" % INET)

    assert reported(watched, 2) == [READ, seen(INET)]


# --- replaced ---

HARMLESS = 'Cannot open network namespace "old": Invalid argument'


def test_what_is_not_of_a_loss_is_harmless_and_logged_once(watch, quick, tmp_path, caplog):
    watched = watch("""for _ in 1 2 3; do echo '%s' >&2; done; sleep 0.05; printf 'half a line' >&2
                       printf '%%s\\n' '%s'""" % (HARMLESS, INET))

    assert reported(watched, 2) == [READ, seen(INET)]
    assert [one.getMessage() for one in caplog.records] == ['ip monitor says: ' + HARMLESS]
    assert (quick, calls(tmp_path).count('-o monitor address link')) == ([], 1)


def test_one_that_talks_without_end_fills_no_log(watch, quick, tmp_path, caplog):
    watched = watch("""n=0; while [ $n -lt 3000 ]; do n=$((n+1)); echo "word $n" >&2; done
                       printf '%%s\\n' '%s'""" % INET)

    assert reported(watched, 2) == [READ, seen(INET)]
    # Its earlier words may be read after the lines that it has shown.
    wait_for(lambda: len(caplog.records) >= 20)
    assert (len(caplog.records), quick) == (20, [])


@pytest.mark.parametrize('said', ['netlink receive error No buffer space available (105)',
                                  'Dump was interrupted and may be inconsistent.', 'dump was INTERRUPTED'])
def test_what_means_loss_has_it_replaced_wherever_it_stands(watch, quick, tmp_path, said):
    watched = watch("echo '%s' >&2; echo 'and %s' >&2" % (HARMLESS, said))

    assert said in reported(watched, 3)[1].why
    assert quick == [0]


def test_the_end_of_stderr_alone_is_no_loss_and_costs_nothing(watch, quick, tmp_path):
    watched = watch("""exec 2>&-; while [ ! -e $DIR/go ]; do sleep 0.01; done; printf '%%s\\n' '%s'""" % INET)
    reported(watched, 1)
    polls, poll = [], compat.poll
    compat.poll = lambda *given: polls.append(given) or poll(*given)
    try:
        write(tmp_path / 'go', '')
        assert reported(watched, 2) == [READ, seen(INET)]
    finally:
        compat.poll = poll
    assert (quick, len(polls) < 20) == ([], True)


def test_the_end_of_stdout_alone_is_loss(watch, quick):
    watched = watch('echo "%s" >&2; exec >&-' % 'why it ends')

    assert reported(watched, 3) == [READ, Lost('ip monitor: ended: why it ends'), READ]


def test_a_complaint_on_its_stderr_has_it_replaced_and_everything_read_again(watch, quick, tmp_path):
    watched = watch('echo "netlink receive error No buffer space available (105)" >&2; echo "Dump  was lost" >&2')

    lost = reported(watched, 3)
    assert lost[0] == lost[2] == READ
    assert lost[1].why.startswith('ip monitor: netlink receive error No buffer space available (105)')
    wait_for(lambda: calls(tmp_path).count('-o monitor address link') == 2)
    assert quick == [0]


def test_one_that_ends_is_replaced_at_once_and_then_with_growing_pauses(watch, quick):
    watched = watch('exit 0', 'exit 1', 'kill -9 $$', 'exit 0')

    found = reported(watched, 9)
    assert found[0::2] == [READ] * 5
    assert found[1::2] == [Lost('ip monitor: ended')] * 4
    assert quick == [0, 0.1, 0.2, 0.4]


def test_one_that_has_lived_long_is_replaced_without_a_pause(watch, quick):
    ticks = iter(range(0, 100000, 60))
    watched = watch('exit 0', 'exit 0', clock=lambda: float(next(ticks)))

    assert reported(watched, 5) == [READ, Lost('ip monitor: ended')] * 2 + [READ]
    assert quick == [0, 0]


def test_a_reading_that_fails_is_told_and_tried_again(watch, quick, tmp_path):
    watched = watch(early=['rm $DIR/link', """printf '%%s\\n' '%s' > $DIR/link""" % LINK])

    found = reported(watched, 2)

    assert found[0].why.startswith('ip -o -0 addr: ') and 'No such file' in found[0].why
    assert found[1] == READ


def test_without_ip_it_says_so_and_goes_on_trying(quick, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    reports, crashes = [], []
    watched = Monitor(reports.append)
    watched.start(lambda: crashes.append(True))
    wait_for(lambda: len(quick) >= 8)
    watched.close()

    assert reports[:5] == [Lost('ip cannot be started: No such file or directory')] * 5
    assert (quick[:8], crashes) == ([0, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0], [])


def test_replace_has_everything_read_again_at_once(watch, tmp_path):
    watched = watch()
    for count in (1, 2, 3):
        assert reported(watched, count) == [READ] * count
        watched.replace()
    reported(watched, 4)

    pids = [int(pid) for pid in read(tmp_path / 'pids').split()]
    wait_for(lambda: [alive(pid) for pid in pids] == [False] * 3 + [True])


def test_replace_ends_a_pause(watch):
    watched = watch('exit 0', 'exit 0')
    assert reported(watched, 4) == [READ, Lost('ip monitor: ended')] * 2
    began = compat.monotonic()

    watched.replace()

    assert reported(watched, 5)[4] == READ
    assert compat.monotonic() - began < LIMIT


def test_replacing_never_blocks_though_nobody_heeds():
    idle = Monitor([].append)
    for _ in range(100000):
        idle.replace()


def test_close_ends_the_child(watch, tmp_path):
    watched = watch()
    reported(watched, 1)
    pid = int(read(tmp_path / 'pids'))

    watched.close()

    wait_for(lambda: not alive(pid))


def test_no_child_is_begun_after_the_close(fake_ip, tmp_path):
    fake_ip(SCRIPT)
    watched = Monitor([].append)
    watched.close()

    for begin in (watched.watch, watched.look):
        with pytest.raises(iproute.IpError):
            begin()

    assert calls(tmp_path) == []


def test_a_reading_that_hangs_is_ended_by_the_close_and_is_no_loss(watch, tmp_path):
    watched = watch()
    reported(watched, 1)
    path = str(tmp_path / 'bin' / 'ip')
    write(path, read(path).replace('cat $DIR/link', 'echo $$ >> $DIR/pids; touch $DIR/hangs; exec sleep 600'))
    watched.replace()
    wait_for((tmp_path / 'hangs').exists)

    watched.close()

    # This is long before the reading's own time is up.
    limit = monitor.reading.READ_LIMIT / 2
    wait_for(lambda: not any(alive(int(pid)) for pid in read(tmp_path / 'pids').split()), limit)
    assert watched.reports == [READ]


# --- when it listens ---

HEAD = 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n'


@pytest.fixture
def child():
    """A process that runs and says nothing."""
    sleeper = subprocess.Popen(['sleep', '600'], stderr=subprocess.PIPE)
    yield sleeper
    sleeper.kill()
    sleeper.communicate()


def proc(tmp_path, pid, table=None, state='S'):
    """Make a /proc that shows the process `pid` in this state, and this table of sockets. Returns its path."""
    place = tmp_path / str(pid)
    (place / 'net').mkdir(parents=True)
    if table is not None:
        write(place / 'net' / 'netlink', HEAD + table)
    write(place / 'stat', '%d (ip) S) %s 1 2 3 4\n' % (pid, state))
    return tmp_path


def row(pid, groups):
    return '00000000 0   %-10d %s 0        0        0     2        0        4711\n' % (pid, groups)


def waits(child, place, looks=50):
    """Wait until it listens. Returns how many looks at the clock it took; after `looks` the limit is over."""
    clock = iter(range(looks * 10))
    wait_until_it_listens(child, clock=lambda: float(next(clock)), limit=float(looks), proc=str(place))
    return next(clock) - 1


def test_it_listens_when_it_sleeps_with_a_socket_in_a_group(child, tmp_path):
    assert waits(child, proc(tmp_path, child.pid, row(1, '00000111') + row(child.pid, '00000111'))) == 1


@pytest.mark.parametrize('state', ['R', 'D', 'T'])
def test_one_that_has_joined_and_works_still_throws_away_what_comes(child, tmp_path, state):
    assert waits(child, proc(tmp_path, child.pid, row(child.pid, '00000111'), state)) == 50


@pytest.mark.parametrize('groups, other', [('00000000', 0), ('00000111', 1)])
def test_neither_its_socket_without_a_group_nor_one_of_another_process_is_enough(child, tmp_path, groups, other):
    assert waits(child, proc(tmp_path, child.pid, row(child.pid + other, groups))) == 50


def test_where_the_kernel_shows_no_table_it_goes_on(child, tmp_path):
    assert waits(child, proc(tmp_path, child.pid)) == 1


def test_a_child_that_has_ended_is_not_waited_for(tmp_path):
    ended = subprocess.Popen(['true'], stderr=subprocess.PIPE)
    ended.wait()

    assert waits(ended, proc(tmp_path, ended.pid, '')) == 1
    ended.stderr.close()


def test_what_the_child_says_meanwhile_does_not_make_the_wait_a_busy_one(child, tmp_path, monkeypatch):
    slept = []
    monkeypatch.setattr(monitor.time, 'sleep', slept.append)

    assert waits(child, proc(tmp_path, child.pid, '')) == 50
    assert slept == [monitor.LISTEN_STEP] * 49


def test_the_real_ip_monitor_is_seen_to_listen():
    child = iproute.spawn(monitor.FOLLOW)
    try:
        wait_until_it_listens(child, limit=LIMIT)

        place = '/proc/%d/' % child.pid
        assert monitor._joined(child.pid, place) and monitor._sleeps(place)
        assert child.poll() is None
    finally:
        iproute.Reaper().end(child)


def test_a_child_that_another_thread_collects_while_it_is_ended_is_no_error():
    child = iproute.spawn(['-V'])
    wait_for(lambda: child.poll() is not None)

    def gone():
        raise OSError(errno.ESRCH, 'No such process')
    child.poll, child.kill = lambda: None, gone
    iproute.Reaper().end(child)

    assert child.stdout.closed
