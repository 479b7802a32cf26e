"""batch.py: the co-process, with a real `ip` in a namespace, and with fakes that misbehave."""
import fcntl
import os
import threading

import pytest

from fbmon.base import compat
from fbmon.network import iproute
from fbmon.network.batch import BATCH_LIMIT, CHILDREN, Batch
from fbmon.network.reading import capture
from helpers import LIMIT, alive, descriptors, read, wait_for

# An `ip -batch` that notes its commands and its pid. A line with "bad" in it fails with ip's usual words.
NOTES = '''
echo $$ >> $DIR/pids
n=0
while read -r line; do
    n=$((n+1))
    echo "$line" >> $DIR/lines
    case "$line" in
    %s)
        echo "RTNETLINK answers: File exists" >&2; echo "Command failed -:$n" >&2;;
    fbmon-acknowledge)
        echo 'Object "fbmon-acknowledge" is unknown, try "ip help".' >&2; echo "Command failed -:$n" >&2;;
    esac
done
'''
FAITHFUL = NOTES % '*bad*'

# An `ip` before 4.3: it ends if `link set dev` names an interface that is not there, or one with which "help" begins.
OLD = FAITHFUL.replace('case "$line" in', '''set -- $line
    case "$line" in
    'link set dev gone'*)
        echo "Error: argument \\"$4\\" is wrong: Unknown device" >&2; exit 255;;
    'link set dev he '*)
        printf 'Usage: ip link add [link DEV] [ name ] NAME\\n%2000s' x >&2; exit 255;;
    *crash*)
        exit 255;;''')


@pytest.fixture
def batch():
    made = Batch(limit=LIMIT)
    yield made
    made.close()


def noted(tmp_path):
    return [line for line in read(tmp_path / 'lines').splitlines() if line != 'fbmon-acknowledge']


def pids(tmp_path):
    return [int(pid) for pid in read(tmp_path / 'pids').split()]


def test_commands_go_to_one_child_in_their_order(batch, fake_ip, tmp_path):
    fake_ip(FAITHFUL)

    assert [batch.run(['one', 'two']), batch.run(['three']), batch.run([])] == [{}, {}, {}]
    assert noted(tmp_path) == ['one', 'two', 'three']
    assert len(pids(tmp_path)) == 1


def test_it_runs_ip_force_batch_in_english(batch, fake_ip, tmp_path, monkeypatch):
    monkeypatch.setenv('LC_ALL', 'de_DE.UTF-8')
    fake_ip('echo "$LC_ALL $*" > $DIR/call\n' + FAITHFUL)

    batch.run(['one'])

    assert read(tmp_path / 'call') == 'C -force -batch -\n'


def test_what_failed_is_tried_once_more_with_a_new_child_and_told_in_ips_own_words(batch, fake_ip, tmp_path):
    fake_ip(FAITHFUL)

    failed = batch.run(['one', 'bad 1', 'two', 'bad 2'])

    assert failed == {1: 'RTNETLINK answers: File exists', 3: 'RTNETLINK answers: File exists'}
    assert noted(tmp_path) == ['one', 'bad 1', 'two', 'bad 2', 'bad 1', 'bad 2']
    assert len(pids(tmp_path)) == 2
    wait_for(lambda: not alive(pids(tmp_path)[0]))


def test_what_the_second_child_can_do_has_not_failed(batch, fake_ip, tmp_path):
    fake_ip('if mkdir $DIR/first; then\n%s\nelse\n%s\nfi' % (FAITHFUL, NOTES % 'never'))

    assert batch.run(['one', 'bad']) == {}
    assert noted(tmp_path) == ['one', 'bad', 'bad']


def test_errors_are_matched_to_their_lines_though_the_child_has_done_others_before(batch, fake_ip):
    fake_ip(FAITHFUL)
    batch.run(['one', 'two', 'three'])

    assert batch.run(['four', 'bad']) == {1: 'RTNETLINK answers: File exists'}


def test_an_error_without_words_is_still_one(batch, fake_ip):
    fake_ip(FAITHFUL.replace('echo "RTNETLINK answers: File exists" >&2;', ''))

    assert batch.run(['bad']) == {0: 'failed without a word'}


def test_words_of_several_lines_become_one(batch, fake_ip):
    fake_ip(FAITHFUL.replace('File exists"', '\nFile   exists"'))

    assert batch.run(['bad']) == {0: 'RTNETLINK answers: File exists'}


