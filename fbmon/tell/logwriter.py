"""The process that writes the log file for the daemon, or the journal, because the daemon must not wait for a disk.

A thread would not help. If it waits for a disk that hangs, even a killed process does not go away, and keeps its lock.
This process is a shell, the smallest one there is (0.3 MB of its own). It ends when the daemon is gone.

Each line is written to the file that has the name at that moment. A file that somebody has moved away or rotated is
left alone. For each line comes an answer on stdout: an empty line if it was written, `!REASON` if not.
"""
import fcntl
import os

from fbmon.base import children, compat, starting

# Arguments: the directory, the name of the file in it, the most bytes of a file, the number of files, the umask.
SCRIPT = r'''
trap '' HUP INT TERM PIPE
umask "$5"
dir=$1 file=$1/$2 most=$3 files=$4
size='' why='' lost=0 torn=''
end='
'

# Run a command; where it fails, why is what it said after the last colon.
attempt() {
    said=$("$@" 2>&1) || { why=${said##*: }; return 1; }
}

measure() {
    size=$(wc -c <"$file") || size=0
    size=$((size))
}

# Whether the file ends within a line, of which a crash or a full disk has left a part.
look_for_torn() {
    torn=''
    [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || torn=$end
}

move_on() {
    number=$((files - 1))
    while [ "$number" -gt 1 ]; do
        [ ! -e "$file.$((number - 1))" ] || attempt mv -fT "$file.$((number - 1))" "$file.$number" || return
        number=$((number - 1))
    done
    attempt mv -fT "$file" "$file.1" && size=0
}

# Neither a link nor a pipe that somebody has put in the file's place is written to.
plain() {
    [ ! -L "$file" ] && { [ -f "$file" ] || [ ! -e "$file" ]; } && return
    why='not a plain file'
    return 1
}

again() {
    env printf '%s\n' "$text" >>"$file"
}

# Write a line; where lines were lost before, how many, and on a line of its own whatever the disk took of the last.
take() {
    plain || return
    if [ -z "$size" ]; then
        measure
        look_for_torn
    fi
    text=$torn$line
    if [ "$lost" -gt 0 ]; then
        text="$torn($lost lines are missing here: the disk did not take them)$end$line"
    fi
    if [ $((size + ${#text} + 1)) -gt "$most" ]; then
        measure
        [ $((size + ${#text} + 1)) -le "$most" ] || [ "$size" -eq 0 ] || move_on || return
    fi
    if ! printf '%s\n' "$text" >>"$file"; then
        [ -d "$dir" ] || attempt mkdir -p "$dir" || return
        # Only the first of them is looked at closely, and some later ones: a disk may be full for long.
        [ $((lost % 100)) -eq 0 ] || return
        attempt again || return
    fi
    size=$((size + ${#text} + 1)) torn=''
}

if read -r score </proc/self/oom_score_adj && [ "$score" -lt 0 ]; then
    # When memory is short it is the daemon that must be kept.
    echo 0 >/proc/self/oom_score_adj
fi
while IFS= read -r line || [ -n "$line" ]; do
    if take; then
        lost=0
        echo
    else
        [ "$lost" -gt 0 ] || size=''
        lost=$((lost + 1))
        printf '!%s\n' "$why"
    fi
done
'''

# F_SETPIPE_SZ of fcntl(2), which 2.7 does not know.
SET_PIPE_SIZE = 1031


def start(directory, name, size, files, room, mask, title):
    """Start the process. Returns (the child, the descriptor for lines, the descriptor for answers), both non-blocking.

    room: the bytes of lines that may wait for the disk in the pipe, if the system allows so many; title: of the process
    in a list of processes. Raises EnvironmentError.
    """
    lines, ours, answers, its = compat.pipe() + compat.pipe()
    try:
        for descriptor in (lines, its):
            fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) & ~os.O_NONBLOCK)
        _enlarge(ours, room)
        with open(os.devnull, 'wb') as null:
            compat.close_on_exec(null.fileno())
            child = starting.start_child(['/bin/sh', '-c', SCRIPT, title, directory, name, '%d' % size,
                                          '%d' % files, '%03o' % mask], session=True, stdin=lines, stdout=its,
                                         stderr=null, env=children.ENVIRONMENT)
    except BaseException:
        os.close(ours)
        os.close(answers)
        raise
    finally:
        os.close(lines)
        os.close(its)
    return child, ours, answers


def _enlarge(descriptor, room):
    """Give a pipe more room. If the system does not allow it, the pipe stays as it is."""
    try:
        fcntl.fcntl(descriptor, SET_PIPE_SIZE, room)
    except EnvironmentError:
        pass
