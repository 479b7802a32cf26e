"""Runs fastbypass_monitor from its own directory: see fbmon/cli/main.py for the commands."""
import sys

import fbmon.cli.main

sys.exit(fbmon.cli.main.main())
