"""The co-process that makes the changes: one `ip -batch` that is kept running and says what it has done."""
import os
import re
import select
import threading

from fbmon.base import children, compat, starting, threads
from fbmon.base.tuples import namedtuple
from fbmon.network import iproute

# Seconds in which a batch must be acknowledged.
BATCH_LIMIT = 1.0

# The most commands between two acknowledgements: few enough to be done within the limit.
BATCH_LINES = 256

# So many children may end in the middle of one run. An `ip` that ends at every line is not tried for ever.
CHILDREN = 20

# The number of characters that are kept of a child's last words: some print their whole usage.
LAST_WORDS = 200

# `ip` does not know such an object, and says so at once.
ACKNOWLEDGE = 'fbmon-acknowledge'

# iproute2 before 4.3 says one of these when it ends at a name: the interface is not there, or it takes the name for
# "help".
_UNKNOWN = r'Error: argument "([^"]+)" is wrong: .*'
_USAGE = r'Usage: ip link '

# The answer to some lines. errors: {position of the line: ip's words}; done: how many lines, from the first on, are
# known to be done or failed; end: None if all were answered, otherwise the child's last words; replace: whether a new
# child may do better.
Answer = namedtuple('Answer', 'errors done end replace')


class Batch(object):
    """One child `ip -force -batch -` that is kept running, so that a command costs a line instead of a process.

    After the commands comes a line that `ip` does not understand. `ip` answers with "Command failed -:N" on its
    unbuffered stderr, after the errors of the lines before, each of which has its own N. This is the acknowledgement.
    unsure: whether the child ended or hung in the middle of the last run. Then only the kernel knows what it did.
    """

    def __init__(self, limit=BATCH_LIMIT, clock=compat.monotonic):
        self.unsure = False
        # Whether nothing will be run for now, so that no child is kept ready.
        self.resting = False
        self._limit = limit
        self._clock = clock
        self._child = None
        self._ended = False
        self._starting = threading.Lock()
        self._lines = 0
        self._reaper = iproute.Reaper()

    def run(self, lines):
        """Run the lines. Returns {position: ip's words} of those that failed.

        A line that failed is tried once more with a new child: `ip` remembers the indexes of interfaces, so an old
        child does not know an interface that was made anew. Lines that a child left undone because it ended or hung are
        tried again, too.
        """
        self.unsure = False
        failed, again = {}, []
        for start in range(0, len(lines), BATCH_LINES):
            part = lines[start:start + BATCH_LINES]
            answer = self._first(part)
            again += [start + position for position in sorted(answer.errors)]
            if answer.end is not None:
                culprit = ended_at(part, answer)
                if culprit is not None:
                    failed[start + culprit] = answer.end
                again += range(start + (answer.done if culprit is None else culprit + 1), len(lines))
                break
        if again or failed:
            self.close()
            failed.update(self._again(lines, again))
        return failed

    def _first(self, lines):
        answer = self._converse(lines, self._clock() + self._limit)
        if answer.end is not None and answer.replace and not self.unsure:
            # Somebody had ended that child, and it had taken nothing. So this is not a second try.
            self.close()
            answer = self._converse(lines, self._clock() + self._limit)
        return answer

    def _again(self, lines, todo):
        """Run the lines at these positions with new children. Returns {position: ip's words} of those that failed.

        Each line is acknowledged by itself. So we know the line at which a child ends: this line has failed, and a new
        child goes on after it. The limit is for the time that all of these children take together.
        """
        failed, ends, deadline = {}, 0, self._clock() + self._limit
        while todo:
            part = todo[:BATCH_LINES]
            answer = self._converse([lines[position] for position in part], deadline, each=True)
            failed.update((part[place], said) for place, said in answer.errors.items())
            todo = todo[answer.done:]
            if answer.end is None:
                deadline = self._clock() + self._limit
                continue
            self.close()
            ends += 1
            lost = todo[:1] if answer.replace and ends < CHILDREN else todo
            failed.update(dict.fromkeys(lost, answer.end))
            todo = todo[len(lost):]
        return failed

    def once(self, lines):
        """As run(), but for lines that may fail: none is tried again, and the child is kept."""
        failed = {}
        for start in range(0, len(lines), BATCH_LINES):
            answer = self._converse(lines[start:start + BATCH_LINES], self._clock() + self._limit)
            failed.update((start + position, said) for position, said in answer.errors.items())
            if answer.end is not None:
                self.close()
                failed.update(dict.fromkeys(range(start + answer.done, len(lines)), answer.end))
                break
        return failed

    def close(self):
        """End the child. The next run starts a new one."""
        if self._child:
            self._reaper.end(self._child)
        self._child = None

    def kill(self):
        """Kill the child, which may hang, and start no other. Another thread calls this when the process ends.

        Returns it in a list, or [].
        """
        with threads.Briefly(self._starting):
            self._ended = True
            return children.kill(self._child)

    def restart(self):
        """Replace the child by a fresh one. If it cannot be started, the next run says why."""
        self.close()
        if self.resting:
            return
        try:
            self._start()
        except iproute.IpError:
            pass

    def _start(self):
        self._reaper.admit()
        with self._starting:
            if self._ended:
                raise iproute.IpError('ip is not started any more: the daemon stops')
            self._child, self._lines = iproute.spawn(['-force', '-batch', '-'], stdin=starting.PIPE), 0

    def _converse(self, lines, deadline, each=False):
        """Send the lines, and read until all are answered. Returns the Answer.

        each: ask for an acknowledgement after each line, not only after the last one.
        """
        if self._child is None:
            try:
                self._start()
            except iproute.IpError as error:
                return Answer({}, 0, str(error), False)
        sent = [word for line in lines for word in (line, ACKNOWLEDGE)] if each else lines + [ACKNOWLEDGE]
        before, self._lines = self._lines, self._lines + len(sent)
        said, end = self._exchange('\n'.join(sent + ['']).encode('ascii'), self._lines, deadline)
        step, places = 2 if each else 1, [number - before - 1 for number in said]
        errors = dict((place // step, said[place + before + 1]) for place in places if sent[place] is not ACKNOWLEDGE)
        done = min(len(lines), max(places) // step + 1) if places else 0
        return Answer(errors, done, end, self._clock() < deadline)

    def _exchange(self, data, last, deadline):
        """Write as much as the pipe takes and read meanwhile, until line number `last` has failed.

        A pipe takes as little as 4 KB if the user has many pipes. Returns ({line number: ip's words} of the lines that
        failed, None or the child's last words).
        """
        target, source = self._child.stdin.fileno(), self._child.stderr.fileno()
        errors, before, rest, data = {}, [], b'', self._write(target, data)
        taken = data is not None
        poller = select.poll()
        poller.register(source, select.POLLIN)
        if data:
            poller.register(target, select.POLLOUT)
        while last not in errors:
            left = deadline - self._clock()
            if left <= 0:
                self.unsure = True
                return errors, 'ip -batch: no answer within %g s' % self._limit
            ready = [descriptor for descriptor, _ in compat.poll(poller, left * 1000 + 1)]
            if target in ready:
                data = self._write(target, data)
                if not data:
                    poller.unregister(target)
            part = children.read(source) if source in ready else None
            if part == b'':
                self.unsure = self.unsure or taken
                return errors, _last_words(before + [rest])
            complete, _, rest = (rest + (part or b'')).rpartition(b'\n')
            before = _sort(complete.splitlines(), errors, before)
        return errors, None

    @staticmethod
    def _write(target, data):
        """Write as much as the pipe takes, and return the rest; None if nobody reads: then stderr says why."""
        try:
            return data[os.write(target, data):]
        except EnvironmentError as error:
            return data if compat.would_block(error) or compat.interrupted(error) else None


def ended_at(lines, answer):
    """The position of the line at which a child ended, or None if its last words do not tell.

    iproute2 before 4.3 ends in the middle of a batch, even with -force, at `link set dev NAME` if there is no such
    interface, or if the word `help` begins with NAME.
    """
    unknown, usage = re.search(_UNKNOWN, answer.end), re.search(_USAGE, answer.end)
    for position in range(answer.done, len(lines) if unknown or usage else 0):
        head, _, rest = lines[position].partition('link set dev ')
        name = rest.partition(' ')[0]
        if not head and name and (name == unknown.group(1) if unknown else 'help'.startswith(name)):
            return position
    return None


def _last_words(lines):
    said = children.words(b' '.join(lines))[:LAST_WORDS]
    return 'ip -batch ended%s' % (': ' + said if said else '')


def _sort(lines, errors, before):
    """Put the words of each failed line into errors, {line number: words}. Returns words that belong to none yet."""
    for line in lines:
        number = _failed_line(line)
        if number is None:
            before.append(line)
        else:
            errors[number], before = children.words(b' '.join(before)) or 'failed without a word', []
    return before


def _failed_line(line):
    """N of "Command failed -:N", or None."""
    head, _, number = line.rpartition(b':')
    return int(number) if head == b'Command failed -' and number.isdigit() else None
