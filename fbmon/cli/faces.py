"""The status of a running daemon in the form that a command asks for."""
import json
import os
import sys
import time

from fbmon.cli import past
from fbmon.show import console, incident, prometheus, terminal


def text(options, found):
    """The text of a status dict. Raises KeyError or TypeError if it is that of another version."""
    if options.json:
        return json.dumps(found, sort_keys=True, indent=2)
    if options.prometheus:
        return prometheus.render(found)
    if options.history or options.incident:
        return told(options, past.found(options, found['history'], found['problems']) or [], found)
    return console.render(found, *terminal.terminal(sys.stdout, os.environ))


def told(options, rows, found):
    """The text of the history or of the last incident. rows: the transitions, as dicts; found: as for incident.text."""
    if options.history:
        return console.history(rows)
    return incident.text(dict(found, history=rows), time.time(), terminal.terminal(sys.stdout, os.environ)[2])
