"""The memory that survives a restart, in the run directory. May use rules and base."""
