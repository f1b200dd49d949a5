"""What setup needs from the outside, each thing asked in one way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monokeel.ground.answers import Json
from monokeel.ground.clone import Clone
from monokeel.policy.ports import Rulesets


class Repository(Protocol):
    """The repository on GitHub, asked by the calls that ``permissions`` lists.

    A question that the token may not ask, or that GitHub does not answer, is a
    ServiceError, the first ``hidden``. A write that GitHub refuses is RefusedError.
    """

    def read(self, path: str) -> dict[str, Json]:
        """Return what the token sees at *path* (``/``: the repository; ``//user``)."""

    def listed(self, path: str, key: str = "") -> list[dict[str, Json]]:
        """Return what all pages of *path* list, under *key* if it is wrapped."""

    def write(self, call: str, body: Mapping[str, Json] | None = None) -> None:
        """Send *call*, such as ``PUT /immutable-releases``, with *body*."""

    def now(self) -> datetime:
        """Return GitHub's time."""

    def token_scopes(self) -> tuple[str, ...] | None:
        """Return the scopes of the token; ``None`` for a kind that has none."""

    def environment(self, name: str) -> dict[str, Json] | None:
        """Return the Environment *name*, ``None`` if there is none."""

    def immutable_releases(self) -> bool:
        """Say whether new releases are locked."""

    def classic_protection(self, branch: str) -> bool:
        """Say whether classic branch protection stands beside the rulesets."""


class KeyPair(Protocol):
    """The key pair on this machine, outside the repository."""

    @property
    def file(self) -> str:
        """The path of the private key."""

    def public_key(self) -> str | None:
        """Return the public key, ``None`` if there is no pair."""

    def create(self, comment: str) -> str:
        """Make a pair and return its public key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What init changes and all of setup asks; drift has no *clone* and no *keys*.

    *apply_rules* writes ``infra/rulesets.json`` to GitHub, *set_secret* the private key
    as the secret of that name in that Environment; without them both are left to
    people. *mint* gives a token to push, where the key of the writer's App is here.
    *token_kind* says in words who asks.
    """

    repository: Repository
    rulesets: Rulesets
    clone: Clone | None = None
    keys: KeyPair | None = None
    set_secret: Callable[[str, str], None] | None = None
    apply_rules: Callable[[], None] | None = None
    mint: Callable[[], str] | None = None
    token_kind: str = ""
