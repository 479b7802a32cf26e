"""Moments of the wall clock as text: local time with its offset from UTC."""
import os
import re
import time

# A moment as text() has it, of which any part after the day may be left out.
_MOMENT = re.compile(r'([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,6})?)?)?'
                     r'(?:([+-])([0-9]{2}):?([0-9]{2})|(Z))?\Z')


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


def parse(words):
    """A day or a moment as seconds since 1970: 2026-11-01, 2026-11-01T03:00, or as text() and short() have it.

    Without an offset from UTC it is local time. None if it is no moment.
    """
    found = _MOMENT.match(words)
    if not found or found.group(1) < '1970':
        return None
    parts = [int(part or 0) for part in found.groups()[:6]]
    # mktime(3) would take the 31st of February for a day in March.
    utc = _seconds_in_utc(parts)
    if utc is None:
        return None
    fraction = float(found.group(7) or 0)
    if found.group(11):
        return utc + fraction
    if found.group(8):
        away = (int(found.group(9)) * 60 + int(found.group(10))) * 60
        return utc + fraction + (away if found.group(8) == '-' else -away)
    return time.mktime(tuple(parts) + (0, 0, -1)) + fraction


def _seconds_in_utc(parts):
    """Seconds since 1970 of year, month, day, hour, minute and second in UTC; None if there is no such day or time."""
    year, month, day, hour, minute, second = parts
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not (1 <= month <= 12 and 1 <= day <= lengths[month - 1] and hour < 24 and minute < 60 and second < 60):
        return None
    before = year - 1
    days = 365 * (year - 1970) + before // 4 - before // 100 + before // 400 - 477 + sum(lengths[:month - 1]) + day - 1
    return ((days * 24 + hour) * 60 + minute) * 60 + float(second)
