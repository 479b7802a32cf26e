import os
import subprocess

import pytest

DEB = os.environ['FBMON_DEB']


def field(name):
    return subprocess.check_output(['dpkg-deb', '--field', DEB, name], universal_newlines=True).strip()


def listing():
    """[(mode, owner, path)] of all files in the package."""
    output = subprocess.check_output(['dpkg-deb', '--contents', DEB], universal_newlines=True)
    return [(words[0], words[1], words[5]) for words in map(str.split, output.splitlines())]


def test_the_file_is_named_as_its_users_know_it():
    assert os.path.basename(DEB) == 'fastbypass_monitor-%s.deb' % field('Version')
    assert (field('Package'), field('Architecture')) == ('fastbypass-monitor', 'all')


def test_every_member_is_one_that_the_dpkg_of_debian_8_can_read():
    members = subprocess.check_output(['ar', 't', DEB], universal_newlines=True).split()

    # dpkg knows control.tar.xz since 1.17.6, and zstd since 1.21.18.
    assert members == ['debian-binary', 'control.tar.xz', 'data.tar.xz']


def test_old_and_new_releases_can_satisfy_the_dependencies():
    assert field('Depends') == 'python3 (>= 3.6) | python2.7 | python (>= 2.7.9), iproute2'
    assert field('Pre-Depends') == ''


def test_the_files_are_roots_and_where_they_belong():
    files = listing()
    paths = [path for _, _, path in files if not path.endswith('/')]
    homes = tuple('./usr/share/' + name for name in (
        'fastbypass_monitor/', 'doc/fastbypass-monitor/', 'man/man8/', 'lintian/overrides/', 'snmp/mibs/'))

    assert {owner for _, owner, _ in files} == {'root/root'}
    assert [path for path in paths if not path.startswith(homes)] == [
        './lib/systemd/system/fastbypass_monitor.service', './lib/systemd/system/fastbypass_monitor@.service',
        './lib/systemd/system/fastbypass_web.service',
        './usr/bin/fbypass_ctl',
        './usr/lib/tmpfiles.d/fastbypass_monitor.conf', './usr/share/bash-completion/completions/fbypass_ctl',
        './var/fastbypass_monitor/backend/sample.env']
    assert './var/fastbypass_monitor/backend/logs/' in [path for _, _, path in files]
    assert [path for path in paths if path.endswith(('.pyc', '.pyo'))] == []
    assert [mode for mode, _, path in files if 'w' in mode[5:]] == []
    assert {mode for mode, _, path in files if path.endswith('.service')} == {'-rw-r--r--'}


def test_env_is_no_part_of_the_package_so_that_dpkg_never_asks_about_it(tmp_path):
    subprocess.check_call(['dpkg-deb', '--control', DEB, str(tmp_path)])

    assert set(os.listdir(str(tmp_path))) == {'control', 'md5sums', 'preinst', 'postinst', 'prerm', 'postrm'}


def test_lintian_has_nothing_to_say():
    done = run('lintian', '--allow-root', '--display-info', '--pedantic', DEB)

    assert (done.returncode, done.stdout) == (0, '')


@pytest.mark.parametrize('page', ['fbypass_ctl.8', 'fastbypass_monitor.8', 'fastbypass_web.8'])
def test_man_has_no_warning_about_the_pages(page):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'man', page)
    done = run('man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', path,
               env=dict(os.environ, LC_ALL='C.UTF-8', MANWIDTH='80'))

    assert (done.returncode, done.stderr) == (0, '')
    assert 'fastbypass_monitor' in done.stdout


def run(*argv, **options):
    return subprocess.run(argv, timeout=300, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, **options)
