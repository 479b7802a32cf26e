"""The page's service on a booted system: who runs it, what it may do, and what an upgrade and a removal do to it."""
import json
import re

import pytest

from machine import Failed
from switch import BACKEND
from waiting import wait_for

WEB = 'fastbypass_web'
FETCH = ("import sys, socket\ns = socket.create_connection(('127.0.0.1', %d), 15)\n"
         "s.sendall(('GET %s HTTP/1.0\\r\\n\\r\\n').encode())\nd = b''\n"
         "while True:\n    p = s.recv(65536)\n    d += p\n    if not p: break\n"
         "getattr(sys.stdout, 'buffer', sys.stdout).write(d.partition(b'\\r\\n\\r\\n')[2])\n")


def python(switch):
    """A Python of the machine."""
    return switch.run('sh', '-c', 'command -v python3 || command -v python2.7').output


def fetch(switch, path, port=9742):
    """What the page has at a path; '' if nobody serves."""
    done = switch.run(python(switch), '-c', FETCH % (port, path), check=False)
    return done.output if done.code == 0 else ''


def pid(switch):
    """The service's main process, 0 without one."""
    return int(switch.run('systemctl', 'show', '-p', 'MainPID', WEB).output.partition('=')[2])


def active(switch):
    return switch.run('systemctl', 'is-active', WEB, check=False).output


@pytest.fixture
def web(switch):
    """The switch with the page's service started."""
    switch.start_small()
    switch.run('systemctl', 'enable', '--now', WEB)
    wait_for(lambda: '"state": "normal"' in fetch(switch, '/status.json'), 'the page shows the state')
    yield switch
    switch.run('systemctl', 'disable', '--now', WEB, check=False)


def test_it_is_installed_and_neither_enabled_nor_started(switch):
    assert active(switch) == 'inactive'
    assert switch.run('systemctl', 'is-enabled', WEB, check=False).output == 'disabled'
    assert re.match(r'fastbypass-web:x:\d+:\d+:.*:/nonexistent:/usr/sbin/nologin$', switch.run(
        'getent', 'passwd', 'fastbypass-web').output)
    assert switch.run('id', '-Gn', 'fastbypass-web').output == 'nogroup'
    assert switch.run('systemd-analyze', '--man=no', 'verify', WEB + '.service').output == ''


def test_enabled_it_serves_as_its_own_user_who_may_write_nothing(web):
    assert 'fastbypass_up 1' in fetch(web, '/metrics')
    assert '<h1>Bypass of ' in fetch(web, '/')
    status = web.run('cat', '/proc/%d/status' % pid(web)).output
    assert re.search(r'(?m)^Uid:\t(\d+)\t\1\t\1\t\1$', status).group(1) == web.run('id', '-u', 'fastbypass-web').output
    assert re.search(r'(?m)^CapEff:\t0+$', status) and re.search(r'(?m)^CapBnd:\t0+$', status)
    assert re.search(r'(?m)^NoNewPrivs:\t1$', status) and re.search(r'(?m)^Seccomp:\t2$', status)
    # The kernel refuses it within the service's own view of the disks, to its own user.
    for path in ('/tmp', '/var/tmp', '/run/fastbypass_monitor', '/', '/usr/share/fastbypass_monitor', '/dev/shm'):
        tried = web.run('nsenter', '-t', '%d' % pid(web), '-m', 'setpriv', '--reuid', 'fastbypass-web', '--regid',
                        'fastbypass', '--clear-groups', 'touch', path + '/mine', check=False)
        assert tried.code != 0, path
    seen = web.run('nsenter', '-t', '%d' % pid(web), '-m', 'ls', BACKEND, check=False)
    assert seen.code != 0, seen


def test_no_daemon_is_told_and_the_last_answer_is_kept(web):
    web.ctl('stop', check=True)

    wait_for(lambda: '"state": "down"' in fetch(web, '/status.json'), 'the page shows that no daemon runs')
    found = json.loads(fetch(web, '/status.json'))['serve']
    assert (found['answers'], found['last']['state']) == (False, 'normal')
    assert 'no daemon answers' in fetch(web, '/')


def test_an_upgrade_renews_it_if_it_runs(web):
    before = pid(web)
    web.install(web.debs.later)

    wait_for(lambda: pid(web) not in (0, before), 'the service was restarted')
    wait_for(lambda: '"version": "%s"' % web.debs.later_version in fetch(web, '/status.json'), 'the new one serves')
    web.run('systemctl', 'stop', WEB)
    web.install(web.debs.first)
    assert active(web) == 'inactive'


def test_another_address_is_one_line_in_a_drop_in(web):
    web.run('mkdir', '-p', '/etc/systemd/system/%s.service.d' % WEB)
    web.machine.write('/etc/systemd/system/%s.service.d/listen.conf' % WEB,
                      '[Service]\nEnvironment=LISTEN=127.0.0.1:9800\n')
    try:
        web.run('systemctl', 'daemon-reload')
        web.run('systemctl', 'restart', WEB)
        wait_for(lambda: 'fastbypass_up' in fetch(web, '/metrics', 9800), 'it serves at the other port')
    finally:
        web.run('rm', '-r', '/etc/systemd/system/%s.service.d' % WEB)
        web.run('systemctl', 'daemon-reload')


def test_a_removal_stops_it_and_a_purge_leaves_nothing_enabled(web):
    web.run('dpkg', '--remove', 'fastbypass-monitor')
    assert active(web) in ('inactive', 'unknown')
    with pytest.raises(Failed):
        web.run('test', '-e', '/lib/systemd/system/%s.service' % WEB)
    web.run('dpkg', '--purge', 'fastbypass-monitor')
    assert web.run('sh', '-c', 'ls /etc/systemd/system/multi-user.target.wants/').output.find(WEB) == -1
