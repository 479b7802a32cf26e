"""Skips tests that need network namespaces if none can be made."""
from kernel.conftest import network_namespaces  # noqa: F401
