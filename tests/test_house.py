"""The rules of this repository that a machine can check: what may import what, and what must agree with what."""
import ast
import io
import os
import re
import subprocess
import sys
import sysconfig

import pytest

from fbmon import __version__
from fbmon.base import compat
from helpers import ROOT

# The modules that decide: values in, values out.
CORE = ['network.checks', 'network.picture', 'network.plan', 'network.routes', 'config.consequences', 'config.reader',
        'config.table', 'rules.ahead', 'rules.decision', 'rules.heartbeat', 'rules.items', 'rules.nodes',
        'rules.ordering', 'rules.orders', 'rules.pings', 'rules.returning', 'rules.states', 'rules.wanted']
# addresses uses inet_pton and inet_ntop of socket, which are arithmetic.
ARITHMETIC = {('config.addresses', 'socket')}
WORLD = {'socket', 'subprocess', 'threading', 'time'}


def read(name):
    with io.open(os.path.join(ROOT, name), encoding='utf-8') as source:
        return source.read()


def python_files(*directories):
    """The Python files below these directories, as paths relative to the repository."""
    return sorted(os.path.relpath(os.path.join(place, name), ROOT) for directory in directories
                  for place, _, names in os.walk(os.path.join(ROOT, directory))
                  for name in names if name.endswith('.py'))


def module_of(path):
    """The name of a module: 'rules.wanted' for 'fbmon/rules/wanted.py', 'rules.__init__' for a room's docstring."""
    return path[len('fbmon/'):-len('.py')].replace(os.sep, '.')


MODULES = dict((module_of(path), path) for path in python_files('fbmon'))


