"""The co-process for changes: one `ip -batch` that is kept running, asked line by line whether it has done them."""
import os
import re
import select
import threading
from collections import namedtuple

from fbmon.base import compat
from fbmon.network import iproute

# Seconds for one batch to be acknowledged.
BATCH_LIMIT = 1.0

# Commands between two acknowledgements: few enough to be done within the limit.
BATCH_LINES = 256

# Children that may end in the middle of one run: an `ip` that ends at every line is not asked for ever.
CHILDREN = 20

# Characters of the last words of a child: some print their whole usage.
LAST_WORDS = 200

# `ip` knows no such object, and says so at once.
ACKNOWLEDGE = 'fbmon-acknowledge'

# What an iproute2 of before 4.3 says when it ends at a name: the interface is not there, or it takes it for "help".
_UNKNOWN = re.compile(r'Error: argument "([^"]+)" is wrong: .*')
_USAGE = re.compile(r'Usage: ip link ')

# What came of a conversation. errors: {position: words}; done: how many of its lines are known to be done or failed;
# end: None when all is answered, otherwise the last words; replace: whether a new child may do better.
Answer = namedtuple('Answer', 'errors done end replace')


class Batch(object):
    """One `ip -force -batch -` child, kept running: a command costs a line instead of a process.

    After the commands comes a line that `ip` does not understand. It answers on its unbuffered stderr with
    "Command failed -:N", after the errors of the lines before it, each with its own N: that is the acknowledgement.
    unsure: whether it ended or hung in the middle of the last run, and what it did is to be read from the kernel.
    """

    def __init__(self, limit=BATCH_LIMIT, clock=compat.monotonic):
        self.unsure = False
        self._limit = limit
        self._clock = clock
        self._child = None
        self._ended = False
        self._starting = threading.Lock()
        self._lines = 0
        self._reaper = iproute.Reaper()

    def run(self, lines):
        """Run the lines; {position: ip's words} of those that failed.

        A line that failed is tried once more with a new child: `ip` remembers interface indexes, and an old child
        does not know an interface that was created again. So are the lines left by a child that ended or hung.
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
            # Somebody had ended that child, and it took nothing: this is not a second try.
            self.close()
            answer = self._converse(lines, self._clock() + self._limit)
        return answer

    def _again(self, lines, todo):
        """Do the lines at these positions with new children; {position: ip's words} of those that failed.

        Each line is acknowledged, so that the one at which a child ends is known: it has failed, and a new child goes
        on after it. What all of them together take counts against one limit.
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
        """The same of lines that may fail: none of them is tried again, and the child is kept."""
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
        """End the child; the next run starts a new one."""
        if self._child:
            self._reaper.end(self._child)
        self._child = None

    def kill(self):
        """End a child that may be hanging, and start no other; called by another thread when the process ends."""
        with self._starting:
            self._ended = True
            iproute.kill(self._child)

    def restart(self):
        """Have a fresh child ready. If it cannot be started, the next run says why."""
        self.close()
        try:
            self._start()
        except iproute.IpError:
            pass

    def _start(self):
        with self._starting:
            if self._ended:
                raise iproute.IpError('ip is not started any more: the daemon stops')
            self._child, self._lines = iproute.spawn(['-force', '-batch', '-'], stdin=iproute.PIPE), 0

    def _converse(self, lines, deadline, each=False):
        """Send the lines with an acknowledgement after the last, or after each, and read until all is answered: the
        Answer."""
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
        """Write what the pipe takes (4 KB, where the user has many pipes) and read meanwhile, until line `last` has
        failed: ({line number: words} of all that failed, None or the child's last words)."""
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
            part = iproute.read(source) if source in ready else None
            if part == b'':
                self.unsure = self.unsure or taken
                return errors, _last_words(before + [rest])
            complete, _, rest = (rest + (part or b'')).rpartition(b'\n')
            before = _sort(complete.splitlines(), errors, before)
        return errors, None

    @staticmethod
    def _write(target, data):
        """Write as much as the pipe takes; returns the rest, None where nobody reads: stderr says why."""
        try:
            return data[os.write(target, data):]
        except EnvironmentError as error:
            return data if compat.would_block(error) or compat.interrupted(error) else None


def ended_at(lines, answer):
    """The position of the line at which a child ended, as far as its last words tell, or None.

    An iproute2 older than 4.3 ends in the middle of a batch, even with -force, at `link set dev NAME` if there is no
    such interface, or if NAME begins the word `help`.
    """
    unknown, usage = _UNKNOWN.search(answer.end), _USAGE.search(answer.end)
    for position in range(answer.done, len(lines) if unknown or usage else 0):
        head, _, rest = lines[position].partition('link set dev ')
        name = rest.partition(' ')[0]
        if not head and name and (name == unknown.group(1) if unknown else 'help'.startswith(name)):
            return position
    return None


def _last_words(lines):
    said = iproute.words(b' '.join(lines))[:LAST_WORDS]
    return 'ip -batch ended%s' % (': ' + said if said else '')


def _sort(lines, errors, before):
    """Put the words of each failed line into errors, {line number: words}; returns those of no line yet."""
    for line in lines:
        number = _failed_line(line)
        if number is None:
            before.append(line)
        else:
            errors[number], before = iproute.words(b' '.join(before)) or 'failed without a word', []
    return before


def _failed_line(line):
    """N of "Command failed -:N", or None."""
    head, _, number = line.rpartition(b':')
    return int(number) if head == b'Command failed -' and number.isdigit() else None
