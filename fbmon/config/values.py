"""Readers of values: each makes a value of a key's text, or complains and says what would be right. Pure.

A reader takes the text and a function complain(text). It returns None if the value cannot be used at all.
"""
import re

from fbmon.config import addresses
from fbmon.config.notices import shown

LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')

# IFNAMSIZ of the kernel, without the NUL at the end.
LONGEST_NAME = 15

_DIGITS = re.compile(r'[0-9]{1,20}\Z')
_NAME = re.compile(r'[!-~]{1,%d}\Z' % LONGEST_NAME)
_CALLED = re.compile(r'[A-Za-z0-9._-]{1,32}\Z')
_SEPARATORS = re.compile(r'[, \t]+')

# Characters that a name must not have: the kernel refuses the first ones, and `ip -batch` or a reader of ip's output
# would take the others for something else.
_KERNEL = '/:%'
_SYNTAX = '#"\'\\@'
_RESERVED = ('.', '..', 'all', 'default')

AS_LIST = 'a list has commas or blanks between its names, as in sw1, sw2'
AS_SHOWN = 'give the name as `ip link` shows it, such as eth0'


def number(low, high, what, remedy='a number'):
    """A reader of whole decimal numbers from low to high.

    what, remedy: words of the complaint, 'not WHAT; give REMEDY from LOW to HIGH'.
    """
    def read(text, complain):
        if _DIGITS.match(text) and low <= int(text) <= high:
            return int(text)
        return complain(_wrong(text, 'not ' + what, 'give %s from %d to %d' % (remedy, low, high)))
    return read


def off_or(low, what):
    """A reader of milliseconds: 0 for off, or from `low` to one hour. what: words of the complaint."""
    def read(text, complain):
        if _DIGITS.match(text) and (int(text) == 0 or low <= int(text) <= 3600000):
            return int(text)
        return complain(_wrong(text, 'not ' + what, 'give 0 (off) or milliseconds from %d to 3600000' % low))
    return read


def level(text, complain):
    """The name of a log level."""
    if text in LEVELS:
        return str(text)
    return complain(_wrong(text, 'not a log level', 'give one of %s' % ', '.join(LEVELS)))


# The remedies of flags: what 1 and 0 mean.
OF_PORTS = 'give 1 (the ports of the list go down in bypass) or 0 (they are left alone)'
OF_SHUTDOWN = "give 1 (the cards' addresses go first when the system goes down) or 0 (they stay until the links go)"
OF_OBSERVE = 'give 1 (nothing is changed) or 0 (the daemon acts)'


def flag(remedy):
    """A reader of flags: True for 1, False for 0. remedy: says what the two mean."""
    def read(text, complain):
        if text in ('0', '1'):
            return text == '1'
        return complain(_wrong(text, 'neither 0 nor 1', remedy))
    return read


def how(text, complain):
    """How a bypass is left: auto or manual."""
    if text in ('auto', 'manual'):
        return str(text)
    return complain(_wrong(text, 'neither auto nor manual', 'give auto, or manual for a bypass that stays until '
                                                            'fbypass_ctl return'))


def path(text, complain):
    """An absolute path in printable ASCII, so that the daemon finds the same file in every locale."""
    if re.match(r'/[ -~]*[!-.0-~]\Z', text):
        return str(text)
    return complain(_wrong(text, 'not an absolute path in plain ASCII',
                           'give the path of one program, such as /usr/local/bin/notify'))


def name(example):
    """The name that a person gives to a node or a card. It must not be a bare number: that is an index."""
    def read(text, complain):
        if _CALLED.match(text) and not text.isdigit():
            return str(text)
        why = 'a bare number is an index' if text.isdigit() else 'not a name'
        return complain(_wrong(text, why, 'give 1 to 32 letters, digits, ".", "_" or "-", such as ' + example))
    return read


def address(text, complain):
    """An addresses.Address."""
    try:
        return addresses.parse(text)
    except addresses.BadAddress as error:
        return complain(str(error) if text else _wrong(text, '', addresses.REMEDY))


def sources(text, complain):
    """A list of plain addresses: their canonical texts in order, each once. One wrong address makes the list faulty."""
    found = []
    for word in words(text):
        try:
            found.append(addresses.canonical(word))
        except addresses.BadAddress as error:
            found.append(complain('%s: %s' % (shown(word), error)))
    return None if None in found else _each_once(found)


def interface(text, complain):
    """The name of one interface."""
    names = words(text)
    if len(names) > 1:
        return complain('more than one name; give one interface here')
    why = _bad_name(names[0]) if names else _wrong('', '', AS_SHOWN)
    return complain(why) if why else str(names[0])


def interfaces(text, complain):
    """A list of interfaces: their names in order, each once. It complains about wrong names and leaves them out."""
    for name in words(text):
        why = _bad_name(name)
        if why:
            complain('%s: %s' % (shown(name), why))
    return good_names(text)


def good_names(text):
    """The words of a text that can be names of interfaces, in order, each once."""
    return tuple(str(name) for name in words(text) if not _bad_name(name))


def words(text):
    """The entries of a list, in order, each once. Commas and blanks separate them."""
    return _each_once(word for word in _SEPARATORS.split(text) if word)


def _bad_name(name):
    """Why a name is wrong: the kernel refuses it, or `ip` would take it for something else. None if it is right."""
    if name in _RESERVED:
        return 'the kernel takes no interface of this name; ' + AS_SHOWN
    if len(name) > LONGEST_NAME and ';' in name:
        return 'not the name of one interface; ' + AS_LIST
    if len(name) > LONGEST_NAME:
        return 'longer than %d bytes, which the kernel does not take; %s' % (LONGEST_NAME, AS_SHOWN)
    if '@' in name:
        return 'what follows the @ is the device below; give only what stands before it'
    if not _NAME.match(name):
        return 'not plain ASCII, which `ip` shows in another way; rename the interface'
    return _bad_character(name)


def _bad_character(name):
    for character in name:
        if character in _KERNEL:
            return 'the kernel takes no name with "%s"; %s' % (character, AS_SHOWN)
        if character in _SYNTAX:
            return '`ip` reads a name with %s as something else; rename the interface' % character
    return None


def _wrong(text, what, remedy):
    return '%s; %s' % (what if text else 'the value is missing', remedy)


def _each_once(found):
    seen = set()
    return tuple(one for one in found if not (one in seen or seen.add(one)))
