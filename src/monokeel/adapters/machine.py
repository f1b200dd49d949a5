"""What is on this machine: programs and their versions."""

import platform
import shutil

from monokeel.adapters.process import run
from monokeel.ground.errors import ServiceError

_VERSION_TIMEOUT_S = 10.0


class Machine:
    """The machine that the tasks run on."""

    def python(self) -> str:
        """Return the version of Python that runs the tasks, such as ``3.11.7``."""
        return platform.python_version()

    def version_of(self, program: str) -> str | None:
        """Return the first line that ``program --version`` prints.

        ``None`` if it is not installed; ``installed`` if it does not know the option
        (ssh-keygen).
        """
        if shutil.which(program) is None:
            return None
        if program == "ssh-keygen":
            return "installed"
        args = [program, "--version"]
        done = run(args, stdin="", ok=range(256), timeout_s=_VERSION_TIMEOUT_S)
        lines = done.stdout.strip().splitlines()
        return lines[0] if done.code == 0 and lines else "installed"

    def answers(self, *args: str) -> bool:
        """Say whether the command *args* is there and ends without an error."""
        try:
            run(args, stdin="", timeout_s=_VERSION_TIMEOUT_S)
        except ServiceError:
            return False
        return True
