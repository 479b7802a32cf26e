"""A kernel for the simulation: links, addresses, routes, and `ip` in front of them. It is held against the real one by
tests/sim/test_differential.py; it imports nothing of fbmon."""
