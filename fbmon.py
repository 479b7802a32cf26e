"""Runs fastbypass_monitor from its own directory: see fbmon/cli.py for the commands."""
import sys

import fbmon.cli

sys.exit(fbmon.cli.main())
