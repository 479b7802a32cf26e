"""Gives each line of the journal a time that does not go back, although the clock may have been set. Pure."""
import bisect
import operator


def times(given, now=float('inf')):
    """([a time for each one], how many do not fit) for times in the order of writing. now: none was later than this.

    The longest row of times that never goes back is right: that is what a clock shows that goes wrong only for a while,
    to an hour ago, to 1970 or to a year to come. The others happened between their neighbours in this row.
    """
    if all(map(operator.le, given[:-1], given[1:])) and given[-1:] <= [now]:
        return list(given), 0
    found, moved, right = [], 0, _longest(given, now)
    place = 0
    for position, at in enumerate(given):
        if place < len(right) and right[place] == position:
            place += 1
            found.append(at)
            continue
        least = found[-1] if found else given[right[0]] if right else now
        most = given[right[place]] if place < len(right) else least
        found.append(min(max(at, least), most))
        moved += 1
    return found, moved


def _longest(given, now):
    """[The positions of the longest row of times that never goes back or after now], by patience sorting."""
    lasts, places, before = [], [], []
    for position, at in enumerate(given):
        length = bisect.bisect_right(lasts, at)
        if at > now:
            before.append(None)
            continue
        before.append(places[length - 1] if length else None)
        lasts[length:length + 1] = [at]
        places[length:length + 1] = [position]
    row, position = [], places[-1] if places else None
    while position is not None:
        row.append(position)
        position = before[position]
    return row[::-1]
