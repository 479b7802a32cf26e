"""A simulated kernel: links, addresses and routes, and `ip` in front of them. It imports nothing of fbmon.

tests/sim/test_differential.py compares it with the real one.
"""
