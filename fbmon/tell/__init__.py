"""Changes are reported to the log, to systemd and to the ON_CHANGE program. May use network and what is below."""
