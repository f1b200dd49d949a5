"""The commits of a range, as git prints them while they are read."""

from collections.abc import Iterable, Iterator


class Log(Iterable[tuple[str, str]]):
    """Commits as (40 hex digits, message), read from git while they are iterated.

    Once they are, *reached* says whether *since* is in the history of *commit*: it is
    if it is a parent of one of these commits (or *commit* itself), and asking git
    would be a second walk.
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
