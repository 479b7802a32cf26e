"""The tests of this room use the switch and the daemon of tests/kernel."""
from kernel.conftest import (daemon, dpis, fake_ip, figure, network_namespaces,  # noqa: F401
                             pytest_runtest_makereport, pytest_terminal_summary, small, switch)
