"""A shop on the sandbox that all tests of a file start from: made once, put back."""

import copy
import itertools
import shutil
from pathlib import Path

from sandbox.server import Sandbox
from tests.rendered.renders import git

# What ties the state to its sandbox, and what counts on.
_STAYS = {"identity", "git", "lock", "image_is_public", "images", "requests"}
_COUNTS = ("ids", "numbers")


class Kept:
    """All that is on *box* and in *folder* now; ``restore`` brings it back.

    Objects of git stay: nothing leads to them once its refs are the old ones.
    """

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self._box = box
        self._folder = folder
        self._copy = folder.with_name(f"{folder.name}-kept")
        shutil.copytree(folder, self._copy, symlinks=True)
        self._refs = self._listed()
        self._counts = {name: next(getattr(box.state, name)) for name in _COUNTS}
        state = {
            name: getattr(box.state, name)
            for name in box.state.__slots__
            if name not in _STAYS.union(_COUNTS)
        }
        switches = box.images.switches
        pushed = {name: getattr(switches, name) for name in switches.__slots__}
        self._values = copy.deepcopy((state, pushed, box.images.repositories))

    def restore(self) -> None:
        shutil.rmtree(self._folder)
        shutil.copytree(self._copy, self._folder, symlinks=True)
        box, now = self._box, self._listed()
        for ref in now.keys() - self._refs.keys():
            git(box.bare, "update-ref", "-d", ref)
        for ref, commit in self._refs.items() - now.items():
            git(box.bare, "update-ref", ref, commit)
        state, pushed, box.images.repositories = copy.deepcopy(self._values)
        state |= {name: itertools.count(n) for name, n in self._counts.items()}
        for name, value in state.items():
            setattr(box.state, name, value)
        for name, value in pushed.items():
            setattr(box.images.switches, name, value)
        box.state.image_is_public = box.images.switches.public.__contains__
        box.images.settle()
        box.exchanges.clear()
        box.front.on_write = box.front.on_request = None

    def _listed(self) -> dict[str, str]:
        """Return ref → object of all that is on the server."""
        listed = git(
            self._box.bare, "for-each-ref", "--format=%(refname) %(objectname)"
        )
        return dict(line.split() for line in listed.splitlines())
