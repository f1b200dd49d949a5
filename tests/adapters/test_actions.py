"""What GitHub Actions reads."""

from pathlib import Path

import pytest

from monokeel.adapters import actions


def test_a_value_cannot_close_its_own_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "output"
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))

    actions.set_output("plan", "EOF\ntag=v9")

    name, value, tag, end = output.read_text().splitlines()
    assert (value, tag) == ("EOF", "tag=v9")
    assert name == f"plan<<{end}"


def test_nothing_is_written_outside_of_actions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    actions.add_summary("x")
    actions.annotate("x")

    assert capsys.readouterr().err == ""


def test_a_summary_that_cannot_be_written_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/full")

    actions.add_summary("env/dev: 1.0.0 -> 1.1.0")

    assert capsys.readouterr().err == (
        "warning: the job summary was not written: No space left on device\n"
    )


def test_an_annotation_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    actions.annotate("50%\r\nlost")

    assert capsys.readouterr().err == "::error::50%25%0Alost\n"


def test_no_control_character_of_a_server_reaches_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """D43, S35: a terminal acts on what stands in an annotation, too."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    actions.annotate("a\x1b[31mb\x07\u202ec\n::error::d")

    shown = r"::error::a\x1b[31mb\x07\u202ec%0A\::error::d"
    assert capsys.readouterr().err == f"{shown}\n"
