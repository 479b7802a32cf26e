"""Parts of bench/: how samples become figures, tables and a picture, and what is measured. No time is measured here."""
import os
import re
import struct
import subprocess
import sys
import xml.dom.minidom

import pytest

from helpers import ROOT

sys.path.insert(0, os.path.join(ROOT, 'bench'))

import budgets  # noqa: E402
import compare  # noqa: E402
import drawing  # noqa: E402
import figures  # noqa: E402
import installing  # noqa: E402
import loads  # noqa: E402
import ours  # noqa: E402
import reaction  # noqa: E402
import results  # noqa: E402
from candidates import Candidate, Round, Took  # noqa: E402


def row(blocks, candidate='one', part='reaction', what='until gone', note=''):
    return results.Row(part, what, candidate, 'ms', blocks, note)


@pytest.mark.parametrize('share, value', [(0.0, 1), (0.5, 3), (1.0, 5), (0.25, 2), (0.95, 4.8)])
def test_a_percentile_lies_between_two_values_if_need_be(share, value):
    assert abs(figures.percentile([5, 1, 3, 2, 4], share) - value) < 1e-9


def test_a_summary_names_the_middle_the_tail_and_the_ends():
    one = figures.summary([[1.0, 2.0], [3.0], []])

    assert (one.n, one.median, one.least, one.most) == (3, 2.0, 1.0, 3.0)
    assert 2.0 < one.p95 < one.p99 < 3.0


def test_no_samples_have_no_summary():
    assert figures.summary([[], []]) is None


def test_the_interval_of_the_median_is_the_same_for_the_same_seed_and_holds_the_median():
    blocks = [[(37 * block + 11 * value) % 101 / 10.0 for value in range(9)] for block in range(5)]

    low, high = figures.interval(blocks, seed=1)

    assert figures.interval(blocks, seed=1) == (low, high)
    assert len(set(figures.interval(blocks, seed) for seed in range(9))) > 1
    assert low <= figures.median(sum(blocks, [])) <= high


def test_a_block_that_differs_from_the_others_makes_the_interval_wide():
    apart = figures.summary([[1.0] * 20, [1.0] * 20, [1.0] * 20, [3.0] * 20])

    assert (apart.low, apart.median, apart.high) == (1.0, 1.0, 3.0)


def test_two_runs_agree_where_their_intervals_meet():
    one, near, far = [figures.summary([[start, start + 0.1, start + 0.2]] * 3) for start in (1.0, 1.1, 2.0)]

    assert (figures.agree(one, near), figures.agree(one, far)) == (True, False)


def test_a_comparison_tells_which_figures_differ():
    one = [row([[1.0, 1.1]] * 3), row([[5.0]] * 3, 'two'), row([[1.0]], 'three')]
    other = [row([[1.05, 1.1]] * 3), row([[9.0]] * 3, 'two'), row([], 'three')]

    lines = compare.lines(one, other)

    assert [line.split()[0] for line in lines] == ['agrees', 'DIFFERS', '1']
    assert lines[-1].startswith('1 of 2 figures agree')


@pytest.mark.parametrize('other, words', [(10.9, 'agrees'), (9.1, 'agrees'), (11.2, 'DIFFERS'), (8.9, 'DIFFERS')])
def test_what_a_run_has_only_one_value_of_agrees_within_a_tenth(other, words):
    assert compare.lines([row([[10.0]])], [row([[other]])])[0].split()[0] == words


def test_results_are_read_as_they_were_written(tmp_path):
    path = str(tmp_path / 'results.json')
    rows = [row([[1.0, 2.25], [3.5]], note='1 round without an end'), row([])]

    results.write(path, {'kernel': 'Linux'}, rows)

    assert results.read(path) == ({'kernel': 'Linux'}, rows)


def test_a_table_has_a_line_for_each_candidate_one_without_samples_too():
    text = results.tables([row([[1.0, 2.0, 3.0]]), row([], 'two', note='failed: why')])

    lines = text.splitlines()
    assert lines[0] == '**reaction: until gone** (ms)'
    assert [line.split('|')[1].strip() for line in lines[4:]] == ['one', 'two']
    assert len(set(len(line) for line in lines[2:])) == 1
    assert re.search(r'\| two +\| 0 \|.*\| failed: why \|$', text)


def test_what_has_one_value_only_has_no_tail():
    text = results.tables([row([[16.25]], what='memory', note='10 + 6')])

    assert text.splitlines()[-1] == '| one | 16.2 | 10 + 6 |'


@pytest.mark.parametrize('value, text', [(0.0612, '0.06'), (1.849, '1.85'), (23.45, '23.4'), (1127.2, '1127')])
def test_a_number_shows_what_counts_of_it(value, text):
    assert results.number(value) == text


@pytest.mark.parametrize('values, ends', [([0.5, 3.0], (-1, 1)), ([1.0, 1.0], (0, 1)), ([0.02, 1100.0], (-2, 4))])
def test_the_axis_goes_from_one_power_of_ten_to_another(values, ends):
    assert drawing.decades(values) == ends


def test_a_curve_rises_with_every_value_to_all_of_them():
    assert drawing.steps([3.0, 1.0]) == [(1.0, 0.5), (3.0, 1.0)]


def test_the_picture_is_svg_with_a_curve_for_each_candidate_of_each_panel():
    gone, back = ('gone', [('a < b', [1.0, 2.0]), ('c', [0.5])]), ('back', [('c', [900.0]), ('d', [])])

    text = drawing.picture([gone, back], 'title')

    picture = xml.dom.minidom.parseString(text)
    assert len(picture.getElementsByTagName('polyline')) == 3
    assert [words for words in ('a &lt; b', '>c<', '>d<') if words not in text] == []


