"""Replies that are nearly right: read, or told by class. Never a crash."""

import json

import pytest
from hypothesis import strategies as st
from tests.fuzzing import altered, answers, fuzz

from evalkit import Completion, Failure, Message, Request
from evalkit_openai.answer import completion_of, usage
from evalkit_openai.reply import Again, Gone, Reply, TooLong, outcome_of, read

pytestmark = pytest.mark.fuzz

GOOD = {
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "x"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}
REQUEST = Request(messages=(Message("user", "x"),), max_tokens=4, stop=("y",))
BAD = {"error": {"message": "maximum context length", "code": "context_length_exceeded", "type": 3}}


def test_any_reply_is_read_or_told_by_class():
    def check(text, status):
        reply = Reply(status=status, headers={}, text=text)
        found = read(reply)
        assert isinstance(found, dict | Again | Gone | TooLong | Failure)
        assert outcome_of(reply, found)
        if isinstance(found, dict):
            answer = completion_of(found, REQUEST, 0.5, context_length=100)
            assert isinstance(answer, Completion | Again | TooLong | Failure)
            assert all(type(count) is int and count < 10**12 for count in usage(found))

    texts = altered(GOOD) | altered(BAD)
    statuses = st.sampled_from([200, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503, 999])
    fuzz(check, texts | answers(json.dumps(GOOD), json.dumps(BAD)), statuses)
