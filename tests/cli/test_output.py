"""output.py: what a person shall type names the instance that the command is about."""
import pytest

from fbmon.cli import output


@pytest.mark.parametrize('text, told', [
    ('see fbypass_ctl check', 'see fbypass_ctl -i west check'),
    ('fbypass_ctl confirm keeps it, fbypass_ctl reload ends it',
     'fbypass_ctl -i west confirm keeps it, fbypass_ctl -i west reload ends it'),
    ('fbypass_ctl: no', 'fbypass_ctl: no'), ('fbypass_ctl(8)', 'fbypass_ctl(8)'),
    ('fbypass_ctl -i east show', 'fbypass_ctl -i east show')])
@pytest.mark.parametrize('say', [output.say, output.fail])
def test_the_commands_in_a_text_are_those_of_the_instance(capsys, monkeypatch, say, text, told):
    monkeypatch.setenv('FASTBYPASS_INSTANCE', 'west')
    say(text)
    monkeypatch.delenv('FASTBYPASS_INSTANCE')
    say(text)

    assert ''.join(capsys.readouterr()) == '%s\n%s\n' % (told, text)
