"""Text from outside ends in a value or in one short line, whatever it holds."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.parsers import (
    parse_epoch,
    parse_http_date,
    parse_json,
    parse_moment,
    parse_number,
    parse_yaml,
)

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('{"\\ud800": ["\\udfff!"]}', {"\ufffd": ["\ufffd!"]}),
        ("[" * 100 + "]" * 100, None),
    ],
)
def test_json_is_read(text: str, value: Json) -> None:
    assert parse_json(text.encode()) == parse_json(text)
    if value is not None:
        assert parse_json(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        "[1e999]",
        "-1e999",
        "[" * 101 + "]" * 101,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "1" * 5_000,
        "[" + "1" * 22 + "]",
        b"\xff\xfe\x00",
        b'"\xc3"',
    ],
    ids=lambda text: repr(text[:6]),
)
def test_what_is_no_json_has_one_short_reason(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_json(text)

    assert type(caught.value) is ValueError
    assert len(str(caught.value)) <= 160
    assert "\n" not in str(caught.value)
    assert "sys." not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-45",
        "!!timestamp x",
        "[" * 5_000,
        "a: [",
        "!!python/object/apply:os.system [id]",
        "? [a]\n: b",
        "a: .inf",
        "[[-.NaN, .nan]]",
        "&a [*a]",
        BOMB,
        "\x00",
        "a: 1\nb: 2\n'a': 3",
        "a: {b: 1, b: 2}",
        "a: " + "1" * 5_000,
        "a: -0x" + "f" * 5_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_yaml_has_one_short_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_yaml(text)

    assert type(caught.value) is ValueError
    assert len(str(caught.value)) <= 160
    assert "sys." not in str(caught.value)


@pytest.mark.parametrize("text", ["0x" + "_" * 3, "1:99999999999:3" * 400])
def test_what_looks_like_a_number_is_a_value_or_none(text: str) -> None:
    with suppress(ValueError):
        parse_yaml(text)


def test_what_an_anchor_brings_in_is_no_key_that_stands_twice() -> None:
    text = "x: &x {a: 1, b: 1}\ny: &y {<<: *x, a: 2}\nz: {<<: *y, b: 3}"

    value = parse_yaml(text)

    assert isinstance(value, dict)
    assert (value["y"], value["z"]) == ({"a": 2, "b": 1}, {"a": 1, "b": 3})


def test_yaml_keeps_its_types_or_none() -> None:
    assert repr(parse_yaml("on: 1")) == "{True: 1}"
    assert parse_yaml("on: 1", as_text=True) == {"on": "1"}


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("017", 17), ("9" * 12, 10**12 - 1)]
    + [(each, None) for each in ("", "\u00b2", "\u0661", "9" * 13, "-1", "1.0", " 1")],
)
def test_a_number_has_ascii_digits(text: str, number: int | None) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-28T10:00:00",
        "2026-13-45T00:00:00Z",
        "",
        "now",
    ],
)
def test_a_moment_is_one_of_ours_or_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(text)


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 31 Dec 9999 23:59:59 -1400",
        "Fri, 99 Dec 2026 23:59:59 GMT",
        "",
        "x",
        "Sat, 28 Nov 2026 23:39:24 +9999999",
    ],
)
def test_a_date_header_is_one_of_ours_or_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_http_date(text)


def test_moments_are_in_utc() -> None:
    moment = datetime(2026, 11, 28, 22, 39, 24, tzinfo=UTC)

    assert parse_moment("2026-11-28T23:39:24+01:00") == moment
    assert parse_http_date("Sat, 28 Nov 2026 22:39:24 GMT") == moment
    assert parse_epoch("1795905564") == moment
    for text in ("", "-1", "9" * 12, "x"):
        with pytest.raises(ValueError, match="no time"):
            parse_epoch(text)


@pytest.mark.parametrize("sign", ["", "-"])
def test_json_and_yaml_have_one_limit_of_a_number(sign: str) -> None:
    longest, longer = sign + "9" * 20, sign + "1" + "0" * 20

    assert parse_json(longest) == parse_yaml(longest) == int(longest)
    for parse in (parse_json, parse_yaml):
        with pytest.raises(ValueError, match="a whole number that is too long"):
            parse(longer)
