"""What is on this machine: programs and their versions."""

import platform
import shutil
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monokeel.adapters.process import run
from monokeel.ground.errors import ServiceError, UsageError

_VERSION_TIMEOUT_S = 10.0


class Machine:
    """The machine that the tasks run on."""

    def python(self) -> str:
        """Return the version of Python that runs the tasks, such as ``3.11.7``."""
        return platform.python_version()

    def version_of(self, program: str) -> str | None:
        """Return what ``--version`` prints first, "installed" where it is not known."""
        if shutil.which(program) is None:
            return None
        if program == "ssh-keygen":
            return "installed"
        args = [program, "--version"]
        done = run(args, stdin="", ok=range(256), timeout_s=_VERSION_TIMEOUT_S)
        lines = done.stdout.strip().splitlines()
        return lines[0] if done.code == 0 and lines else "installed"

    def says(self, *args: str) -> str | None:
        """Return the first line that *args* prints; ``None`` where it fails."""
        try:
            done = run(args, stdin="", timeout_s=_VERSION_TIMEOUT_S)
        except ServiceError:
            return None
        return done.stdout.strip().partition("\n")[0]


def time_zone(name: str) -> tzinfo:
    """Return the time zone *name*, such as ``Europe/Berlin``; UsageError without it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"there is no time zone {name!r} on this machine",
            fix='Write it as in the IANA database, such as zone = "Europe/Berlin".',
        ) from error


def write_page(path: str, text: str) -> None:
    """Write *text* to the file *path*; UsageError if it cannot be written."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}",
            fix="Name a file in a folder that is there.",
        ) from error
