"""What is at which path: the page, the metrics, the status as JSON. Each is made at most once a second."""
import json
import logging
import re

from fbmon import __version__
from fbmon.base import compat
from fbmon.show import prometheus
from fbmon.web import page, responses, style
from fbmon.web.source import judged

# Halves of characters, which no UTF-8 has. A name that is no UTF-8 comes from the daemon so.
_HALVES = re.compile(u'[\ud800-\udfff]')

# Seconds for which a face is given again, if there is no new answer of the daemon.
KEPT = 1.0

NO_PATH = 'there is /, /metrics and /status.json'
NOT_OURS = 'the status of this daemon cannot be shown: it is that of another version; restart fastbypass_web'


class Faces(object):
    """Makes the Response for a Request and a source.View. now: the monotonic second; name: that of this machine."""

    def __init__(self, name, clock=compat.monotonic):
        self._name = name
        self._clock = clock
        self._faces = {'/': self._page, '/metrics': metrics, '/status.json': document}
        self._made = {}

    def response(self, request, view, now):
        """The Response."""
        if request.path not in self._faces:
            return responses.plain(404, NO_PATH)
        # There are few of them.
        which = request.path, page.every(request.query)
        made = self._made.get(which)
        if made is None or made[0] is not view or not 0 <= now - made[1] < KEPT:
            new = self._new(request, view, now)
            # From its end on: on a slow machine it may take long, and the others who wait would have it made again.
            made = self._made[which] = view, self._clock(), new
        return made[2]

    def _new(self, request, view, now):
        try:
            return self._faces[request.path](judged(view, now), age(view, now), request.query)
        except Exception:
            # The daemon may have become one of another version.
            logging.exception('%s cannot be made', request.path)
            return responses.plain(500, NOT_OURS)

    def _page(self, view, seconds, query):
        text = page.render(view, seconds, query, self._name)
        return responses.Response(200, responses.HTML, encoded(text), style.POLICY)


def age(view, now):
    """Seconds since the daemon has answered last; None if it never has."""
    return None if view.answered is None else round(max(0.0, now - view.answered), 3)


def current(view):
    """The status that holds: the last answer, or, if the daemon does not answer now, that there is none.

    Who forced the state without a daemon only root can see.
    """
    return {'version': __version__, 'state': 'down', 'forced': None} if view.error else view.status


def metrics(view, seconds, query=''):
    """The face for Prometheus. While the daemon does not answer it has no figures of before: they would be lies."""
    text = prometheus.render(current(view))
    if seconds is not None:
        text += prometheus.rendered(prometheus.AGE, seconds)
    return responses.Response(200, responses.METRICS, encoded(text), '')


def document(view, seconds, query=''):
    """The face as JSON: what `show --json` has, and under "serve" how old it is, and the last answer if that is old."""
    serve = {'version': __version__, 'answers': not view.error, 'age_s': seconds, 'error': view.error,
             'last': view.status if view.error else None}
    text = json.dumps(dict(current(view), serve=serve), sort_keys=True, indent=2) + '\n'
    return responses.Response(200, responses.JSON, encoded(text), '')


def encoded(text):
    """A text as UTF-8. What has no UTF-8 becomes `?`."""
    return _HALVES.sub(u'?', text).encode('utf-8')
