"""A thread for each listener, and which of them are launched. May use rules and base."""
