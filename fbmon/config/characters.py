"""Finds and names characters that nobody sees. Pasted from a page, they change a value unseen. Pure."""
_NAMES = {u'\xa0': 'a no-break space', u'\xad': 'a soft hyphen', u'\u200b': 'a zero-width space',
          u'\u200c': 'a zero-width non-joiner', u'\u200d': 'a zero-width joiner', u'\u202f': 'a narrow no-break space',
          u'\u2060': 'a word joiner', u'\u3000': 'a wide space', u'\ufeff': 'a byte order mark'}

# The first and the last one of each range. An expression of `re` would take a start 0.5 ms.
_UNSEEN = ((u'\xa0', u'\xa0'), (u'\xad', u'\xad'), (u'\u1680', u'\u1680'), (u'\u180e', u'\u180e'),
           (u'\u2000', u'\u200f'), (u'\u2028', u'\u202f'), (u'\u205f', u'\u206f'), (u'\u3000', u'\u3000'),
           (u'\ufeff', u'\ufeff'))


def unseen(text):
    """What is wrong with a text that has such a character, and what to do; None if it has none."""
    found = [letter for letter in set(text) if letter >= u'\xa0' and any(a <= letter <= z for a, z in _UNSEEN)]
    if not found:
        return None
    first = min(found, key=text.index)
    name = _NAMES.get(first, 'an invisible character')
    return '%s (U+%04X) in it, which cannot be seen; remove it, or type the line again' % (name, ord(first))
