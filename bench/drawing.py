"""Draws the distribution of the reaction times as SVG: which share of the rounds was done within which time. Pure."""
import math

WIDTH, HEIGHT, LEFT, TOP, PANEL, GAP = 900, 520, 60, 50, 380, 70
COLOURS = ('#1b6ca8', '#d1495b', '#2e8b57', '#8a5cb8', '#c77c11', '#5a5a5a', '#00868b', '#a0522d')
STYLE = 'text{font:12px sans-serif;fill:#222}.g{stroke:#ddd}.a{stroke:#444}.l{fill:none;stroke-width:1.8}'


def picture(panels, title):
    """The SVG text of panels side by side; a label has the same colour in all of them.

    panels: [(heading, [(label, [ms, ...]), ...]), ...]
    """
    labels = []
    for _, curves in panels:
        labels += [label for label, _ in curves if label not in labels]
    width = LEFT + len(panels) * PANEL + (len(panels) - 1) * GAP + 30
    height = TOP + 300 + 60 + 18 * len(labels)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-size="12">' % (width, height),
             '<style>%s</style>' % STYLE, '<rect width="%d" height="%d" fill="#fff"/>' % (width, height),
             _text(LEFT, 22, title, weight='bold')]
    for number, (heading, curves) in enumerate(panels):
        parts += _panel(LEFT + number * (PANEL + GAP), heading, curves, labels)
    for number, label in enumerate(labels):
        y = TOP + 300 + 62 + 18 * number
        parts += ['<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="3"/>' % (
            LEFT, y - 4, LEFT + 26, y - 4, _colour(labels, label)), _text(LEFT + 34, y, label)]
    return '\n'.join(parts + ['</svg>', ''])


def decades(values):
    """(lower, higher) exponents of the powers of ten between which all values lie."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return int(low), int(max(high, low + 1))


def steps(values):
    """[(value, share), ...], sorted: this share (up to 1) of the values is at most this value."""
    ordered = sorted(values)
    return [(value, (number + 1.0) / len(ordered)) for number, value in enumerate(ordered)]


def _panel(left, heading, curves, labels):
    curves = [(label, [value for value in values if value > 0]) for label, values in curves]
    curves = [(label, values) for label, values in curves if values]
    parts = [_text(left, TOP - 8, heading)]
    if not curves:
        return parts
    low, high = decades([value for _, values in curves for value in values])

    def x(value):
        return left + PANEL * (math.log10(value) - low) / (high - low)

    def y(share):
        return TOP + 300 * (1 - share)
    for power in range(low, high + 1):
        for factor in range(1, 10 if power < high else 2):
            here = x(factor * 10.0 ** power)
            parts.append('<line class="%s" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>' % (
                'a' if factor == 1 else 'g', here, TOP, here, TOP + 300))
        parts.append(_text(x(10.0 ** power), TOP + 318, '%g' % 10.0 ** power, anchor='middle'))
    for share in (0, 0.25, 0.5, 0.75, 0.95, 1):
        parts += ['<line class="g" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>' % (left, y(share), left + PANEL, y(share)),
                  _text(left - 6, y(share) + 4, '%g %%' % (100 * share), anchor='end')]
    parts.append(_text(left + PANEL / 2, TOP + 338, 'ms', anchor='middle'))
    return parts + [_curve(values, x, y, _colour(labels, label)) for label, values in curves]


def _curve(values, x, y, colour):
    points, below = [], 0.0
    for value, share in steps(values):
        points += ['%.1f,%.1f' % (x(value), y(below)), '%.1f,%.1f' % (x(value), y(share))]
        below = share
    return '<polyline class="l" stroke="%s" points="%s"/>' % (colour, ' '.join(points))


def _colour(labels, label):
    return COLOURS[labels.index(label) % len(COLOURS)]


def _text(x, y, text, anchor='start', weight='normal'):
    escaped = text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
    return '<text x="%.1f" y="%.1f" text-anchor="%s" font-weight="%s">%s</text>' % (x, y, anchor, weight, escaped)