def test_300_lines_are_all_done_and_the_failed_ones_named(batch, fake_ip, tmp_path):
    fake_ip(FAITHFUL)
    lines = ['%s %d' % ('bad' if number in (0, 255, 256, 299) else 'good', number) for number in range(300)]

    failed = batch.run(lines)

    assert sorted(failed) == [0, 255, 256, 299]
    assert noted(tmp_path) == lines + ['bad 0', 'bad 255', 'bad 256', 'bad 299']


def test_1500_of_the_longest_lines_that_all_fail_are_no_trouble_for_the_pipes(batch, fake_ip):
    fake_ip(FAITHFUL)
    address = 'fd00:1111:2222:3333:4444:5555:6666:7777'
    lines = ['addr del %s peer %s/128 dev a-very-bad-name nodad' % (address, address)] * 1500

    assert batch.run(lines) == dict.fromkeys(range(1500), 'RTNETLINK answers: File exists')


def test_a_flood_of_errors_does_not_block(batch, fake_ip):
    words = 'x' * 2000
    fake_ip(FAITHFUL.replace('RTNETLINK answers: File exists', words))

    assert batch.run(['bad'] * 200) == dict.fromkeys(range(200), words)


@pytest.fixture
def small_pipes(monkeypatch):
    """The stdin and stderr of each child hold 4 KB, as for a user who has many pipes."""
    spawn = iproute.spawn

    def spawn_small(*arguments, **options):
        child = spawn(*arguments, **options)
        for stream in (child.stdin, child.stderr):
            fcntl.fcntl(stream.fileno(), compat.F_SETPIPE_SZ, 4096)
        return child
    monkeypatch.setattr(iproute, 'spawn', spawn_small)


@pytest.fixture
def spawned(monkeypatch):
    """The children of `ip` that were started. One of a busy machine may be killed before it has noted its own pid."""
    spawn, children = iproute.spawn, []

    def spawn_noted(*arguments, **options):
        children.append(spawn(*arguments, **options))
        return children[-1]
    monkeypatch.setattr(iproute, 'spawn', spawn_noted)
    return children


def test_what_the_pipe_does_not_take_at_once_is_written_while_the_errors_are_read(
        batch, fake_ip, tmp_path, small_pipes):
    fake_ip(FAITHFUL)
    lines = ['%s %d %s' % ('bad' if number % 2 else 'good', number, 'x' * 80) for number in range(400)]

    failed = batch.run(lines)

    assert sorted(failed) == list(range(1, 400, 2))
    assert noted(tmp_path) == lines + lines[1::2]


def test_a_child_that_reads_nothing_more_is_ended_after_the_limit(fake_ip, small_pipes, spawned):
    fake_ip('exec sleep 600')

    failed = Batch(limit=0.2).run(['x' * 80] * 200)

    assert failed == dict.fromkeys(range(200), 'ip -batch: no answer within 0.2 s')
    assert len(spawned) == 2


def test_a_child_that_another_thread_kills_while_lines_are_written_is_not_replaced(fake_ip, tmp_path, small_pipes):
    fake_ip('echo $$ >> $DIR/pids; exec sleep 600')
    batch, found = Batch(limit=LIMIT), []
    thread = threading.Thread(target=lambda: found.append(batch.run(['x' * 80] * 200)))
    thread.start()
    wait_for(lambda: pids(tmp_path))

    batch.kill()

    thread.join(LIMIT)
    assert found == [dict.fromkeys(range(200), 'ip is not started any more: the daemon stops')]
    assert len(pids(tmp_path)) == 1


def test_a_child_that_does_not_answer_in_time_is_ended_and_the_next_one_tried(fake_ip, spawned):
    fake_ip('exec sleep 600')

    failed = Batch(limit=0.2).run(['one', 'two'])

    assert failed == dict.fromkeys((0, 1), 'ip -batch: no answer within 0.2 s')
    assert len(spawned) == 2
    wait_for(lambda: not any(alive(child.pid) for child in spawned))


def test_the_limit_is_one_second():
    assert BATCH_LIMIT == 1.0


def test_an_answer_that_comes_late_but_in_time_is_one(fake_ip, tmp_path):
    fake_ip('sleep 0.3\n' + FAITHFUL)
    batch = Batch(limit=LIMIT)
    try:
        assert batch.run(['one']) == {}
        assert len(pids(tmp_path)) == 1
    finally:
        batch.close()


def test_a_child_that_hangs_once_costs_one_limit(fake_ip, tmp_path):
    fake_ip('if mkdir $DIR/first 2> /dev/null; then exec sleep 600; fi\n' + FAITHFUL)
    batch = Batch(limit=2.0)
    try:
        assert batch.run(['one']) == {}
    finally:
        batch.close()


