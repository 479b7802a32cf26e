"""The figures as one self-contained page of HTML: the picture, then the tables. Nothing in it runs or is fetched. Pure.

It is legible on a telephone, in print and without colour.
"""
from fbmon.base import moments
from fbmon.report import lanes, text
from fbmon.report.escaping import html
from fbmon.show import layout

# The most rows of a table. The rest is counted.
MOST = 1000

STYLE = '''
body { font: 15px/1.4 sans-serif; color: #111; background: #fff; max-width: 1100px; margin: 0 auto; padding: 12px }
h1 { font-size: 1.4em } h2 { font-size: 1.1em; margin: 1.6em 0 .4em }
.wide { overflow-x: auto }
table { border-collapse: collapse }
th, td { text-align: left; vertical-align: top; padding: 3px 18px 3px 0; border-bottom: 1px solid #ccc }
th { border-bottom: 2px solid #111 } td { overflow-wrap: anywhere }
.plain { overflow-wrap: normal } .nowrap, th { white-space: nowrap; overflow-wrap: normal }
.number { text-align: right; white-space: nowrap }
.note { border-left: 4px solid #111; padding-left: 8px }
figure { margin: 0 } .row { break-inside: avoid; margin-bottom: 6px } .row div { font-size: 13px }
svg { display: block } .lane { background: #f3f3f3; border-bottom: 1px solid #999 }
.bad { fill: #b3001b } .hand { fill: url(#hand) } .unknown { fill: url(#hatch) } .away { fill: url(#dots) }
.good { fill: #4d7f4d }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; margin: 8px 0 0; padding: 0 }
.legend li { list-style: none; display: flex; gap: 6px; align-items: center }
@media print { body { max-width: none; padding: 0; font-size: 11px } .wide { overflow: visible }
  tr { break-inside: avoid } h2 { break-after: avoid }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
'''

PATTERNS = '''<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
<rect width="6" height="6" fill="#fff"/><rect width="2" height="6" fill="#555"/></pattern>
<pattern id="hand" width="6" height="6" patternUnits="userSpaceOnUse">\
<rect width="6" height="6" fill="#1a4f9c"/><rect width="6" height="2" fill="#fff"/></pattern>
<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse">\
<rect width="5" height="5" fill="#fff"/><circle cx="2" cy="2" r="1.4" fill="#555"/></pattern>
</defs></svg>'''

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(found, notes=(), name=''):
    """The page of figures.Figures. notes: what is to be said about the journal; name: that of the switch."""
    title = 'Bypass report' + (name and ' of ' + name)
    parts = ['<h1>%s</h1>' % html(title), '<p>%s</p>' % html(text.period(found))]
    parts += ['<p class="note">%s</p>' % html(note) for note in notes]
    parts += [_times(found), _picture(found), _causes(found), _bypasses(found), _nodes(found), _cards(found),
              _unwatched(found), _actions(found)]
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
            '<meta http-equiv="Content-Security-Policy" content="%s">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<title>%s</title><style>%s</style></head>\n<body>\n%s\n%s\n</body></html>\n' % (
                POLICY, html(title), STYLE, PATTERNS, '\n'.join(part for part in parts if part)))


def _table(title, titles, items, cells, classes):
    """A table with a title. cells(item): those of its row; classes: those of its columns."""
    if not items:
        return '<h2>%s</h2><p>%s</p>' % (html(title), text.NOTHING)
    head = ''.join('<th class="%s">%s</th>' % (one, html(name)) for one, name in zip(classes, titles))
    body = '\n'.join('<tr>%s</tr>' % ''.join('<td class="%s">%s</td>' % (one, html(cell))
                                             for one, cell in zip(classes, row)) for row in map(cells, items[:MOST]))
    more = len(items) - MOST
    return '<h2>%s</h2><div class="wide"><table><thead><tr>%s</tr></thead>\n<tbody>%s</tbody></table></div>%s' % (
        html(title), head, body, '<p>and %d more: report --json has all</p>' % more if more > 0 else '')


def _times(found):
    return _table('Time', ('', 'length', 'share', ''), text.classes(found), lambda one: (
        one[0], layout.duration(one[1]), text.percent(one[2]), one[3]), ('nowrap', 'number', 'number', 'plain'))


def _picture(found):
    rows = ''.join('<div class="row"><div>%s</div>%s</div>\n' % (html(lane.title), lanes.drawn(
        lane, found.since, found.until)) for lane in lanes.lanes(found))
    marks = ''.join('<text x="%.2f%%" y="12" font-size="12">%s</text><rect x="%.2f%%" y="0" width="1" height="14"/>'
                    % (place + 0.4, html(mark), place) for place, mark in lanes.ticks(found.since, found.until)
                    if place < 93)
    legend = ''.join('<li><svg width="28" height="16">%s</svg>%s</li>' % (
        lanes.box(form, '0', '28'), html(words)) for form, words in lanes.LEGEND)
    return ('<h2>Picture</h2><figure>\n%s<div class="row"><svg width="100%%" height="16">%s</svg></div>\n'
            '<ul class="legend">%s</ul></figure>' % (rows, marks, legend))


def _causes(found):
    return _table('Bypass by cause', ('length', 'times', 'cause'), found.causes, lambda one: (
        layout.duration(one.seconds), '%d' % one.count, text.cause(one.cause)), ('number', 'number', ''))


def _bypasses(found):
    return _table('Bypasses', ('begin', 'length', 'cause'), found.bypasses, lambda one: (
        moments.short(one.begin), text.length(one), text.all_causes(one)), ('nowrap', 'number', ''))


def _nodes(found):
    titles = ('node', 'failures', 'down', 'longest', 'maintenance', 'available')
    return _table('Nodes', titles, found.nodes, lambda one: (
        one.name, '%d' % one.failures, layout.duration(one.down), layout.duration(one.longest),
        layout.duration(one.away), text.percent(one.share)), ('',) + ('number',) * 5) + '<p>%s</p>' % text.BY_NAME


def _cards(found):
    titles = ('address', 'name', 'absent', 'together', 'changed by others', 'silent')
    return _table('Cards', titles, found.cards, lambda one: (
        one.address, one.called, '%d' % one.absences, layout.duration(one.absent), '%d' % one.foreign,
        '%d' % one.silences), ('nowrap', '') + ('number',) * 4) if found.cards else ''


def _unwatched(found):
    return _table('Nobody watched', ('begin', 'length', 'meanwhile'), found.unwatched, lambda one: (
        moments.short(one.begin), text.length(one), 'cards: ' + text.meanwhile(one)), ('nowrap', 'number', ''))


def _actions(found):
    return _table('By hand', ('at', 'what'), found.actions, lambda one: (moments.short(one.at), text.action(one)),
                  ('nowrap', ''))
