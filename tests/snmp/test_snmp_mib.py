"""FASTBYPASS-MIB: clean by smilint's strictest rules, and what is served is what it says."""
import os
import re
import subprocess

import agents
import helpers
import statuses
from fbmon.snmp import objects, oids
from fbmon.snmp.values import LONGEST

TEXT = helpers.read(agents.MIB)

# The type of pass_persist for each syntax.
KINDS = {'Gauge32': 'gauge', 'Counter32': 'counter', 'Integer32': 'integer', 'TruthValue': 'integer',
         'DisplayString': 'string', 'FastbypassText': 'string'}
ENUMERATIONS = dict((name, tuple(re.findall(r'(\w+)\(\d+\)', words))) for name, words in re.findall(
    r'(?ms)^(\w+) ::= TEXTUAL-CONVENTION\n(?:(?!    SYNTAX)[^\n]*\n)*    SYNTAX INTEGER \{(.*?)\}', TEXT))
KINDS.update(dict.fromkeys(ENUMERATIONS, 'integer'))


def number(name):
    """The identifier of a name of the MIB below its root."""
    parent, last = re.search(r'(?ms)^%s (?:(?! ::= \{).)*? ::= \{ (\w+) (\d+) \}' % name, TEXT).groups()
    return () if parent == 'netSnmpPlaypen' else number(parent) + (int(last),)


def readable():
    """{identifier without an index: type of pass_persist} of all that can be read."""
    found = {}
    for name, body in re.findall(r'(?ms)^(\w+) OBJECT-TYPE\n(.*?)::=', TEXT):
        if 'MAX-ACCESS read-only' in body:
            found[number(name)] = KINDS[re.search(r'SYNTAX (\w+)', body).group(1)]
    return found


def full():
    """The objects of a status in which nothing is missing."""
    row = dict(since_s=1.0, last_sender='10.0.0.1', error='x')
    return objects.running(statuses.status([statuses.listener(0, **row)], [statuses.card(0, **statuses.WATCHED)],
                                           [statuses.port('sw1')], problems=['a'], next=['b']))


def test_smilint_finds_nothing_at_its_strictest_level():
    agents.require('smilint')
    places = '%s:/usr/share/snmp/mibs' % agents.BASE
    child = subprocess.Popen(['smilint', '-s', '-l', '9', agents.MIB], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=dict(os.environ, SMIPATH=places))

    assert helpers.finish(child) == (0, '', '')


def test_all_that_the_mib_lets_read_is_served_with_its_type_and_nothing_else():
    served = dict((oid[:3] if oid[1] == objects.STATUS else oid[:4], value.kind) for oid, value in full().items())

    assert served == readable()


def test_the_words_of_an_enumeration_are_those_of_the_mib():
    assert ENUMERATIONS == {'FastbypassGlobalState': objects.GLOBAL, 'FastbypassLocalState': objects.LOCAL,
                            'FastbypassForcedState': objects.FORCED, 'FastbypassOverrideState': objects.OVERRIDE,
                            'FastbypassReturnState': objects.RETURN, 'FastbypassPresence': objects.PRESENCE,
                            'FastbypassPortState': objects.PORT, 'FastbypassPings': objects.PINGS}


def test_the_root_and_the_length_of_a_text_are_the_same_everywhere():
    hook = helpers.read(os.path.join(helpers.ROOT, 'docs', 'hooks', 'snmptrap'))
    page = helpers.read(os.path.join(helpers.ROOT, 'docs', 'monitoring.md'))

    assert '::= { netSnmpPlaypen 9742 }' in TEXT and oids.written(oids.ROOT) == agents.ROOT
    assert '\nroot=%s\n' % agents.ROOT in hook and 'cut -c 1-%d\n' % LONGEST in hook
    assert '\n    pass_persist %s ' % agents.ROOT in page
    assert 'OCTET STRING (SIZE (0..%d))' % LONGEST in TEXT
