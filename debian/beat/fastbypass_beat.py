"""Runs fastbypass_beat(8) from the directory of this file."""
import sys

import fbmon.beat.main

sys.exit(fbmon.beat.main.main())
