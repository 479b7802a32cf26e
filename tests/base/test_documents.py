"""documents.py: JSON of somebody else, which must end no process."""
import threading

import pytest

from fbmon.base import documents, threads


def nested(depth, opening='[', closing=']'):
    return opening * depth + closing * depth


def in_a_thread(text):
    """What read() makes of a text in one of the daemon's threads, which have a short stack: a value or an error."""
    found = []

    def work():
        try:
            found.append(documents.read(text))
        except ValueError as error:
            found.append(str(error))

    before = threading.stack_size(threads.STACK)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    return found[0]


@pytest.mark.parametrize('text', [nested(100000), '[' * 100000, nested(17), nested(50000, '{"a":', '}'),
                                  '[[],' * 50000, '{"a": "' + nested(20) + '", "b": ' + nested(17) + '}'])
def test_what_is_nested_too_deep_is_refused(text):
    assert in_a_thread(text) == 'more than 16 brackets in brackets'


@pytest.mark.parametrize('text, value', [
    ('{"command": "override", "reason": "[[[[[[[[[[[[[[[[[[[[ \\" [[["}',
     {'command': 'override', 'reason': '[' * 20 + ' " [[['}),
    ('[[], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], []]', [[]] * 19),
    ('"]]]]"', ']]]]'), ('5', 5)])
def test_brackets_in_a_text_or_beside_each_other_are_not_nested(text, value):
    assert in_a_thread(text) == value


@pytest.mark.parametrize('text', ['', '{', '"' + '[' * 50, ']' * 50, 'x'])
def test_noise_is_a_value_error(text):
    with pytest.raises(ValueError):
        documents.read(text)
