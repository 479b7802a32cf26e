"""Faults around the daemon, on the real kernel. docs/faults.md has a row for each of them."""
