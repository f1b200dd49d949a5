"""What setup needs from the outside, each thing asked in one way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monokeel.ground.answers import Json
from monokeel.ground.clone import Clone
from monokeel.ground.settings import Settings
from monokeel.policy.ports import Rulesets
from monokeel.policy.rulesets import Ruleset


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
class Connection:
    """A repository: what its files ask for, and what asks and changes GitHub.

    *policy* is ``None`` where its file is not there, *actions* are those of the
    workflows, ``owner/name@ref``. *register*: the token may register the deploy key,
    which goes with that token (GitHub docs, "REST: deploy keys"; fluxcd/flux2#619); one
    made on the page stays. Drift has no *clone* and no *keys*. *apply_rules* writes the
    policy to GitHub, *set_secret* the private key as the secret of that name in that
    Environment; without them both are left to people. *mint* gives a token to push,
    where the key of the writer's App is here. *token_kind* says in words who asks.
    """

    settings: Settings
    policy: Sequence[Ruleset] | None
    repository: Repository
    rulesets: Rulesets
    actions: Sequence[str] = ()
    register: bool = False
    clone: Clone | None = None
    keys: KeyPair | None = None
    set_secret: Callable[[str, str], None] | None = None
    apply_rules: Callable[[], None] | None = None
    mint: Callable[[], str] | None = None
    token_kind: str = ""
