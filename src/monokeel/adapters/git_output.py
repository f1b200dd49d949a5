"""What git prints: commits of a range, refs of a remote, why a push was refused."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from monokeel.ground.answers import RemoteRef
from monokeel.ground.errors import ServiceError

_LOCKED = re.compile(r"cannot lock ref|failed to (?:update|lock|delete)|\.lock'?:")
# GitHub's own trouble (desktop/desktop#16398, isaacs/github#1741), or no answer; of a
# status below 500 these two alone may pass.
_TROUBLE = re.compile(
    "commit_refs|Internal Server Error|failed to report status|fail to run"
    "|RPC failed(?!; HTTP 4(?!08|29))|unexpected disconnect|did not end within"
)


class Log(Iterable[tuple[str, str]]):
    """Commits as (40 hex digits, message), read from git while they are iterated.

    Then *reached* says whether *since* is a parent of one of them, or *commit* itself.
    """

    def __init__(
        self, records: Iterator[str], *, since: str | None, commit: str
    ) -> None:
        self.reached = since in {None, commit}
        self._records = records
        self._since = since

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield each commit once."""
        for record in self._records:
            names, _, message = record.partition("\n")
            sha, _, parents = names.partition(" ")
            if self._since is not None and self._since in parents:
                self.reached = True
            if sha:
                yield sha, message


def parse_refs(text: str, prefixes: tuple[str, ...]) -> dict[str, RemoteRef]:
    """Return the refs under *prefixes* (git-ls-remote(1): ``^{}`` peels a tag)."""
    refs: dict[str, RemoteRef] = {}
    for line in filter(None, text.split("\n")):
        object_, _, name = line.partition("\t")
        plain = name.removesuffix("^{}")
        if not plain.startswith(prefixes):
            continue
        if plain == name:
            refs[plain] = RemoteRef(object=object_, commit=object_)
        elif plain in refs:
            refs[plain] = replace(refs[plain], commit=object_)
    return refs


def unless_passing(ref: str, said: str) -> str:
    """Return *said*, why the server refused *ref*; ServiceError for what passes.

    Two pushes at once lock one file there (git, refs/files-backend.c): no refusal.
    """
    if _LOCKED.search(said) and "exists; cannot create" not in said:
        problem = f"somebody else was writing while {ref} was pushed: {said}"
    elif _TROUBLE.search(said):
        problem = f"the server had trouble while {ref} was pushed: {said}"
    else:
        return said
    raise ServiceError(problem, fix="Run the same command again.", again_s=0.0)
