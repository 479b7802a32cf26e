"""fastbypass_monitor: switches bypass cards and ports by the heartbeats of DPI nodes."""

__version__ = '1.4.00'
