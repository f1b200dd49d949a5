from datetime import timedelta

from monokeel.ground.words import brief, span


def test_a_text_is_cut_to_one_line() -> None:
    assert brief("two\nlines") == "two lines"
    assert brief("x" * 200, 140) == "x" * 139 + "…"


def test_clocks_that_differ_by_a_second_are_no_day() -> None:
    assert span(timedelta(seconds=-1)) == "0s"
