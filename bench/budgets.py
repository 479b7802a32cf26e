"""Sets the figures that were aimed at beside those of a run. Pure. A missed aim has no consequence."""
import re

import figures
import results

KEEPALIVED = 'keepalived, BFD'
MANY = 'keepalived, file, 64 addresses'
BATCH = 'ip -batch, kept running'
GONE, BACK = results.REACTION
PARTS = ('reaction', 'mass', 'crowd', 'thousand', 'idle', 'start')


def table(rows):
    """Lines of Markdown that show each aim and what each daemon of the run reached; [] if the run has no daemon."""
    known = dict(((row.part, row.what, row.candidate), row) for row in rows)
    daemons = results.in_order(row.candidate for row in rows if row.part in PARTS and re.search(
        r'^(?!bare ).*, Python [\d.]+$', row.candidate))
    if not daemons:
        return []
    lines = ['| | aim | %s |' % ' | '.join(daemons), '|---|---|%s' % ('---|' * len(daemons))]
    for text, aim, found in AIMS:
        cells = [_cell(found, known, daemon) for daemon in daemons]
        if any(cells):
            lines.append('| %s | %s | %s |' % (text, aim, ' | '.join(cells)))
    return lines


def _cell(found, known, daemon):
    value = found(lambda *key: _median(known.get(key)), daemon)
    return '' if value is None else results.number(value)


def _median(row):
    one = figures.summary(row.blocks) if row else None
    return one and one.median


def _times(part, other):
    """The value that says how many times as long as another candidate it takes until all is gone."""
    def found(median, daemon):
        ours, theirs = median(part, GONE, daemon), median(part, GONE, other)
        return ours / theirs if ours and theirs else None
    return found


def _own_cpu(median, daemon):
    ours = median('idle', 'CPU', daemon)
    bare = median('idle', 'CPU', 'bare threads that receive, ' + daemon[daemon.rindex('Python'):])
    return ours - bare if ours is not None and bare is not None else None


def _of(part, what):
    return lambda median, daemon: median(part, what, daemon)


# (what is measured, the most that it should be, how its value is found). The last is a function of median and daemon;
# median(part, what, candidate) returns the median of one row, or None.
AIMS = (
    ('overdue until gone, ms', '', _of('reaction', GONE)),
    ('the same, times that of keepalived with BFD', '1.5, better 1.0', _times('reaction', KEEPALIVED)),
    ('first heartbeat until back, ms', '0.8', _of('reaction', BACK)),
    ('64 addresses and 64 ports, ms', '4', _of('mass', GONE)),
    ('the same, times that of `ip -batch`', '1.25', _times('mass', BATCH)),
    ('the 64 addresses of them, times those of keepalived', '1.0', _times('mass, addresses', MANY)),
    ('400 cards in one network of their own, ms', '60', _of('crowd', GONE)),
    ('1,000 listeners: timeouts while all nodes live', '0', _of('thousand', 'timeouts while all nodes live')),
    ('1,000 listeners fail at once: last timeout until done, ms', '100', _of('thousand', GONE)),
    ('idle: CPU beyond that of bare threads that receive, ms a minute', '30', _own_cpu),
    ('idle: resident memory with its children, MB', '16 on Python 2, 22 on Python 3', _of('idle', 'resident memory')),
    ('first start until listening, ms', '150', _of('start', 'first start until listening')),
)
