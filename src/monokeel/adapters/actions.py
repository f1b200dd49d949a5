"""The files and lines that GitHub Actions reads; nothing is written outside of it.

Source: GitHub docs, "Workflow commands for GitHub Actions"; actions/toolkit (escapes).
"""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monokeel.ground.report import visible


def add_summary(markdown: str) -> None:
    """Append *markdown* to the job summary, if there is one; a failure is a warning."""
    try:
        _append("GITHUB_STEP_SUMMARY", markdown)
    except OSError as error:
        reason = error.strerror or error
        sys.stderr.write(f"warning: the job summary was not written: {reason}\n")


def set_output(name: str, value: str) -> None:
    """Set output *name* of the step, if there is one; no value closes its own block."""
    delimiter = f"end-{secrets.token_hex(16)}"
    _append("GITHUB_OUTPUT", f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def in_actions() -> bool:
    """Say whether this process runs in a GitHub Actions job."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotate(message: str, *, place: str = "") -> None:
    """Show *message*, made harmless, as an error at *place* (``file=…,line=7``)."""
    if in_actions():
        lines = "\n".join(visible(line) for line in message.splitlines())
        escaped = lines.replace("%", "%25").replace("\n", "%0A")
        sys.stderr.write(f"::error{f' {place}' if place else ''}::{escaped}\n")


@contextmanager
def group(title: str) -> Iterator[None]:
    """Put what is written meanwhile into one group of the log; say *title* anyway."""
    first, last = ("::group::", "::endgroup::\n") if in_actions() else ("", "")
    sys.stderr.write(f"{first}{visible(title)}\n")
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write(last)
        sys.stderr.flush()


def _append(variable: str, text: str) -> None:
    if name := os.environ.get(variable):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(text)
