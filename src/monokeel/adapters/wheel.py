"""The package as one wheel whose bytes depend on its sources alone.

A backend writes its machine's time, umask and compression into a wheel. Packed again
(stored, sorted, fixed times and modes) it is the same anywhere, and git can delta it.
"""

import io
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Final

from monokeel.adapters.process import run_visible
from monokeel.ground.errors import ServiceError

_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the first one that a zip file can say
_MODE: Final = 0o100644


def repack(wheel: bytes) -> bytes:
    """Return *wheel* with its files sorted, stored, and of one time and mode."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(wheel)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new,
    ):
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name.endswith(".dist-info/RECORD"):
                content = b"".join(sorted(content.splitlines(keepends=True)))
            member = zipfile.ZipInfo(name, _TIME)
            member.create_system = 3  # Unix, wherever this runs
            member.external_attr = _MODE << 16
            new.writestr(member, content)
    return out.getvalue()


def build_wheel(project: Path, folder: Path) -> Path:
    """Return *project*'s wheel, built by uv or pip; ServiceError if that fails."""
    out = str(folder / "wheels")
    uv = shutil.which("uv")
    if uv is not None:
        args = [uv, "build", "--quiet", "--wheel", "--no-config", "--out-dir", out]
        commands = [[*args, str(project)]]
    else:
        home = str(folder / "environment")
        pip = [f"{home}/bin/python", "-m", "pip", "wheel", "--quiet", "--no-deps"]
        commands = [
            [sys.executable, "-m", "venv", home],
            [*pip, "--wheel-dir", out, str(project)],
        ]
    for command in commands:
        if code := run_visible(command, cwd=folder.parent):
            raise ServiceError(f"{' '.join(command[:3])} failed ({code})")
    made = sorted(Path(out).glob("*.whl"))
    if len(made) != 1:
        raise ServiceError(f"the build of {project.name} gave {len(made)} wheels")
    return made[0]
