"""A folder for a secret that a program must read from a file; none stays behind.

A run that is killed leaves its folder. The next one takes it away: whoever uses a
folder holds a lock on a file in it, and the system drops that with the process.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "monokeel-private-"
_HELD = "held"


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give an empty folder that only this user can read, and remove it afterwards.

    Folders of runs that were killed are removed first.
    """
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    # Locked before it has the name that others look for.
    with (folder / "new").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / "new").rename(folder / _HELD)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Gone meanwhile, another user's, or held by a run that lives.
        with suppress(OSError):
            if folder.stat().st_uid != os.getuid():
                continue
            with (folder / _HELD).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
