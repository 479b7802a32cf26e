"""The kernel's side: what it has, what is missing, and `ip`, which changes it. May use config, rules and base."""
