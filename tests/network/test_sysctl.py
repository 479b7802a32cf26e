"""sysctl.py: the two settings that `ip` does not show."""
import os

import pytest

from fbmon.network import sysctl
from helpers import read, write

PROMOTE = 'ipv4/conf/eth0/promote_secondaries'


@pytest.fixture
def root(tmp_path):
    """root({path: text}): makes a tree instead of /proc/sys/net. Returns its path."""
    def make(files):
        for path, text in files.items():
            if not os.path.isdir(str((tmp_path / path).parent)):
                os.makedirs(str((tmp_path / path).parent))
            write(tmp_path / path, text)
        return str(tmp_path)
    return make


def test_promote_secondaries_is_set_to_1(root, tmp_path):
    assert sysctl.promote_secondaries('eth0', root({PROMOTE: '0\n'})) is True
    assert read(tmp_path / PROMOTE) == '1\n'


def test_where_it_is_1_already_nothing_is_written(root, tmp_path):
    place = root({PROMOTE: '1\n'})
    os.utime(str(tmp_path / PROMOTE), (1000, 1000))

    assert sysctl.promote_secondaries('eth0', place) is True
    assert os.stat(str(tmp_path / PROMOTE)).st_mtime == 1000


def test_an_interface_with_a_dot_in_its_name_is_found(root, tmp_path):
    place = root({'ipv4/conf/eth0.100/promote_secondaries': '0\n'})

    assert sysctl.promote_secondaries('eth0.100', place) is True


@pytest.mark.parametrize('files', [{}, {PROMOTE + '/x': ''}])
def test_where_it_cannot_be_set_it_says_so(root, files):
    assert sysctl.promote_secondaries('eth0', root(files)) is False


def test_ipv6_that_is_on_is_no_obstacle(root):
    files = {'ipv6/conf/all/disable_ipv6': '0\n', 'ipv6/conf/eth0/disable_ipv6': '0\n'}

    assert sysctl.ipv6_off('eth0', root(files)) is None


def test_an_interface_that_is_not_there_is_another_matter(root):
    assert sysctl.ipv6_off('eth0', root({'ipv6/conf/all/disable_ipv6': '0\n'})) is None


def test_a_kernel_without_ipv6_is_named(root):
    assert sysctl.ipv6_off('eth0', root({PROMOTE: '1\n'})) == 'IPv6 is switched off in the kernel'


def test_an_interface_without_ipv6_is_named(root):
    files = {'ipv6/conf/all/disable_ipv6': '0\n', 'ipv6/conf/eth0/disable_ipv6': '1\n'}

    assert sysctl.ipv6_off('eth0', root(files)) == \
        'IPv6 is switched off in the kernel (net.ipv6.conf.eth0.disable_ipv6 = 1)'
