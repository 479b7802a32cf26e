"""The rules of this repository that a machine can check: what may import what, and what must agree with what."""
import ast
import io
import os
import re
import subprocess

import pytest

from fbmon import __version__
from helpers import ROOT

# What the daemon decides by: values in, values out.
CORE = ['checks', 'config', 'envfile', 'heartbeat', 'picture', 'plan', 'rules', 'states', 'table', 'wanted']
# addresses uses inet_pton and inet_ntop of socket, which are arithmetic.
ARITHMETIC = {('addresses', 'socket')}
WORLD = {'socket', 'subprocess', 'threading', 'time'}


def read(name):
    with io.open(os.path.join(ROOT, name), encoding='utf-8') as source:
        return source.read()


def python_files(*directories):
    """The Python files directly in these directories, relative to the repository."""
    return sorted(os.path.join(directory, name) for directory in directories
                  for name in os.listdir(os.path.join(ROOT, directory)) if name.endswith('.py'))


def imports(name):
    """Names of the modules that a file imports, anywhere in it; `from fbmon import x` is fbmon.x."""
    found = set()
    for node in ast.walk(ast.parse(read(name).encode('utf-8'))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == 'fbmon':
            found.update('fbmon.' + alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return found


def graph():
    """{module of fbmon: the modules that it imports}"""
    return dict((os.path.basename(name)[:-3], imports(name)) for name in python_files('fbmon'))


def reached(module, edges):
    """The modules of fbmon that a module needs, itself included."""
    known, ahead = set(), [module]
    while ahead:
        current = ahead.pop()
        if current not in known and current in edges:
            known.add(current)
            ahead += [name[len('fbmon.'):] for name in edges[current] if name.startswith('fbmon.')]
    return known


@pytest.mark.parametrize('module', CORE)
def test_the_core_and_all_that_it_needs_know_no_socket_process_thread_or_clock(module):
    edges = graph()

    assert [(name, world) for name in sorted(reached(module, edges)) for world in sorted(edges[name] & WORLD)
            if (name, world) not in ARITHMETIC] == []


def test_processes_are_started_in_three_modules_only():
    assert [module for module, names in sorted(graph().items()) if 'subprocess' in names] == ['compat', 'iproute']
    assert [name for name in python_files('fbmon') if 'os.fork' in read(name)] == ['fbmon/runner.py']


def test_what_is_run_as_a_small_process_of_its_own_imports_nothing_of_ours():
    assert [name for name in imports('fbmon/runner.py') if name.startswith('fbmon')] == []


def test_a_python_of_a_switch_needs_nothing_else():
    strangers = {'six', '__future__', 'typing', 'enum', 'pathlib', 'asyncio', 'selectors', 'ipaddress'}

    assert [(module, sorted(names & strangers)) for module, names in graph().items() if names & strangers] == []


# What bench/ runs under the interpreters that it measures.
MEASURED = [os.path.join('bench', name) for name in ('limits.py', 'receiver.py')]


@pytest.mark.parametrize('name', ['fbmon.py'] + MEASURED + python_files('fbmon', 'tests'))
def test_every_file_that_a_switch_or_a_test_reads_is_python_2_and_3(name):
    compile(read(name).encode('utf-8'), name, 'exec', dont_inherit=True)


def test_every_module_says_what_it_is_for():
    names = ['fbmon.py'] + python_files('fbmon', 'bench', 'demo', 'tools')

    assert [name for name in names if not re.match(r'(#!.*\n)?"""\S', read(name))] == []


def test_the_modules_stay_small():
    names = python_files('fbmon', 'bench', 'demo', 'tools')

    assert [name for name in names if read(name).count('\n') > 260] == []


def test_the_latest_version_of_the_changelog_is_the_programs():
    assert re.search(r'(?m)^## (\S+)', read('CHANGELOG.md')).group(1) == __version__


def test_make_help_names_every_target():
    targets = set(re.findall(r'(?m)^([a-z][a-z0-9-]*):(?!=)', read('Makefile')))

    shown = subprocess.check_output(['make', '--no-print-directory', '-C', ROOT], universal_newlines=True)

    assert targets == set(re.findall(r'(?m)^  ([a-z][a-z0-9-]*)  ', shown))


def test_the_readme_places_every_module():
    table = re.search(r'(?s)\n## The code\n(.*)', read('README.md')).group(1)
    placed = re.findall(r'`(\w+)`', ''.join(re.findall(r'(?m)^\| (`.*?) \|', table)))

    assert sorted(placed) == sorted(module for module in graph() if module != '__init__')


def test_the_demo_runs_the_example_of_the_readme_with_a_shorter_timeout():
    example = re.search(r'(?s)\n(LOG_LEVEL=INFO\n.*?)```', read('README.md')).group(1)
    played = re.search(r"(?s)\nCONFIG = '''\\\n(.*?)'''", read('demo/demo.py')).group(1)

    assert played == example.replace('LISTEN_HEARTBEAT_TIMEOUT=3000', 'LISTEN_HEARTBEAT_TIMEOUT=1000')


def test_the_first_two_commands_of_the_readme_install_what_they_need():
    commands = re.findall(r'(?m)^ *sudo apt-get install -y (.*) && sudo make (\w+)$', read('README.md'))

    assert [(target, set(words.split())) for words, target in commands] == [
        ('demo', {'make', 'python3', 'iproute2', 'iputils-ping'}),
        ('test', {'make', 'python3', 'python3-venv', 'iproute2', 'iputils-ping', 'shellcheck', 'strace',
                  'libfaketime'})]
