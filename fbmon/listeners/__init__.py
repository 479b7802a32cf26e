"""The listeners: one thread for each, and which of them are launched. May use config, rules and base."""