def test_a_child_that_dies_in_the_middle_is_told_with_its_last_words(fake_ip):
    fake_ip('read -r line; echo "out of memory" >&2; exit 1')

    assert Batch(limit=LIMIT).run(['one', 'two']) == dict.fromkeys((0, 1), 'ip -batch ended: out of memory')


UNKNOWN = 'ip -batch ended: Error: argument "%s" is wrong: Unknown device'


def test_an_old_ip_that_ends_at_a_line_fails_that_line_alone_and_what_follows_is_done(batch, fake_ip, tmp_path):
    fake_ip(OLD)

    failed = batch.run(['one', 'link set dev gone1 down', 'two', 'link set dev gone2 up', 'three'])

    assert failed == {1: UNKNOWN % 'gone1', 3: UNKNOWN % 'gone2'}
    assert noted(tmp_path) == ['one', 'link set dev gone1 down', 'two', 'link set dev gone2 up', 'three']
    assert (len(pids(tmp_path)), batch.unsure) == (3, True)


def test_one_that_takes_a_name_for_help_fails_that_line_alone_in_a_few_of_its_words(batch, fake_ip, tmp_path):
    fake_ip(OLD)

    failed = batch.run(['one', 'link set dev he up', 'two'])

    assert list(failed) == [1]
    assert failed[1].startswith('ip -batch ended: Usage: ip link add') and len(failed[1]) < 250
    assert noted(tmp_path) == ['one', 'link set dev he up', 'two']


def test_a_line_is_named_by_its_own_place_though_an_earlier_one_speaks_of_the_same_interface(batch, fake_ip, tmp_path):
    fake_ip(OLD)
    lines = ['addr del 10.0.0.1/32 dev gone', 'link set dev gone down', 'addr add 10.0.0.2/32 dev eth0']

    assert batch.run(lines) == {1: UNKNOWN % 'gone'}
    assert noted(tmp_path) == lines


def test_what_failed_before_it_ended_is_tried_once_more_too(batch, fake_ip, tmp_path):
    fake_ip(OLD)

    failed = batch.run(['bad', 'link set dev gone up', 'two'])

    assert failed == {0: 'RTNETLINK answers: File exists', 1: UNKNOWN % 'gone'}
    assert noted(tmp_path) == ['bad', 'link set dev gone up', 'bad', 'two']


def test_a_line_at_which_it_ends_without_a_word_is_found_by_its_acknowledgements_and_tried_twice_at_most(
        batch, fake_ip, tmp_path):
    fake_ip(OLD)
    lines = ['one', 'two', 'crash', 'three', 'crash too', 'four']

    assert batch.run(lines) == {2: 'ip -batch ended', 4: 'ip -batch ended'}
    assert [noted(tmp_path).count(line) for line in lines] == [2, 2, 2, 1, 1, 1]


def test_an_ip_that_ends_at_every_line_is_not_started_for_ever(batch, fake_ip, tmp_path):
    fake_ip('echo $$ >> $DIR/pids; read -r line; exit 255')

    assert batch.run(['one'] * 1000) == dict.fromkeys(range(1000), 'ip -batch ended')
    assert len(pids(tmp_path)) == 1 + CHILDREN


def test_an_ip_that_ends_late_at_every_line_holds_up_no_longer_than_one_that_hangs(fake_ip, tmp_path):
    fake_ip('echo $$ >> $DIR/pids; read -r line; sleep 0.6; exit 255')

    failed = Batch(limit=1.0).run(['one'] * 10)

    assert sorted(failed) == list(range(10))
    assert len(pids(tmp_path)) <= 3


def test_where_it_was_not_ended_in_the_middle_nothing_is_unsure(batch, fake_ip, tmp_path):
    fake_ip(FAITHFUL)

    batch.run(['one', 'bad'])
    assert not batch.unsure
    os.kill(pids(tmp_path)[-1], 9)
    wait_for(lambda: not alive(pids(tmp_path)[-1]))
    batch.run(['two'])
    assert not batch.unsure


def test_a_child_that_was_ended_by_somebody_is_replaced_unseen(batch, fake_ip, tmp_path):
    fake_ip(FAITHFUL)
    batch.run(['one'])
    os.kill(pids(tmp_path)[0], 9)
    wait_for(lambda: not alive(pids(tmp_path)[0]))

    assert batch.run(['two']) == {}
    assert noted(tmp_path) == ['one', 'two']


