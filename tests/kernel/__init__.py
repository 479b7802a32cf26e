"""Tests of the daemon on the real kernel. They make network namespaces and remove them."""
