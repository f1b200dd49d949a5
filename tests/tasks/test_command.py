"""Around every task: reports, errors, exit codes, and a question before a deletion."""

import io
import sys
from collections.abc import Iterator

import pytest
from invoke import Config, Context

from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.report import Outcome, Report
from monokeel.tasks.command import (
    About,
    OurConfig,
    complain,
    require_yes,
)

ABOUT = About(
    group="Rules",
    examples=("./inv x",),
    exits={0: "", 1: ""},
    options={"end": "how it ends"},
)
Capture = pytest.CaptureFixture[str]


@ABOUT
def example(*, end: str = "") -> Iterator[Report]:
    """End as it is told."""
    yield Report(headline="first", data={"n": 1})
    outcomes: dict[str, Outcome] = {"differs": "difference", "unclear": "unknown"}
    if end in outcomes:
        yield Report(headline="second", data={"n": 2}, outcome=outcomes[end])
    if end == "refused":
        raise RefusedError("no", fix="wait")
    if end == "silent":
        raise ServiceError("nobody answered")
    if end == "wrong":
        raise UsageError("what?")
    if end == "bug":
        raise KeyError("s3cret")
    if end == "ctrl-c":
        raise KeyboardInterrupt
    if end == "file":
        raise PermissionError(13, "Permission denied", "infra/x")


def run(end: str, *, json: bool = False, config: Config | None = None) -> int:
    context = Context(config or OurConfig())
    try:
        example(context, end=end, json=json)
    except SystemExit as stop:
        return int(str(stop.code))
    return 0


@pytest.mark.parametrize(
    ("end", "code", "err"),
    [
        ("", 0, ""),
        ("differs", 2, ""),
        ("unclear", 4, ""),
        ("refused", 3, "error: no\nfix: wait\n"),
        ("silent", 4, "error: nobody answered\n"),
        ("wrong", 1, "error: what?\n"),
        ("file", 1, "error: infra/x: Permission denied\n"),
        ("ctrl-c", 130, ""),
        ("bug", 1, "error: this is a bug in Monokeel: KeyError"),
    ],
)
def test_a_task_ends_with_the_code_of_its_outcome(
    capsys: Capture, end: str, code: int, err: str
) -> None:
    assert run(end) == code

    seen = capsys.readouterr()
    assert seen.out.startswith("first\n")
    assert seen.err.startswith(err)
    assert bool(seen.err) == bool(err)


def test_with_json_there_is_one_object_on_stdout(capsys: Capture) -> None:
    assert run("differs", json=True) == 2

    seen = capsys.readouterr()
    assert seen.out == '{"schema": 1, "n": 1}\n'
    assert seen.err == "second\n"


def test_the_traceback_of_a_bug_is_shown_on_request(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("bug")
    assert "Traceback" not in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["inv", "example", "--debug"])

    run("bug")

    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (Config(), "runs in the program of Monokeel alone"),
        (OurConfig(overrides={"run": {"dry": True}}), "dry mode is set"),
    ],
    ids=["another program", "dry"],
)
def test_a_task_runs_in_our_program_alone(
    capsys: Capture, config: Config, says: str
) -> None:
    assert run("", config=config) == 1

    seen = capsys.readouterr()
    assert seen.out == ""
    assert says in seen.err


def test_words_behind_a_double_dash_are_refused(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stop:
        example(Context(OurConfig(), remainder="x"), end="")

    assert stop.value.code == 1
    assert "takes nothing behind --: 'x'" in capsys.readouterr().err


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize(
    ("answer", "goes_on"),
    [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False)],
)
def test_a_deletion_is_asked_for_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, *, answer: str, goes_on: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)

    if goes_on:
        require_yes("delete x", yes=False)
    else:
        with pytest.raises(RefusedError, match="the answer was no: delete x"):
            require_yes("delete x", yes=False)
    assert screen.getvalue() == "delete x? [y/N] "


def test_a_deletion_needs_a_yes_where_nobody_can_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))

    with pytest.raises(RefusedError, match="nobody was there to say yes: delete x"):
        require_yes("delete x", yes=False)
    require_yes("delete x", yes=True)


@pytest.mark.parametrize("text", ["x" * 100_000, "'" + "a b" * 50_000 + "'"])
def test_a_value_of_100_kilobytes_does_not_hide_what_is_said(
    capsys: Capture, text: str
) -> None:
    """D45, S23."""
    complain(f"{text} is no version", f"Write less than {text}.")

    said = capsys.readouterr().err
    assert len(said) < 1_000
    assert "is no version" in said
    assert "more) ..." in said
