"""What goes in and out of the server, and the record of both."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl


class Headers(dict[str, str]):
    """Headers whose names are in lower case and may be asked for in any."""

    def __getitem__(self, name: str) -> str:
        """Return the value of *name*."""
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        """Say whether *name* was sent."""
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # never None
        """Return the value of *name*, or *default*."""
        return super().get(name.lower(), default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A request as it came: *target* is the raw path with its query."""

    method: str
    target: str
    headers: Headers
    body: bytes

    @property
    def path(self) -> str:
        """Return the raw path without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """Return the query, the last value of each name."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


@dataclass(slots=True, kw_only=True)
class Outgoing:
    """An answer; *sent* is how many bytes of the body really go out."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request with its answer.

    *family* is ``rest``, ``git``, ``registry`` or ``page``; *findings* are what the
    contract has against it.
    """

    family: str
    method: str
    target: str
    caller: str
    request: bytes
    status: int
    response: bytes
    findings: tuple[str, ...] = ()
