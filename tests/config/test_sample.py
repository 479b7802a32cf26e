"""sample.env: a copy of it manages nothing, it explains each key, and each of its lines can be used."""
import io
import os
import re

import pytest

from fbmon.config import reader
from fbmon.config.schema import NEVER, ONLY, SCHEMA
from helpers import ROOT
from test_reader import EXAMPLE

PATH = os.path.join(ROOT, 'sample.env')

with io.open(PATH, encoding='ascii') as _file:
    SAMPLE = _file.read()

# A key stands directly behind the #. A sentence begins after a blank.
USED = re.sub(u'(?m)^#(?! |$)', u'', SAMPLE)


def test_a_copy_of_the_sample_is_a_valid_file_that_manages_nothing():
    assert reader.read(SAMPLE)[:3] == reader.read(u'')[:3]
    assert reader.read(SAMPLE).given == {}


def test_the_minimal_example_is_in_it_word_for_word():
    assert u''.join(u'#%s\n' % line for line in EXAMPLE.splitlines()) in SAMPLE


def test_all_of_it_in_use_is_a_file_without_mistakes():
    found = reader.read(USED)

    assert found.mistakes == ()
    assert [one.text.partition(' in ')[0] for one in found.warnings] == ['given', 'given']
    assert (len(found.settings.listeners), len(found.settings.cards)) == (3, 3)


@pytest.mark.parametrize('name', sorted(SCHEMA))
def test_every_key_is_explained_and_shown_in_use(name):
    titles = {NEVER: u'# %s: ', ONLY: u'# %s[n]: '}.get(SCHEMA[name].index)
    titles = [titles % name] if titles else [u'# %s' % name, u'%s[n]: ' % name]

    assert all(title in SAMPLE for title in titles)
    assert any(used == name for used, index in reader.read(USED).given)


@pytest.mark.parametrize('name', sorted(name for name in SCHEMA if SCHEMA[name].index != ONLY))
def test_the_default_is_said_as_it_is(name):
    default = {None: 'none', (): 'no', True: '1', 0: '0'}.get(SCHEMA[name].default, SCHEMA[name].default)
    section = SAMPLE.partition(u'\n\n# %s' % name)[2].partition(u'\n\n')[0].replace(u'\n# ', u' ')
    said = section.partition(u'efault: ')[2] or section.partition(u'No default')[1].lower()

    if name == 'LISTEN_HB_SOURCE':
        assert said.startswith(u'everybody')
    else:
        assert said.startswith(u'%s' % default) or (default == 'none' and said.startswith(u'no default'))


def test_its_lines_fit_a_console_of_80_columns():
    assert max(len(line) for line in SAMPLE.split(u'\n')) < 80