def imports(name):
    """The names of all modules that a file imports. A module of ours has the form 'fbmon.rules.wanted'."""
    found = set()
    for node in ast.walk(ast.parse(read(name).encode('utf-8'))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module.startswith('fbmon'):
            for alias in node.names:
                module = '%s.%s' % (node.module, alias.name)
                found.add(module if module[len('fbmon.'):] in MODULES else node.module)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return found


def graph():
    """{module, for example 'rules.wanted': the modules that it imports}"""
    return dict((module, imports(path)) for module, path in MODULES.items())


def rooms(module, edges):
    """The rooms of fbmon that a module imports from."""
    return set(name.split('.')[1] for name in edges[module] if name.startswith('fbmon.'))


def reached(module, edges):
    """The modules of fbmon that a module needs, with itself."""
    known, ahead = set(), [module]
    while ahead:
        current = ahead.pop()
        if current not in known and current in edges:
            known.add(current)
            ahead += [name[len('fbmon.'):] for name in edges[current] if name.startswith('fbmon.')]
    return known


def levels():
    """The picture in the README, as [{room: its modules} of each line], from the top."""
    picture = re.search(r'(?s)\n## The code\n.*?\n    fbmon.py .*?\n(.*?)\n\n', read('README.md')).group(1)
    found = []
    # A long list goes on in the next line of the README.
    for line in re.sub(r',\n {29}', ', ', picture).splitlines():
        names = re.findall(r'(\w+)/', line)
        lists = line.rpartition('/')[2].split(u'\xb7')
        found.append(dict((room, [name.strip() for name in text.split(',')]) for room, text in zip(names, lists)))
    return found


def test_the_readme_shows_every_room_and_its_modules():
    shown = sorted('%s.%s' % (room, name) for level in levels() for room, names in level.items() for name in names)

    assert shown == sorted(module for module in MODULES if not module.endswith('__init__'))


def test_every_room_imports_only_rooms_below_it():
    edges, picture = graph(), levels()
    places = dict((room, number) for number, level in enumerate(picture) for room in level)

    assert [(module, room) for module in sorted(edges) if '.' in module
            for room in sorted(rooms(module, edges) - set([module.split('.')[0]]))
            if places[room] <= places[module.split('.')[0]]] == []


def test_no_circle_leads_through_the_modules():
    edges = graph()

    assert [module for module in sorted(edges) for name in edges[module]
            if module in reached(name[len('fbmon.'):], edges)] == []


def standard_modules():
    """The names of the running Python's own modules."""
    names = os.listdir(sysconfig.get_paths()['stdlib'])
    return set(name.partition('.')[0] for name in names) | set(sys.builtin_module_names)


def test_no_module_hides_one_of_the_standard_library_from_its_neighbours():
    # For `import x` 2.7 first looks beside the module that imports.
    assert standard_modules() & set(module.rpartition('.')[2] for module in MODULES) - set(['__init__']) == set()


@pytest.mark.parametrize('module', CORE)
def test_the_core_and_all_that_it_needs_know_no_socket_process_thread_or_clock(module):
    edges = graph()

    assert [(name, world) for name in sorted(reached(module, edges)) for world in sorted(edges[name] & WORLD)
            if (name, world) not in ARITHMETIC] == []


def test_processes_are_started_in_two_modules_only():
    assert [name for name, names in sorted(graph().items()) if 'subprocess' in names] == ['base.starting']
    assert [name for name in python_files('fbmon') if 'os.fork' in read(name)] == ['fbmon/tell/runner.py']


def test_what_is_run_as_a_small_process_of_its_own_imports_nothing_of_ours():
    assert [name for name in imports('fbmon/tell/runner.py') | imports('fbmon/memory/writer.py')
            if name.startswith('fbmon')] == []


def test_a_python_of_a_switch_needs_nothing_else():
    strangers = {'six', '__future__', 'typing', 'enum', 'pathlib', 'asyncio', 'selectors', 'ipaddress'}

    assert [(module, sorted(names & strangers)) for module, names in graph().items() if names & strangers] == []


def test_values_are_made_by_base_tuples_which_takes_a_tenth_of_the_time():
    assert [name for name in python_files('fbmon') if re.search(r'collections(\.| import )namedtuple', read(name))] == \
        ['fbmon/base/tuples.py']


def test_the_daemon_loads_no_large_module_that_it_can_do_without():
    program = 'import sys; before = set(sys.modules); import fbmon.cli.main; sys.modules.setdefault("_ssl", None); ' \
        'import fbmon.daemon.daemon; print(" ".join(set(sys.argv[1:]) & set(sys.modules) - before))'
    large = ['difflib', 'argparse', 'ctypes', 'logging.handlers', 'ssl', 'tempfile', 'calendar', 'fbmon.config.table',
             'fbmon.config.consequences', 'fbmon.listeners.pingwatch',
             'fbmon.show.console', 'fbmon.show.prometheus']

    assert subprocess.check_output([sys.executable, '-c', program] + large, cwd=ROOT).strip() == b''


# The files that bench/ runs under the interpreters that it measures.
MEASURED = [os.path.join('bench', name) for name in ('limits.py', 'receiver.py')]


@pytest.mark.parametrize('name', ['fbmon.py'] + MEASURED + python_files('fbmon')
                         + [name for name in python_files('tests') if not name.startswith('tests/e2e/')])
def test_every_file_that_a_switch_or_a_test_reads_is_python_2_and_3(name):
    compile(read(name).encode('utf-8'), name, 'exec', dont_inherit=True)


def test_every_codec_is_loaded_at_the_start():
    named = re.compile(r"\.(?:encode|decode)\('([^']+)'")

    assert set(name for path in MODULES.values() for name in named.findall(read(path))) == set(compat.CODECS)


def test_every_module_says_what_it_is_for():
    names = ['fbmon.py'] + python_files('fbmon', 'bench', 'demo', 'tools')

    assert [name for name in names if not re.match(r'(#!.*\n)?"""\S', read(name))] == []


def test_the_modules_stay_small():
    names = python_files('fbmon', 'bench', 'demo', 'tools')

    assert [name for name in names if read(name).count('\n') > 250] == []


def test_the_latest_version_of_the_changelog_is_the_programs():
    assert re.search(r'(?m)^## (\S+)', read('CHANGELOG.md')).group(1) == __version__


def test_make_help_names_every_target():
    targets = set(re.findall(r'(?m)^([a-z][a-z0-9-]*):(?!=)', read('Makefile')))

    shown = subprocess.check_output(['make', '--no-print-directory', '-C', ROOT], universal_newlines=True)

    assert targets == set(re.findall(r'(?m)^  ([a-z][a-z0-9-]*)  ', shown))


def test_the_demo_runs_the_example_of_the_readme_with_a_shorter_timeout():
    example = re.search(r'(?s)\n(LOG_LEVEL=INFO\n.*?)```', read('README.md')).group(1)
    played = re.search(r"(?s)\nCONFIG = '''\\\n(.*?)'''", read('demo/story.py')).group(1)

    assert played == example.replace('LISTEN_HEARTBEAT_TIMEOUT=3000', 'LISTEN_HEARTBEAT_TIMEOUT=1000')


def test_the_first_two_commands_of_the_readme_install_what_they_need():
    commands = re.findall(r'(?m)^ *sudo apt-get install -y (.*) && sudo make (\w+)$', read('README.md'))

    assert [(target, set(words.split())) for words, target in commands] == [
        ('demo', {'make', 'python3', 'iproute2', 'iputils-ping'}),
        ('test', {'make', 'python3', 'python3-venv', 'iproute2', 'iputils-ping', 'shellcheck', 'strace',
                  'libfaketime'})]
