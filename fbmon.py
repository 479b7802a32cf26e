"""Runs fastbypass_monitor from the directory of this file. The commands are in fbmon/cli/main.py."""
import os
import sys

# Python itself does this, unless PYTHONSAFEPATH is set.
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import fbmon.cli.main  # noqa: E402

sys.exit(fbmon.cli.main.main())
