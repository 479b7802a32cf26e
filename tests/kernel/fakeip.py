"""An `ip` that only the daemon finds. A test can make it fail, hang or answer late; otherwise it runs the real one."""
import os

import helpers
from kernel.namespace import IP

# kind: what the daemon uses it for. The files beside the script say what it does; looking at them needs no process.
SCRIPT = '''here=${0%%/*}
case " $* " in *" -batch "*) kind=batch ;; *" monitor "*) kind=monitor ;;
*" route "*) kind=route ;; *) kind=read ;; esac
if [ -e "$here/hang.$kind" ]; then exec sleep 600; fi
if [ -e "$here/late.$kind" ]; then
    read -r seconds < "$here/late.$kind"
    if [ $kind != batch ]; then sleep "$seconds"; exec %(ip)s "$@"; fi
    while read -r line; do
        case "$line" in fbmon*) sleep "$seconds" ;; esac
        echo "$line"
    done | %(ip)s "$@"
    exit
fi
if [ -e "$here/old.$kind" ]; then
    number=0
    while read -r line; do
        number=$((number + 1))
        set -- $line
        case "$line" in 'link set dev '*)
            case help in "$4"*) echo 'Usage: ip link add [link DEV] [ name ] NAME' >&2; exit 255 ;; esac
            if ! %(ip)s link show dev "$4" > /dev/null 2>&1; then
                echo "Error: argument \\"$4\\" is wrong: Unknown device" >&2
                exit 255
            fi ;;
        esac
        %(ip)s $line || echo "Command failed -:$number" >&2
    done
    exit 1
fi
if [ -e "$here/fail.$kind" ]; then
    read -r words < "$here/fail.$kind"
    if [ $kind != batch ]; then echo "$words" >&2; exit 2; fi
    number=0
    while read -r line; do
        number=$((number + 1))
        printf '%%s\\nCommand failed -:%%d\\n' "$words" $number >&2
    done
    exit 1
fi
exec %(ip)s "$@"
'''


class FakeIp(object):
    """Makes the script and switches it.

    kind: 'batch' (the changes), 'monitor', 'route' (the readings of routes) or 'read' (all other readings).
    """

    def __init__(self, directory):
        self._directory = str(directory)
        os.mkdir(self._directory)
        helpers.write_program(os.path.join(self._directory, 'ip'), SCRIPT % {'ip': IP})
        # First on the daemon's PATH.
        self.path = self._directory + os.pathsep + os.environ['PATH']

    def fail(self, kind, words):
        """New children of this kind fail with these words."""
        helpers.write(self._file('fail', kind), words + '\n')

    def hang(self, kind):
        """New children of this kind do nothing and do not end."""
        helpers.write(self._file('hang', kind), '')

    def late(self, kind, seconds):
        """New children of this kind begin so many seconds late; one for the changes acknowledges them so late."""
        helpers.write(self._file('late', kind), '%g\n' % seconds)

    def old(self):
        """New children for the changes end in the middle of a batch, as `ip` before 4.3 does."""
        helpers.write(self._file('old', 'batch'), '')

    def works(self, kind):
        """New children of this kind run the real `ip` again."""
        for deed in ('fail', 'hang', 'late', 'old'):
            if os.path.exists(self._file(deed, kind)):
                os.unlink(self._file(deed, kind))

    def _file(self, deed, kind):
        return os.path.join(self._directory, '%s.%s' % (deed, kind))
