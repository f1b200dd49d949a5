"""The files and lines that GitHub Actions reads: outputs, job summary, annotations.

Source: GitHub docs, "Workflow commands for GitHub Actions"; actions/toolkit for the
escapes. Nothing is written outside of Actions.
"""

import os
import secrets
import sys
from pathlib import Path

from monokeel.ground.report import visible


def add_summary(markdown: str) -> None:
    """Append *markdown* to the job summary, if there is one.

    One that cannot be written is a warning: what it tells of may be done already.
    """
    try:
        _append("GITHUB_STEP_SUMMARY", markdown)
    except OSError as error:
        reason = error.strerror or error
        sys.stderr.write(f"warning: the job summary was not written: {reason}\n")


def set_output(name: str, value: str) -> None:
    """Set output *name* of the current step, if there is one.

    A random delimiter: with a fixed one a value could close its own block.
    """
    delimiter = f"end-{secrets.token_hex(16)}"
    _append("GITHUB_OUTPUT", f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def annotate(message: str) -> None:
    """Show *message* as an error annotation of the run; on stderr, like all advice.

    Nothing in it acts: what would is written out.
    """
    if os.environ.get("GITHUB_ACTIONS") == "true":
        lines = "\n".join(visible(line) for line in message.splitlines())
        escaped = lines.replace("%", "%25").replace("\n", "%0A")
        sys.stderr.write(f"::error::{escaped}\n")


def _append(variable: str, text: str) -> None:
    name = os.environ.get(variable)
    if name:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(text)
