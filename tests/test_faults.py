"""docs/faults.md says what the tests prove: each row names a test, and each test of tests/faults belongs to a row."""
import ast
import os
import re

from fbmon.show import noderows
from helpers import ROOT, read

HEAD = '| fault | what the operator sees | what is promised | test |'


def rows():
    """[(fault, test)] of all rows."""
    cells = [[cell.strip() for cell in re.split(r' \| ', line.strip('| '))]
             for line in read(os.path.join(ROOT, 'docs/faults.md')).splitlines()
             if line.startswith('| ') and line != HEAD]
    return [(row[0], row[-1].strip('`')) for row in cells]


def names(path):
    """The names of the tests in a file."""
    tree = ast.parse(read(os.path.join(ROOT, path)).encode('utf-8'))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith('test_')]


def test_every_row_names_a_test_that_is_there():
    named = [test.partition('::')[::2] for _, test in rows()]

    assert [(path, name) for path, name in named if name not in names(path)] == []


def test_there_are_at_least_25_faults_and_each_is_told_once():
    faults = [fault for fault, _ in rows()]

    assert len(faults) >= 25
    assert len(set(faults)) == len(faults)


def test_every_file_of_faults_has_a_row():
    files = sorted(name for name in os.listdir(os.path.join(ROOT, 'tests/faults')) if name.startswith('test_'))

    assert [name for name in files if not any('tests/faults/%s::' % name in test for _, test in rows())] == []


def test_a_column_that_the_page_of_faults_names_is_one_of_the_table():
    named = set(re.findall(r'`([A-Z]{3,})` (?:rises|falls)', read(os.path.join(ROOT, 'docs/faults.md'))))

    assert named and named <= set(noderows.LISTENERS)
