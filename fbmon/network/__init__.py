"""The network in the kernel: its addresses and links, the missing changes, and `ip`, which makes them. May use config,
rules and base."""
