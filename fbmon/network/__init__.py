"""The kernel's addresses, links and routes, and the `ip` that changes them. May use memory, config, rules and base."""
