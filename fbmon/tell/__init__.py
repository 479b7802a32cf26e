"""Reports changes to the log, to systemd and to the ON_CHANGE program. May use network and rooms below."""
