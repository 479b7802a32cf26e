"""Skips what needs network namespaces where there are none."""
from kernel.conftest import network_namespaces  # noqa: F401
