"""Makes text harmless in HTML and SVG, in ASCII. Pure."""


def html(text):
    """A text as it can stand between tags and in quotes. Characters that no page may have become `?`."""
    if isinstance(text, bytes):
        text = text.decode('utf-8', 'replace')
    for character, name in ((u'&', u'&amp;'), (u'<', u'&lt;'), (u'>', u'&gt;'), (u'"', u'&quot;'), (u"'", u'&#39;')):
        text = text.replace(character, name)
    text = u''.join(one if one >= u' ' and not u'\x7f' <= one <= u'\x9f' else u'?' for one in text)
    return str(text.encode('ascii', 'xmlcharrefreplace').decode('ascii'))
