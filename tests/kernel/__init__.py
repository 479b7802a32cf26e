"""Tests of the running daemon on the real kernel, in network namespaces that they make and remove."""
