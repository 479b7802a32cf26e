# coding: utf-8
"""envfile.py: lines as people know them from .env files become assignments; a line that cannot be read says why."""
import pytest

from fbmon.config import envfile
from fbmon.config.envfile import Assignment


def read(text):
    return list(envfile.assignments(text))


def value_of(right):
    """(value, error) of the line KEY=RIGHT."""
    found, = read(u'KEY=' + right)
    return found.value, found.error


@pytest.mark.parametrize('line, key, name, index, value', [
    (u'LOG_LEVEL=INFO', 'LOG_LEVEL', 'LOG_LEVEL', None, 'INFO'),
    (u'LISTEN_HB_PORT[0]=3000', 'LISTEN_HB_PORT[0]', 'LISTEN_HB_PORT', 0, '3000'),
    (u'LISTEN_HB_PORT[65535]=3000', 'LISTEN_HB_PORT[65535]', 'LISTEN_HB_PORT', 65535, '3000'),
    (u' \t A[7] \t= \t b ', 'A[7]', 'A', 7, 'b'),
    (u'export A=b', 'A', 'A', None, 'b'),
    (u'\texport \t A[1] = b', 'A[1]', 'A', 1, 'b'),
    (u'export=b', 'export', 'export', None, 'b'),
    (u'exported=b', 'exported', 'exported', None, 'b'),
    (u'A=', 'A', 'A', None, ''),
    (u'A==b=c', 'A', 'A', None, '=b=c'),
])
def test_a_key_its_index_and_its_value_are_read_with_blanks_and_export_around_them(line, key, name, index,
                                                                                   value):
    assert read(line) == [Assignment(1, key, name, index, value, None)]


@pytest.mark.parametrize('line', [u'', u'   ', u'\t', u'#', u'# A=b', u' \t#A=b'])
def test_blank_lines_and_comments_are_passed_over(line):
    assert read(line) == []


@pytest.mark.parametrize('right, value', [
    (u'b # c', 'b'), (u'b\t#c', 'b'), (u'b#c', 'b#c'), (u'#c', '#c'), (u' # c', ''), (u'b  c', 'b  c'),
    (u'"b # c"', 'b # c'), (u"'b # c'", 'b # c'), (u'"b" # c', 'b'), (u'"b"\t #c', 'b'), (u' "b" ', 'b'),
    (u'"b\'c"', "b'c"), (u"'b\"c'", 'b"c'), (u'""', ''), (u'" b "', ' b '), (u'b"c', 'b"c'),
    (u'$HOME`id`', '$HOME`id`'),
    (u'a\\nb', 'a\\nb'),
])
def test_quotes_are_taken_off_comments_need_a_blank_before_them_and_nothing_is_expanded(right, value):
    assert value_of(right) == (value, None)


@pytest.mark.parametrize('right, error', [
    (u'"b', envfile.NOT_CLOSED), (u"'b", envfile.NOT_CLOSED), (u'"b\'', envfile.NOT_CLOSED),
    (u'"', envfile.NOT_CLOSED),
    (u'"b" c', envfile.AFTER_QUOTE), (u'"b"c', envfile.AFTER_QUOTE), (u'"b"#c', envfile.AFTER_QUOTE),
    (u'"b""c"', envfile.AFTER_QUOTE), (u'"b" c # d', envfile.AFTER_QUOTE),
])
def test_a_quote_must_be_closed_and_only_a_comment_may_follow_it(right, error):
    assert value_of(right) == (right, error)


@pytest.mark.parametrize('line', [u'foo', u'foo bar', u'= b', u'=', u'KEY: value', u'export A', u'A #=b',
                                  u'A # B=b'])
def test_a_line_without_key_or_equals_sign_is_no_assignment(line):
    assert read(line) == [Assignment(1, None, None, None, line, envfile.NOT_AN_ASSIGNMENT)]


def test_a_key_with_a_blank_in_it_is_no_assignment():
    assert read(u'LOG LEVEL=INFO') == [Assignment(1, 'LOG LEVEL', None, None, 'INFO',
                                                  envfile.NOT_AN_ASSIGNMENT)]


@pytest.mark.parametrize('key', [
    u'A[00]', u'A[01]', u'A[-1]', u'A[+1]', u'A[x]', u'A[]', u'A[ 1 ]', u'A [1]', u'A[1', u'A]1[', u'A[1][2]',
    u'A[1]x',
    u'A[65536]', u'A[1_0]', u'A[1.0]', u'A[\u0663]', u'A[' + u'9' * 5000 + u']', u'[1]',
])
def test_an_index_is_a_plain_number_up_to_65535(key):
    expected = envfile.BAD_INDEX if u'[' in key else envfile.NOT_AN_ASSIGNMENT
    assert read(key + u'=b') == [Assignment(1, key, None, None, 'b', expected)]


def test_the_lines_are_counted_from_one_with_blank_and_comment_lines():
    assert [(one.line, one.key) for one in read(u'\n# c\nA=1\n\nB=2')] == [(3, 'A'), (5, 'B')]


def test_crlf_line_ends_and_a_byte_order_mark_are_no_part_of_the_text():
    assert read(u'\ufeffA=1\r\nB="2"\r\n\r\nC=3 # c\r\n') == [
        Assignment(1, 'A', 'A', None, '1', None), Assignment(2, 'B', 'B', None, '2', None),
        Assignment(4, 'C', 'C', None, '3', None)]


@pytest.mark.parametrize('control', [u'\0', u'\x0b', u'\x0c', u'\r', u'\x1b', u'\x7f', u'\x85', u'\x9b'])
def test_a_control_character_is_wrong_in_every_line_and_ends_none(control):
    assert read(u'# a' + control + u'b\nA=1' + control + u'2\nB=3') == [
        Assignment(1, None, None, None, u'# a' + control + u'b', envfile.CONTROL_CHARACTER),
        Assignment(2, 'A', 'A', None, u'1' + control + u'2', envfile.CONTROL_CHARACTER),
        Assignment(3, 'B', 'B', None, '3', None)]


@pytest.mark.parametrize('text', [u'\ufffd', u'Größe'])
def test_other_characters_are_text(text):
    assert read(u'A=x%sy' % text) == [Assignment(1, 'A', 'A', None, u'x%sy' % text, None)]


def test_a_key_is_written_with_its_index():
    assert [envfile.label('A', None), envfile.label('A', 0)] == ['A', 'A[0]']


@pytest.mark.parametrize('line', [u'BYPASS_CARD_IFS=eth0\xa0', u'\ufeffBYPASS_CARD_IFS=eth0', u'A\u200b=1', u'\xa0',
                                  u'A=1\u3000# why'])
def test_a_character_that_nobody_sees_is_named(line):
    found = read(u'\n' + line)

    assert 'U+' in found[0].error and found[0].error.endswith('remove it, or type the line again')


def test_a_comment_may_have_characters_that_nobody_sees():
    assert [one.error for one in read(u'# a\xa0b\nA=1 # b\u200bc')] == [None]
