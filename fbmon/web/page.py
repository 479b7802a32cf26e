"""The page at /: it refreshes itself, without a script, and can be read with a keyboard and a screen reader. Pure."""
from fbmon.base import moments
from fbmon.report import lanes
from fbmon.report.escaping import html
from fbmon.show import head, layout, ordered
from fbmon.web import lastday, tables
from fbmon.web.style import PATTERNS, STYLE

# Seconds after which the page is asked for again: what may be chosen, 0 for never, and what nobody has to choose.
EVERY = (0, 2, 10, 60)
USUAL = 10

NO_DAEMON = 'no daemon answers'
STUCK = 'the daemon does not answer'
LOOK = ('On the switch: fbypass_ctl show, fbypass_ctl status. Addresses and ports stay as they were, and nobody '
        'notices a dead node; or somebody has forced the state.')
NOT_LET_IN = 'This page runs as a user who may not ask the daemon: it must be root or in the group fastbypass.'
BEFORE = 'What follows is the last answer, of %s, %s ago.'


def every(query):
    """The seconds of a query like every=10. What makes no sense is USUAL."""
    found = [part[len('every='):] for part in query.split('&') if part.startswith('every=')]
    return int(found[0]) if found[:1] and found[0] in [str(number) for number in EVERY] else USUAL


def render(view, seconds, query, name):
    """The page of a source.View as text. seconds: since the last answer; name: that of the switch."""
    again = every(query)
    found = _banner(view, seconds) + (_status(view, seconds) if view.status else '') + _foot(view, seconds, again)
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n%s'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<title>%s: %s</title><style>%s</style></head>\n<body>\n%s\n<main>\n<h1>Bypass of %s</h1>\n%s'
            '</body></html>\n' % (
                '<meta http-equiv="refresh" content="%d">\n' % again if again else '', html(_word(view)), html(name),
                STYLE, PATTERNS, html(name), found))


def _word(view):
    """The state in a word or three, for the title."""
    return (STUCK if view.silent else NO_DAEMON) if view.error else view.status['state']


def _banner(view, seconds):
    """What the page says first, if no daemon answers."""
    if not view.error:
        return ''
    denied = 'Permission denied' in view.error
    return '<p class="state down">%s<small>%s</small></p>\n<p>%s</p>\n%s' % (
        html(_word(view)), html(view.error), NOT_LET_IN if denied else LOOK, '<p class="loud">%s</p>\n' % html(
            BEFORE % (moments.short(view.at), layout.duration(seconds))) if view.status else '')


def _status(view, seconds):
    status = view.status
    loud = head.unusual(status) + head.left_out(status) + ordered.head(status)
    told = [head.held(status)] if head.held(status) else []
    told += ['next: ' + one for one in status['next']] + head.counts(status)
    state, _, rest = head.state(status).partition(' ')
    return ''.join(
        ['<p class="state %s">%s<small>%s</small></p>\n' % (
            'before' if view.error else _KINDS.get(state, 'unknown'), html(state), html(rest))]
        + ['<p class="loud">%s</p>\n' % html(text) for text in loud] + ['<p>%s</p>\n' % html(text) for text in told]
        + [tables.items('Problems', status['problems']), tables.nodes(status), tables.cards(status), _day(view),
           tables.ports(status), tables.changes(status)])


# {state: its class in the style}
_KINDS = {'normal': 'normal', 'bypass': 'bypass'}


def _day(view):
    """The last day as lanes."""
    found = lastday.picture(view.status, view.at)
    if found is None:
        return ''
    rows = ''.join('<div class="row"><div>%s</div>%s</div>\n' % (html(lane.title), _drawn(lanes.drawn(
        lane, found.since, found.until))) for lane in found.lanes)
    marks = ''.join('<text x="%.2f%%" y="12" font-size="12">%s</text><rect x="%.2f%%" y="0" width="1" height="14"/>'
                    % (place + 0.4, html(mark), place) for place, mark in lanes.ticks(found.since, found.until)
                    if place < 93)
    legend = ''.join('<li><svg width="28" height="16" aria-hidden="true">%s</svg>%s</li>' % (
        _drawn(lanes.box(form, '0', '28')), html(text)) for form, text in lanes.LEGEND)
    known = '' if found.begin <= found.since else '<p>Nothing is known of the time before %s.</p>\n' % moments.short(
        found.begin)
    return ('<h2>The last day</h2>\n%s<figure>\n%s<div class="row"><svg class="ticks" width="100%%" height="16" '
            'aria-hidden="true">%s</svg></div>\n<ul class="legend">%s</ul></figure>\n' % (known, rows, marks, legend))


def _drawn(svg):
    """The lane's form `unknown` under another name: the page has a state that is called so."""
    return svg.replace('class="unknown"', 'class="unseen"')


def _foot(view, seconds, again):
    words = dict((number, 'every %d s' % number if number else 'not at all') for number in EVERY)
    choices = ', '.join('<strong>%s</strong>' % words[number] if number == again else '<a href="/?every=%d">%s</a>' % (
        number, words[number]) for number in EVERY)
    status = view.status
    answered = '<p>%s; it answered at %s, %s ago</p>\n' % (html(head.program(status)), moments.text(
        int(view.at), int(view.at * 1000) % 1000), layout.duration(seconds)) if status else ''
    return ('</main>\n<footer>%s<p>This page comes again: %s. <a href="/?every=%d">Now</a></p>\n'
            '<p>The same for machines: <a href="/status.json">status.json</a>, <a href="/metrics">metrics</a></p>'
            '</footer>\n' % (answered, choices, again))
