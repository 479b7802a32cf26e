"""The service starts on a system on which something is full, read-only, missing or a link."""
import pytest

from machine import UNIT
from switch import BACKEND, ENV, LOG, SMALL
from waiting import wait_for

FULL = 'mount -t tmpfs -o size=4k,nr_inodes=2 tmpfs %s && { cat /dev/zero > %s/full; true; } 2> /dev/null'
ASIDE = 'mv {0} {0}.aside'
BACK = 'rm -f {0}; mv {0}.aside {0}'
LINK = ASIDE + ' && ln -s /nowhere/at-all {0}'
MOVE = 'mv %s %s && ln -s %s %s'

# {what is wrong: (how the system is changed, how the change is undone)}.
SURROUNDINGS = {
    '/ is read-only': ('systemctl stop %s; journalctl --relinquish-var; mount -o remount,ro,bind /' % UNIT,
                       'mount -o remount,rw,bind /; journalctl --flush'),
    '/tmp is read-only': ('mount -t tmpfs -o ro tmpfs /tmp', 'umount /tmp'),
    '/tmp is full': (FULL % ('/tmp', '/tmp'), 'umount /tmp'),
    '/tmp is a dangling link': ('umount -l /tmp; ' + LINK.format('/tmp'), BACK.format('/tmp')),
    '/var/tmp is read-only': ('mount -t tmpfs -o ro tmpfs /var/tmp', 'umount /var/tmp'),
    '/var/tmp is full': (FULL % ('/var/tmp', '/var/tmp'), 'umount /var/tmp'),
    '/var/tmp is a dangling link': (LINK.format('/var/tmp'), BACK.format('/var/tmp')),
    '/tmp and /var/tmp are missing': ('umount -l /tmp; ' + ASIDE.format('/tmp') + ' && ' + ASIDE.format('/var/tmp'),
                                      BACK.format('/tmp') + '; ' + BACK.format('/var/tmp')),
    '/home and /root are missing': (ASIDE.format('/home') + ' && ' + ASIDE.format('/root'),
                                    BACK.format('/home') + '; ' + BACK.format('/root')),
    'the file is a link into /root': (MOVE % (ENV, '/root/its.env', '/root/its.env', ENV), 'true'),
    'the file is a link into /home': (MOVE % (ENV, '/home/its.env', '/home/its.env', ENV), 'true'),
    'logs and backend are links': (MOVE % (BACKEND + '/logs', '/srv/logs', '/srv/logs', BACKEND + '/logs') + ' && '
                                   + MOVE % (BACKEND, '/srv/backend', '/srv/backend', BACKEND),
                                   'rm -rf /srv/logs /srv/backend'),
    'the log directory is a dangling link': ('rm -rf {0}; ln -s /nowhere/at-all {0}'.format(BACKEND + '/logs'), 'true'),
    'the state directory is a dangling link': ('rm -rf {0}; ln -s /nowhere/at-all {0}'.format(BACKEND + '/state'),
                                               'true'),
    'the state directory is missing': ('rm -rf ' + BACKEND + '/state', 'true'),
    'the state directory is a link': (MOVE % (BACKEND + '/state', '/srv/state', '/srv/state', BACKEND + '/state'),
                                      'rm -rf /srv/state'),
    'there is no group fastbypass': ('groupdel fastbypass && rm -rf /run/fastbypass_monitor', 'groupadd -r fastbypass'),
    '/usr/lib/modules is missing': ('rm -rf /usr/lib/modules', 'true'),
    '/srv, /mnt, /media and /opt are missing': ('rm -rf /srv /mnt /media /opt', 'mkdir /srv /mnt /media /opt'),
}


@pytest.mark.parametrize('name', sorted(SURROUNDINGS))
def test_the_service_starts_and_does_its_work_where(switch, name):
    begin, end = SURROUNDINGS[name]
    switch.start_small()
    pid = switch.machine.main_pid()
    try:
        switch.run('sh', '-c', begin)
        # This fails if systemd cannot even begin: 226, NAMESPACE.
        switch.run('systemctl', 'restart', UNIT)
        assert switch.machine.main_pid() not in (None, pid)
        switch.wait_state('normal')
        # `check` accepts what the daemon accepts.
        assert switch.ctl('check').code == 0
        assert switch.state() == 'normal'
    finally:
        switch.run('sh', '-c', end)


def test_a_log_behind_links_is_written(switch):
    begin, end = SURROUNDINGS['logs and backend are links']
    switch.start_small()
    try:
        switch.run('sh', '-c', begin)
        switch.run('rm', '-f', '/srv/logs/fastbypass_monitor.log')
        switch.run('systemctl', 'restart', UNIT)
        switch.wait_state('normal')

        wait_for(lambda: 'global state' in switch.run('cat', LOG, check=False).output, 'a log')
        assert switch.status()['problems'] == []
        assert switch.run('cat', ENV).output == SMALL.strip()
    finally:
        switch.run('sh', '-c', end)
