"""The tests of this room use the switch and the daemon of tests/kernel."""
import pytest

import helpers
from kernel.conftest import (daemon, dpis, fake_ip, network_namespaces,  # noqa: F401
                             pytest_runtest_makereport, small, switch)
from kernel.disk import Disk


@pytest.fixture
def disk(tmp_path):
    """A Disk for this test."""
    made = Disk(str(tmp_path), 8)
    helpers.require(made.there, 'needs mkfs.ext4 and the right to mount it')
    try:
        yield made
    finally:
        made.close()
