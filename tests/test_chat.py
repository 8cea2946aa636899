"""Chats for templates that know no system turn."""

import pytest

from evalkit import ChatTemplate, Message, fold_system


def test_a_system_message_moves_into_the_first_user_turn():
    chat = [Message("system", "Be brief."), Message("user", "Hi"), Message("assistant", "Hi.")]
    assert fold_system(chat) == [Message("user", "Be brief.\n\nHi"), Message("assistant", "Hi.")]


def test_a_lone_system_message_becomes_a_user_turn():
    assert fold_system([Message("system", "Begin.")]) == [Message("user", "Begin.")]
    assert fold_system([Message("user", "Begin.")]) == [Message("user", "Begin.")]


class RefusedError(Exception):
    pass


class Tokenizer:
    """Writes turns as ``role:content;``, and deals with a system turn as it is told to."""

    def __init__(self, system="shown"):
        self.system = system

    def apply_chat_template(self, chat, *, add_generation_prompt, tokenize):
        assert not tokenize
        if self.system == "refused" and any(turn["role"] == "system" for turn in chat):
            raise RefusedError
        shown = [t for t in chat if self.system != "dropped" or t["role"] != "system"]
        end = "answer:" if add_generation_prompt else ""
        return "".join(f"{turn['role']}:{turn['content']};" for turn in shown) + end

    def encode(self, text, *, add_special_tokens):
        assert not add_special_tokens
        return [ord(character) for character in text]


CHAT = [Message("system", "Be brief."), Message("user", "Hi")]


@pytest.mark.parametrize(
    ("system", "text"),
    [
        ("shown", "system:Be brief.;user:Hi;"),
        ("refused", "user:Be brief.\n\nHi;"),
        ("dropped", "user:Be brief.\n\nHi;"),
    ],
)
def test_no_template_loses_the_system_turn(system, text):
    template = ChatTemplate(Tokenizer(system), RefusedError)
    assert template.text(CHAT, answer=False) == text
    assert template.tokens(CHAT) == [ord(character) for character in text + "answer:"]


def test_a_refusal_of_the_template_is_passed_on():
    tokenizer = Tokenizer()
    template = ChatTemplate(tokenizer, RefusedError)
    tokenizer.system = "refused"
    with pytest.raises(RefusedError):
        template.tokens(CHAT)


def test_what_is_no_text_has_no_tokens():
    template = ChatTemplate(Tokenizer(), RefusedError)
    assert template.plain("a\x00") == [97, 0]
    with pytest.raises(UnicodeEncodeError):
        template.plain("\ud800")
    with pytest.raises(UnicodeEncodeError):
        template.tokens([Message("user", "\ud800")])
