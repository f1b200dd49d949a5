"""How many moves a history shows."""

import pytest

from monokeel.ground.errors import UsageError
from monokeel.promotion.history import parse_count


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("020", 20), ("9999", 9999)])
def test_a_count_is_a_number(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "0", "-1", "abc", "\u0661", "1\n", "9" * 5000])
def test_what_is_no_count_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_count(text)

    assert caught.value.exit_code == 1
