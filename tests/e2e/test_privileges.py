"""What an attacker who controls the daemon could do. An ON_CHANGE program is its child and has all its rights."""
from switch import BACKEND, SMALL
from waiting import wait_for

HOOK, TOLD = '/usr/local/bin/try-everything', '/run/fastbypass_monitor/tried'

# It tries deeds, each in a process of its own, and writes one line for each: its name, and "done" or "refused".
SCRIPT = r'''
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)

def called(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def write(path):
    with open(path, 'a') as target:
        target.write('')

def system_call(number, *words):
    called(libc.syscall(ctypes.c_long(number), *words))

TRIES = {
    'write its log directory': lambda: write('%(backend)s/logs/tried'),
    'write its state directory': lambda: write('%(backend)s/state/tried'),
    'write its run directory': lambda: write('/run/fastbypass_monitor/tried.too'),
    'open a UDP socket': lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    'write /etc': lambda: write('/etc/tried'),
    'write /usr': lambda: write('/usr/share/fastbypass_monitor/fbmon/tried'),
    'write /var/lib': lambda: write('/var/lib/tried'),
    'write /run': lambda: write('/run/tried'),
    'write /root': lambda: write('/root/tried'),
    'write its configuration': lambda: write('%(backend)s/.env'),
    'read memory': lambda: open('/dev/mem', 'rb'),
    'open the console': lambda: open('/dev/console', 'rb'),
    'open a raw socket': lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    'open a packet socket': lambda: socket.socket(17, socket.SOCK_RAW, 0),
    'mount': lambda: called(libc.mount(b'tmpfs', b'/mnt', b'tmpfs', 0, None)),
    'load a module': lambda: called(libc.syscall(ctypes.c_long(175), b'', 0, b'')),
    # PTRACE_SEIZE, which does not stop it.
    'trace PID 1': lambda: called(libc.ptrace(0x4206, 1, 0, 0)),
    'become another user': lambda: os.setuid(65534),
    'give a file away': lambda: os.chown('%(backend)s/logs/tried', 65534, 65534),
    'change the root': lambda: os.chroot('/mnt'),
    'make a namespace': lambda: called(libc.unshare(0x20000)),
    'name the host': lambda: called(libc.sethostname(b'switch', 6)),
    'make a device': lambda: os.mknod('/run/fastbypass_monitor/device', 0o20600, os.makedev(1, 1)),
    'make a file setuid': lambda: os.chmod('%(backend)s/logs/tried', 0o4755),
}

def outcome(deed):
    child = os.fork()
    if child == 0:
        try:
            deed()
            os._exit(0)
        except Exception:
            os._exit(1)
    return 'refused' if os.waitpid(child, 0)[1] else 'done'

# Its own directories first: there must be a file for some of the others.
names = sorted(TRIES, key=lambda name: (name[:9] != 'write its', name))
lines = ['%%s: %%s' %% (name, outcome(TRIES[name])) for name in names]
lines += [line.rstrip() for line in open('/proc/self/status') if line.startswith(('CapBnd', 'NoNewPrivs', 'Seccomp:'))]
with open(sys.argv[-1] + '.new', 'w') as target:
    target.write('\n'.join(lines) + '\n')
os.rename(sys.argv[-1] + '.new', sys.argv[-1])
''' % {'backend': BACKEND}

# The deeds that the daemon needs. Raw and packet sockets come with one capability, which it needs for the cards' pings;
# but it may not use packet sockets (RestrictAddressFamilies).
ALLOWED = ['write its log directory', 'write its state directory', 'write its run directory', 'open a UDP socket',
           'open a raw socket']

# We saw that ProtectSystem=strict leaves the container's own /run writable (systemd 252). Only root can write there.
OF_THE_CONTAINER = ['write /run']


def tried(switch, path):
    """({deed: 'done' or 'refused'}, what the kernel says about the process)."""
    return dict(line.replace('\t', ' ').split(': ', 1) for line in switch.run('cat', path).output.splitlines())


def test_what_the_service_is_not_for_it_cannot_do(switch):
    python = 'python2.7' if switch.machine.suite == 'bullseye' else 'python3'
    switch.machine.write('/usr/local/bin/try.py', SCRIPT)
    switch.machine.write(HOOK, '#!/bin/sh\nexec %s /usr/local/bin/try.py %s\n' % (python, TOLD))
    switch.run('chmod', '755', HOOK)
    # Outside of the service root may do these deeds. So the unit refuses them, and not the container.
    switch.run(python, '/usr/local/bin/try.py', '/root/tried.outside')
    outside = tried(switch, '/root/tried.outside')
    for path in ('/etc/tried', '/var/lib/tried', '/run/tried', '/root/tried', BACKEND + '/logs/tried',
                 '/run/fastbypass_monitor/device'):
        switch.run('rm', '-f', path)
    switch.run('umount', '/mnt', check=False)

    switch.field.dpi('192.168.1.202', 3000)
    switch.configure(SMALL + 'ON_CHANGE=%s\n' % HOOK)
    switch.wait_state('normal')
    wait_for(lambda: switch.run('test', '-e', TOLD, check=False).code == 0, 'the program to be run')

    inside = tried(switch, TOLD)
    kernel = dict((name, inside.pop(name)) for name in ('CapBnd', 'NoNewPrivs', 'Seccomp'))
    assert sorted(name for name, came in inside.items() if came == 'done' and name not in OF_THE_CONTAINER) == \
        sorted(ALLOWED)
    # CAP_DAC_READ_SEARCH, CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW.
    assert int(kernel['CapBnd'], 16) == 1 << 2 | 1 << 10 | 1 << 12 | 1 << 13
    assert (kernel['NoNewPrivs'], kernel['Seccomp']) == ('1', '2')
    print('refused by the unit alone: ' + ', '.join(sorted(
        name for name, came in inside.items() if came == 'refused' and outside[name] == 'done')))
    assert [name for name in ('write /etc', 'write /usr', 'write its configuration', 'open a packet socket', 'mount',
                              'become another user', 'give a file away', 'change the root', 'make a namespace')
            if outside[name] != 'done'] == []
