"""Finds and names characters that nobody sees. Pasted from a page, they change a value unseen. Pure."""
import re

_NAMES = {u'\xa0': 'a no-break space', u'\xad': 'a soft hyphen', u'\u200b': 'a zero-width space',
          u'\u200c': 'a zero-width non-joiner', u'\u200d': 'a zero-width joiner', u'\u202f': 'a narrow no-break space',
          u'\u2060': 'a word joiner', u'\u3000': 'a wide space', u'\ufeff': 'a byte order mark'}

_UNSEEN = re.compile(u'[\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]')


def unseen(text):
    """What is wrong with a text that has such a character, and what to do; None if it has none."""
    found = _UNSEEN.search(text)
    if found is None:
        return None
    name = _NAMES.get(found.group(), 'an invisible character')
    return '%s (U+%04X) in it, which cannot be seen; remove it, or type the line again' % (name, ord(found.group()))
