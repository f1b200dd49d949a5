"""On a terminal: colour, width, short digests, progress. Elsewhere: the plain text."""

import io
import json
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monokeel.ground.report import Report, Section, Table, as_plain
from monokeel.promotion.status import overview_of, overview_report
from monokeel.tasks import screen
from tests.fakes.incident import HOLD, incident

DIGEST = f"sha256:{'0123456789ab' * 5}cdef"
REPORT = Report(
    headline=f"api is {DIGEST}",
    sections=(
        Section("Why", ("ok all is well", "unknown nobody answered", "a [b] :tada:")),
        Section("To do", ("other write keys: delete them",)),
        Section(
            "",
            table=Table(
                ("service", "state", "digest"),
                (
                    ("api", "blocked", DIGEST),
                    ("web", "ok", f"run: git checkout {'a' * 40}"),
                    ("taken", "other", DIGEST),
                    ("worker", "missing", "words " * 30),
                    ("other", "unknown", "x" * 200),
                ),
            ),
        ),
        Section("Nothing"),
    ),
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


PAGE = "https://github.com/acme/shop/pull/3"


@pytest.fixture
def coloured(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("NO_COLOR", "CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


def shown(width: int, patch: pytest.MonkeyPatch) -> str:
    patch.setenv("COLUMNS", str(width))
    stream = Terminal()
    screen.print_report(REPORT, stream)
    return stream.getvalue()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_each_state_has_its_colour_and_its_word(coloured: pytest.MonkeyPatch) -> None:
    text = shown(80, coloured)

    assert "\x1b[32mok\x1b[0m" in text
    assert "\x1b[33munknown\x1b[0m" in text
    assert "\x1b[1;31mblocked\x1b[0m" in text
    assert "\x1b[1;31mmissing\x1b[0m" in text
    assert "\x1b[1;31mother\x1b[0m" in text  # as a state, and not as a word
    assert text.count("\x1b[1;31mother") == 1


@pytest.mark.parametrize("end", [")) ([abc](", ", title", "; then", "."])
def test_an_address_ends_where_it_does(coloured: pytest.MonkeyPatch, end: str) -> None:
    coloured.setenv("COLUMNS", "80")
    stream = Terminal()

    screen.print_report(Report(headline=f"see ({PAGE}{end} x"), stream)

    assert f"\x1b[4m{PAGE}\x1b[0m" in re.sub(
        r"\x1b\[1;4m", "\x1b[4m", stream.getvalue()
    )


def test_nothing_of_a_cell_is_left_out(coloured: pytest.MonkeyPatch) -> None:
    assert plain(shown(80, coloured)).count("x") == 200


def test_the_states_of_environments_stand_out(coloured: pytest.MonkeyPatch) -> None:
    shop = incident()
    overview = overview_of(shop.outside, shop.settings, hold=HOLD)
    coloured.setenv("COLUMNS", "80")
    stream = Terminal()

    screen.print_report(overview_report(overview), stream)

    red = {
        words for _, words in re.findall(r"\x1b\[(1;31m)([^\x1b]+)", stream.getvalue())
    }
    assert red == {"HOLD", "FREEZE", "DRIFT", "without a record", "back from 1.5.0"}
    assert "\x1b[32mready\x1b[0m" in stream.getvalue()
    assert (
        plain(stream.getvalue()).split() == as_plain(overview_report(overview)).split()
    )


@pytest.mark.parametrize(("width", "widest"), [(80, 80), (120, 120), (300, 160)])
def test_a_table_fits_and_no_word_is_cut(
    coloured: pytest.MonkeyPatch, width: int, widest: int
) -> None:
    lines = plain(shown(width, coloured)).splitlines()

    assert max(map(len, map(str.rstrip, lines))) <= widest
    assert max(map(len, map(str.rstrip, lines))) > widest - 12
    assert {x for line in lines for x in line.split() if x.startswith("wor")} == {
        "worker",
        "words",
    }


def test_a_command_is_one_line_that_can_be_copied(
    coloured: pytest.MonkeyPatch,
) -> None:
    coloured.setenv("COLUMNS", "60")
    command = (
        "secret in dev: gh secret set KEY --env dev --repo acme/shop < " + "k" * 60
    )
    report = Report(headline="x", sections=(Section("", (command, "words " * 30)),))
    stream = Terminal()

    screen.print_report(report, stream)

    [_, _, whole, *rest] = plain(stream.getvalue()).splitlines()
    assert whole == f"  {command}"
    assert max(map(len, rest)) <= 60


def test_digests_are_short_but_for_those_in_a_command(
    coloured: pytest.MonkeyPatch,
) -> None:
    text = plain(shown(160, coloured))

    assert "sha256:0123456789ab…" in text
    assert DIGEST not in text
    assert f"git checkout {'a' * 40}" in text


def test_nothing_in_a_report_is_taken_for_markup(coloured: pytest.MonkeyPatch) -> None:
    assert "a [b] :tada:" in plain(shown(80, coloured))


@pytest.mark.parametrize("name", ["NO_COLOR", "CI", "GITHUB_ACTIONS"])
def test_who_wants_no_colour_gets_the_plain_text(
    coloured: pytest.MonkeyPatch, name: str
) -> None:
    coloured.setenv(name, "1")

    assert shown(80, coloured) == f"{as_plain(REPORT)}\n"


def test_a_pipe_gets_the_plain_text(
    coloured: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    coloured.setenv("COLUMNS", "200")

    screen.print_report(REPORT, sys.stdout)

    assert capsys.readouterr().out == f"{as_plain(REPORT)}\n"


def on_a_terminal(code: str, **variables: str) -> str:
    """Return what *code* writes when all it has is a terminal."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "80", **variables},
    )
    os.close(follower)
    said = b""
    with child, open(leader, "rb", buffering=0) as terminal:  # noqa: PTH123 - a number
        while True:
            try:
                more = terminal.read(65536)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            said += more
    return said.decode()


WAITS = """
import time, sys
from monokeel.promotion.status import overview_of
from monokeel.promotion.status import overview_report
from monokeel.tasks import screen
from tests.fakes.incident import HOLD, incident
with screen.working("status"):
    time.sleep(0.3)
    screen.print_line("done: first", sys.stderr)
    if len(sys.argv) > 1: screen.stop_showing()
    time.sleep(0.3)
print("end")
"""


def test_long_work_is_shown_with_its_time_and_gone_at_its_end() -> None:
    said = on_a_terminal(WAITS)

    assert "status …" in said
    assert "0:00:00" in said
    assert "done" in said
    assert said.rstrip().endswith("end")
    assert "status" not in on_a_terminal(WAITS, NO_COLOR="1")


@pytest.mark.parametrize(
    ("what", "seconds", "said"),
    [
        ("drift", 0.05, "drift: still at work after 0.05 s\n"),
        ("drift", 60, ""),  # nothing takes that long here
        ("", 0.05, ""),  # what prints itself
    ],
)
def test_a_pipe_gets_one_line_when_something_takes_long(
    what: str, seconds: float, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with screen.working(what, after=seconds):
        time.sleep(0.3)
    time.sleep(0.1)

    assert capfd.readouterr() == ("", said)


def test_what_prints_itself_is_not_touched_on_a_terminal() -> None:
    code = "from monokeel.tasks.program import main; import sys; sys.argv = "
    said = on_a_terminal(f"{code}['inv', 'completion', 'bash']; main()")

    assert said.startswith("# Completion for ./inv. Now: source <(./inv completion")
    assert "\x1b[" not in said


def test_json_on_a_terminal_is_one_whole_line(tmp_path: Path) -> None:
    code = (
        "from monokeel.tasks.command import show\n"
        "from monokeel.ground.report import Report\n"
        f"show(Report(headline='x', data={{'digest': '{DIGEST}'}}), as_json=True)\n"
    )

    assert json.loads(on_a_terminal(code, HOME=str(tmp_path))) == {
        "schema": 1,
        "digest": DIGEST,
    }