def test_what_was_aimed_at_stands_beside_what_came_out():
    rows = [row([[0.9]], 'daemon, Python 2.7.18', what=budgets.GONE),
            row([[0.6]], budgets.KEEPALIVED, what=budgets.GONE),
            row([[8.0]], 'daemon, Python 2.7.18', 'mass, addresses', budgets.GONE),
            row([[4.0]], budgets.MANY, 'mass, addresses', budgets.GONE),
            row([[90.0]], 'daemon, Python 2.7.18', 'idle', 'CPU'),
            row([[20.0]], 'bare threads that receive, Python 2.7.18', 'idle', 'CPU'),
            row([[1.0]], 'daemon, Python 2.7.18, calm', 'loads', budgets.GONE)]

    cells = [[cell.strip() for cell in line.split('|')[1:-1]] for line in budgets.table(rows)]

    assert cells[0] == ['', 'aim', 'daemon, Python 2.7.18']
    assert [line[2] for line in cells[2:]] == ['0.90', '1.50', '2.00', '70.0']


def test_without_a_daemon_nothing_was_aimed_at():
    assert budgets.table([row([[0.6]], budgets.KEEPALIVED, what=budgets.GONE)]) == []


@pytest.mark.parametrize('name', ['limits.py', 'receiver.py'])
def test_what_an_old_interpreter_runs_is_plain_ascii(name):
    with open(os.path.join(ROOT, 'bench', name), 'rb') as source:
        source.read().decode('ascii')


def test_what_is_measured_is_the_whole_program(tmp_path):
    target = str(tmp_path / 'installed')
    installing.copy(os.path.join(ROOT, 'fbmon.py'), target)

    subprocess.check_call([sys.executable, '-B', '-E', '-c', 'import fbmon.daemon.daemon'], cwd=target)


@pytest.mark.parametrize('journal', [True, False])
def test_a_copy_without_a_journal_keeps_none(tmp_path, journal):
    target = str(tmp_path / 'installed')
    installing.copy(os.path.join(ROOT, 'fbmon.py'), target)
    if not journal:
        installing.drop_journal(target)
    script = ("import sys; from fbmon.memory import journal; from fbmon.memory.records import Records;"
              "from fbmon.tell.evidence import Evidence; one = Evidence(sys.argv[1], Records(sys.argv[1] + '/life'));"
              "queued = []; one.lines.put = queued.append; one.take(journal.of_daemon(1.0, 'started', 'x'));"
              "print(len(queued))")

    found = subprocess.check_output([sys.executable, '-B', '-E', '-c', script, str(tmp_path)], cwd=target)

    assert int(found) == journal


def test_a_ping_has_the_checksum_that_a_kernel_answers_to():
    words = struct.unpack('!4H', loads.echo_request())

    assert words[0] == 0x0800
    total = sum(words)
    assert (total & 0xffff) + (total >> 16) == 0xffff


def test_what_runs_beside_a_candidate_ends_with_it_also_after_an_error(monkeypatch):
    ended = []

    class Load(object):
        def stop(self):
            ended.append('load')

    monkeypatch.setattr(Candidate, 'close', lambda self: ended.append('switch'))
    ours.Ours('one', 'python3', 'fbmon.py', '/nowhere', load=Load()).close()

    assert ended == ['load', 'switch']


def test_the_parts_that_there_are_are_told_of_in_the_page():
    with open(os.path.join(ROOT, 'bench', 'run.py')) as source:
        parts = re.search(r"(?m)^PARTS = '(.*)'$", source.read()).group(1)
    with open(os.path.join(ROOT, 'docs', 'performance.md')) as page:
        told = re.findall(r'(?m)^\| `([a-z]+)` \|', page.read())

    assert told == parts.split()


@pytest.mark.parametrize('arguments, told', [
    (['bench/run.py', '--parts', 'idle nix'], 'there is no part nix, only reaction'),
    (['bench/run.py', '--rounds', 'x'], "invalid int value: 'x'"),
    (['tests/soak/run.py', 'x'], 'SECONDS and SEED are numbers: '),
    (['tests/soak/run.py', '1', 'x'], 'SECONDS and SEED are numbers: ')])
@pytest.mark.usefixtures('rights')
def test_a_number_that_is_none_and_a_part_that_is_not_there_are_told_of(arguments, told):
    child = subprocess.Popen(['python3', os.path.join(ROOT, arguments[0])] + arguments[1:], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    output = child.communicate()[0].decode('utf-8')

    assert (child.returncode, told in output, 'Traceback' in output) == (2, True, False)


def test_the_addresses_and_the_ports_of_a_round_are_told_apart():
    both = Candidate('both').took({'- 10.0.0.1': 12.0, '- 10.0.0.2': 11.0, 'sw0 down': 15.0}, 10.0)
    addresses = Candidate('addresses').took({'+ 10.0.0.1': 12.0}, 10.0)
    samples = reaction.Samples('a')
    samples.blocks = [[Round(both, addresses), Round(None, None)]]

    assert (both, addresses) == (Took(5.0, 2.0, 5.0), Took(2.0, 2.0, None))
    assert [samples.values(*words) for words in (('gone',), ('gone', 'addresses'), ('back', 'ports'))] == \
        [[[5.0]], [[2.0]], [[]]]
    assert [(row.what, row.blocks) for row in results.reaction_rows('mass', [samples], of='ports')] == \
        [(budgets.GONE, [[5000.0]])]
