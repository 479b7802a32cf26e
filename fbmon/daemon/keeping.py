"""Has each accepted configuration file kept in the state directory. Nobody waits for it: its disk may hang."""
import collections
import threading
import time

from fbmon.base import compat, errands, threads
from fbmon.memory import kept

# Seconds in which a file must be on the disk.
LIMIT = 5.0

# Seconds until the next try.
PAUSE = 5.0

# Who has made a daemon take a file, where it was no person with fbypass_ctl.
START, SIGNAL = 'start', 'SIGHUP'

# Arguments: the directory, the time, who, the number of files, and that of the bytes, which come on stdin. A whole file
# or none gets a name. The last file again is not kept twice; the oldest ones are removed.
SCRIPT = r'''
trap '' HUP INT TERM
umask 077
dir=$1 new=$1/.new.$$ most=$4
last='' number=0

give_up() {
    rm -f "$new" 2>/dev/null
    printf '%s\n' "$1" >&2
    exit 1
}

attempt() {
    said=$("$@" 2>&1) || give_up "$said"
}

ours() {
    [ -f "$1" ] && [ ! -L "$1" ]
}

attempt mkdir -p "$dir"
# Left by a crash, or of a process that hangs: that can then no more give a file a name.
attempt rm -f "$dir"/.new*
attempt dd of="$new" bs=65536 conv=fsync,excl status=none
# The daemon may end before it has written them all.
[ "$(wc -c < "$new")" -eq "$5" ] || give_up 'cut off'
set -- "$2" "$3" "$dir"/0[0-9][0-9][0-9][0-9][0-9][0-9][0-9].*.*
name=$1.$2
shift 2
for file; do
    ours "$file" && last=$file
done
if [ -n "$last" ]; then
    if cmp -s "$last" "$new"; then
        rm -f "$new"
        exit 0
    fi
    number=${last##*/}
    number=${number%%.*}
    number=${number#"${number%%[!0]*}"}
fi
attempt mv -fT "$new" "$dir/$(printf %08d $((number + 1))).$name"
count=1
for file; do
    ! ours "$file" || count=$((count + 1))
done
for file; do
    [ "$count" -gt "$most" ] || break
    ours "$file" || continue
    attempt rm -f "$file"
    count=$((count - 1))
done
'''


class Keeping(object):
    """Keeps the files, one after the other, in a thread that lives until all are kept.

    keep(), deadline() and step() are for the controller's thread, and never wait. directory: of the kept files. error:
    why one is not kept, or None.
    """

    def __init__(self, directory, crashed, wall=time.time, clock=compat.monotonic):
        self.error = None
        self._directory = directory
        self._crashed = crashed
        self._wall = wall
        self._clock = clock
        self._errand = errands.Errand('of this kind')
        self._lock = threading.Lock()
        self._busy = self._closed = False
        self._at = None
        # If the disk hangs, the oldest of them are lost, as they would be if it did not.
        self._waiting = collections.deque(maxlen=kept.MOST)

    def keep(self, data, by):
        """Have the bytes of an accepted file kept. by: who has made the daemon take it."""
        with self._lock:
            self._waiting.append((data, '%d' % self._wall(), kept.plain(by)))
            busy, self._busy = self._busy, True
        if not busy:
            self._start()

    def deadline(self):
        """The monotonic second at which step() tries again, or None."""
        return self._at

    def step(self):
        """Try again to start the thread, if there was none left."""
        if self._at is not None and self._clock() >= self._at:
            self._start()

    def close(self):
        """Kill what is under way: the daemon is about to end. Returns its process in a list, or []."""
        self._closed = True
        return self._errand.close()

    def _start(self):
        self._at = None
        try:
            threads.start('keeping', self._work, self._crashed)
        except threads.NO_THREAD as error:
            self._failed(error)
            self._at = self._clock() + PAUSE

    def _work(self):
        while True:
            with self._lock:
                self._busy = bool(self._waiting) and not self._closed
                if not self._busy:
                    return
                entry = self._waiting[0]
            why = self._keep(*entry)
            if not why:
                self._done(entry)
            else:
                self._failed(why)
                time.sleep(PAUSE)

    def _keep(self, data, at, by):
        """Why the file is not kept, or ''."""
        words = errands.shell(SCRIPT, 'fastbypass_kept', self._directory, at, by, '%d' % kept.MOST, '%d' % len(data))
        done = self._errand.run(words, LIMIT, data)
        return '' if done.code == 0 else done.why

    def _done(self, entry):
        self.error = None
        with self._lock:
            if self._waiting[0] is entry:
                self._waiting.popleft()

    def _failed(self, why):
        self.error = '%s: %s: the accepted file is not kept for fbypass_ctl rollback' % (self._directory, why)
