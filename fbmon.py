"""Runs fastbypass_monitor from the directory of this file. The commands are in fbmon/cli/main.py."""
import os
import sys

# Python itself puts it in front, unless PYTHONSAFEPATH is set. At the end it is not searched for Python's own modules.
here = os.path.dirname(os.path.realpath(__file__))
sys.path[:] = [place for place in sys.path if place != here] + [here]

import fbmon.cli.main  # noqa: E402

sys.exit(fbmon.cli.main.main())
