"""What may go wrong around the daemon, on the real kernel: docs/faults.md has a row for each fault."""
