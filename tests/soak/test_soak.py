"""The soak as `make soak` runs it, but for a short time. It must take everything down at the end."""
import os
import signal
import subprocess
import sys

import pytest

import helpers
from soak.life import Soak

RUN = os.path.join(helpers.ROOT, 'tests', 'soak', 'run.py')


def test_kernel_status_and_model_agree_for_a_life_of_sixty_listeners_and_nothing_grows(
        network_namespaces, tmp_path):
    lines = []
    soak = Soak(30, 20, str(tmp_path), lines.append)

    good = soak.run()

    assert good, '\n'.join(lines + soak.summary())


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_soak_leaves_nothing(network_namespaces, tmp_path, number):
    child = subprocess.Popen([sys.executable, RUN, '60', '1'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env=dict(os.environ, TMPDIR=str(tmp_path)), close_fds=True)
    while b'checkpoint 1' not in child.stdout.readline():
        assert child.poll() is None
    children = helpers.read('/proc/%d/task/%d/children' % (child.pid, child.pid)).split()

    child.send_signal(number)
    code, output, _ = helpers.finish(child)

    assert (code, output.splitlines()[-1]) == (128 + number, 'ended by signal %d' % number)
    assert children and not any(helpers.alive(int(pid)) for pid in children)
    assert os.listdir(str(tmp_path)) == []
    assert [name for name in os.listdir('/run/netns') if name.startswith('fbmon-%d-' % child.pid)] == []
