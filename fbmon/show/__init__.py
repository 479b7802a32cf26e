"""One status with several faces: a table, JSON, Prometheus, a line for systemctl. May use network and what is below."""
