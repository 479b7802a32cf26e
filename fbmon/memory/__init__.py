"""What is remembered: across restarts in the run directory, across boots in the other one. May use rules and base."""
