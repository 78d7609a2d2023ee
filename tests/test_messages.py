"""What a user reads who calls a function with what it cannot take, word for word."""

import pytest

from tests.golden.messages import calls, raised_by

MESSAGES = calls()


@pytest.mark.parametrize("call", MESSAGES)
def test_the_whole_message_is_the_one_that_is_kept(call):
    assert raised_by(call) == MESSAGES[call]
