"""Moments of the wall clock as text: local time with its offset from UTC."""
import os
import time


def settle_zone(environ=os.environ):
    """Read the time zone once, now: otherwise 2.7 looks at /etc/localtime for each line of the log, and disks hang.

    The C library does not look again as long as TZ is set and stays the same (tzset(3)).
    """
    environ.setdefault('TZ', ':/etc/localtime')
    time.tzset()


def short(seconds):
    """Seconds since 1970 as `2026-11-23 20:39:20`, for a person who is at this place."""
    return time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(seconds))


def text(seconds, milliseconds):
    """Seconds since 1970 as `2026-11-23T20:39:20.123+00:00` (ISO 8601), with the offset that was valid at that time.

    milliseconds: the part of that second, which is not taken from `seconds`.
    """
    local, utc = time.localtime(seconds), time.gmtime(seconds)
    minutes = (local.tm_hour - utc.tm_hour) * 60 + local.tm_min - utc.tm_min
    # If the two dates differ, they differ by one day. 2.7 has no tm_gmtoff, and calendar is a large module.
    minutes += 1440 * ((local[:3] > utc[:3]) - (local[:3] < utc[:3]))
    return '%s.%03d%s%02d:%02d' % (time.strftime('%Y-%m-%dT%H:%M:%S', local), milliseconds,
                                   '-' if minutes < 0 else '+', abs(minutes) // 60, abs(minutes) % 60)
