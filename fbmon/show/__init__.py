"""The status in several forms: a table, JSON, Prometheus, a line for systemctl. May use network and rooms below."""
