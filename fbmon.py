"""Runs fastbypass_monitor from its own directory: see fbmon/cli/main.py for the commands."""
import os
import sys

# Python does this by itself, unless PYTHONSAFEPATH tells it not to.
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import fbmon.cli.main  # noqa: E402

sys.exit(fbmon.cli.main.main())
