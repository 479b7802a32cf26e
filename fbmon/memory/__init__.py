"""What the daemon remembers across restarts, in the run directory. May use rules and base."""
