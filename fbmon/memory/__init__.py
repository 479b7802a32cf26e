"""What is remembered across restarts, in the run directory. May use rules and base."""
