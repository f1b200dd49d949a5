"""The package as one wheel whose bytes depend on its sources alone.

A backend writes the time, the umask and the compression of its machine into a wheel.
Packed again (stored, sorted, fixed times and modes) the same files give the same
bytes anywhere, and git can store a new version as a difference.
"""

import io
import zipfile
from typing import Final

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
