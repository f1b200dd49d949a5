"""What setup needs from the outside, each thing asked in one way."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monokeel.ground.answers import Json
from monokeel.policy.ports import Rulesets
from monokeel.updates.ports import Remote


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployKey:
    """A deploy key as GitHub lists it; *key* is type and base64, without a comment."""

    id: int
    title: str
    key: str
    writes: bool
    enabled: bool
    created_at: datetime
    added_by: str = ""
    last_used: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """The fingerprint as ``ssh-keygen -l`` and GitHub's page write it."""
        return fingerprint(self.key)


def fingerprint(public_key: str) -> str:
    """Return ``SHA256:…`` as ssh-keygen(1) does, "" for what is no public key."""
    parts = public_key.split()
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (IndexError, ValueError):
        return ""
    digest = hashlib.sha256(blob).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


class Clone(Remote, Protocol):
    """The clone that is to be connected, and its remote."""

    def written_address(self) -> str | None:
        """Return the address as the clone has it, before ``insteadOf``."""

    def is_shallow(self) -> bool:
        """Say whether history is cut off."""

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names here."""

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Say whether *ancestor* is in the history of *commit*."""


class Repository(Protocol):
    """The repository's settings on GitHub.

    A question that the token may not ask, or that GitHub does not answer, is a
    ServiceError, the first ``hidden``. A write that GitHub refuses is RefusedError.
    """

    def get_repository(self) -> dict[str, Json]:
        """Return the repository; what the token may not see is left out."""

    def now(self) -> datetime:
        """Return GitHub's time."""

    def token_scopes(self) -> tuple[str, ...] | None:
        """Return the scopes of the token; ``None`` for a kind that has none."""

    def pushers(self) -> tuple[str, ...]:
        """Return the logins of who may push, and so approve and merge."""

    def actions_policy(self) -> dict[str, Json]:
        """Return GitHub's policy of actions, what is selected under ``selected``."""

    def workflow_rights(self) -> dict[str, Json]:
        """Return what workflows may do by default, as GitHub's REST API names it."""

    def limit_workflows(self) -> None:
        """Let workflows that name no permissions read, and approve nothing."""

    def own_number(self) -> int | None:
        """Return the account number of the token's user, if it has one."""

    def deploy_keys(self) -> tuple[DeployKey, ...]:
        """Return the deploy keys."""

    def create_deploy_key(self, title: str, key: str) -> None:
        """Register the public *key* with write access."""

    def environment(self, name: str) -> dict[str, Json] | None:
        """Return the Environment *name*, ``None`` if there is none."""

    def put_environment(self, name: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Create or change the Environment; what *body* leaves out is reset."""

    def branch_policies(self, environment: str) -> tuple[str, ...]:
        """Return the branch patterns that may deploy to *environment*."""

    def add_branch_policy(self, environment: str, pattern: str) -> None:
        """Let branches that match *pattern* deploy to *environment*."""

    def secrets(self, environment: str) -> Mapping[str, datetime]:
        """Return name → last change of its secrets; for ``""`` the repository's own."""

    def immutable_releases(self) -> bool:
        """Say whether new releases are locked."""

    def enable_immutable_releases(self) -> None:
        """Lock every release published from now on."""

    def change_settings(self, body: Mapping[str, Json]) -> None:
        """Change settings of the repository, all or none."""

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


class Machine(Protocol):
    """The machine that the tasks run on."""

    def python(self) -> str:
        """Return the version of Python that runs the tasks."""

    def version_of(self, program: str) -> str | None:
        """Return the version of *program*, ``None`` if it is not installed."""

    def says(self, *args: str) -> str | None:
        """Return the first line that *args* prints, ``None`` where it fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What init changes and all of setup asks.

    Drift has neither a *clone* to push from nor *keys* of its own. *apply_rules* writes
    ``infra/rulesets.json`` to GitHub, *set_secret* the private key as the secret of
    that name in that Environment; without them both are left to people. *mint*, where
    the key of the writer's App is here, gives a token to push. *token_kind* says in
    words who asks.
    """

    repository: Repository
    rulesets: Rulesets
    clone: Clone | None = None
    keys: KeyPair | None = None
    set_secret: Callable[[str, str], None] | None = None
    apply_rules: Callable[[], None] | None = None
    mint: Callable[[], str] | None = None
    token_kind: str = ""