def test_without_ip_every_command_fails_with_that_reason(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))

    reason = 'ip cannot be started: No such file or directory'
    assert Batch().run(['one', 'two']) == {0: reason, 1: reason}


def test_an_ip_that_cannot_be_run_is_told_of(fake_ip, tmp_path, monkeypatch):
    fake_ip('')
    os.chmod(str(tmp_path / 'bin' / 'ip'), 0o644)
    monkeypatch.setenv('PATH', str(tmp_path / 'bin'))

    assert Batch().run(['one']) == {0: 'ip cannot be started: Permission denied'}


def test_restart_has_a_fresh_child_ready(batch, fake_ip, tmp_path):
    fake_ip(FAITHFUL)
    batch.run(['one'])
    batch.restart()
    wait_for(lambda: len(pids(tmp_path)) == 2)

    assert batch.run(['two']) == {}
    wait_for(lambda: not alive(pids(tmp_path)[0]))
    assert len(pids(tmp_path)) == 2


def test_restart_without_ip_is_told_by_the_next_run(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    batch = Batch()

    batch.restart()

    assert list(batch.run(['one'])) == [0]


def test_closing_ends_the_child_and_leaves_no_descriptor(batch, fake_ip, tmp_path):
    fake_ip(FAITHFUL)
    count = descriptors()
    batch.run(['bad'])
    batch.close()
    batch.close()

    assert descriptors() == count
    wait_for(lambda: not any(alive(pid) for pid in pids(tmp_path)))


def test_a_hanging_child_that_another_thread_kills_is_not_replaced_any_more(fake_ip, tmp_path):
    fake_ip('echo $$ >> $DIR/pids; exec sleep 600')
    batch, found = Batch(limit=LIMIT), []
    thread = threading.Thread(target=lambda: found.append(batch.run(['one'])))
    thread.start()
    wait_for(lambda: pids(tmp_path))

    batch.kill()

    thread.join(LIMIT)
    assert found == [{0: 'ip is not started any more: the daemon stops'}]
    assert len(pids(tmp_path)) == 1
    wait_for(lambda: not alive(pids(tmp_path)[0]))


def test_ended_children_do_not_pile_up(fake_ip, tmp_path):
    fake_ip('echo $$ >> $DIR/pids\nexit 0')
    batch = Batch(limit=LIMIT)

    for _ in range(5):
        batch.run(['one'])

    def remaining():
        batch.run(['one'])
        return [pid for pid in pids(tmp_path)[:10] if os.path.exists('/proc/%d' % pid)]
    wait_for(lambda: not remaining())


# --- the real one ---

def test_the_real_ip_does_what_it_is_told_and_acknowledges(batch, namespace):
    failed = batch.run(['link add v0 type veth peer name p0', 'link set dev v0 up', 'addr add 10.9.9.9/32 dev v0'])

    assert failed == {}
    assert [line.split()[1:4] for line in capture(['-o', '-4', 'addr', 'show', 'dev', 'v0'])] == \
        [['v0', 'inet', '10.9.9.9/32']]


def test_the_real_ip_names_the_failed_lines_and_does_the_others(batch, namespace):
    failed = batch.run(['link add v0 type veth peer name p0', 'addr add 10.9.9.9/32 dev none',
                        'addr add 10.9.9.9/32 dev v0', 'addr del 10.9.9.8/32 dev v0', 'nonsense'])

    assert sorted(failed) == [1, 3, 4]
    assert 'none' in failed[1] and all(failed.values())
    assert '10.9.9.9/32' in namespace('-o', 'addr')


def test_a_recreated_interface_is_found_by_the_second_child(batch, namespace):
    batch.run(['link add v0 type veth peer name p0', 'addr add 10.9.9.9/32 dev v0'])
    namespace('link', 'del', 'v0')
    namespace('link', 'add', 'v1', 'type', 'veth', 'peer', 'name', 'p1')
    namespace('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'p0')

    assert batch.run(['addr add 10.9.9.9/32 dev v0']) == {}
    assert 'v0' in namespace('-o', '-4', 'addr')


def test_the_real_ip_does_300_lines(batch, namespace):
    addresses = ['10.1.%d.%d/32' % divmod(number, 250) for number in range(300)]

    assert batch.run(['link add v0 type veth peer name p0'] + ['addr add %s dev v0' % one for one in addresses]) == {}
    assert [line.split()[3] for line in capture(['-o', '-4', 'addr', 'show', 'dev', 'v0'])] == addresses
