"""Who is told of changes: the log, systemd, the ON_CHANGE program. May use network and what is below."""
