"""Connect a new repository to GitHub: what that needs, and the report of its steps."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from monokeel.core.lookup import Declined, Json, Lost, Moved, Unknown
from monokeel.core.report import Report, Section, Table
from monokeel.core.settings import Settings


class Clone(Protocol):
    """The clone that is to be connected, and its remote."""

    def address(self) -> str | None:
        """Return the address of the remote, ``None`` if there is none."""

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names here."""

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        """Return full ref name → commit of the remote's refs under *prefixes*."""

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        """Point *ref* of the remote at *new* if it is at *old*."""


class Repository(Protocol):
    """The repository's settings on GitHub."""

    def get_repository(self) -> dict[str, Json]:
        """Return the repository; ``permissions`` says what the token may."""

    def own_number(self) -> int | None:
        """Return the account number of the token's user, if it has one."""

    def list_deploy_keys(self) -> list[dict[str, Json]]:
        """Return the deploy keys: ``title``, ``key``, ``read_only``."""

    def create_deploy_key(self, title: str, key: str) -> dict[str, Json]:
        """Register the public *key* with write access."""

    def get_environment(self, name: str) -> dict[str, Json] | None:
        """Return the Environment *name*, ``None`` if there is none."""

    def put_environment(self, name: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Create or change the Environment; what *body* leaves out is reset."""

    def list_branch_policies(self, environment: str) -> list[str]:
        """Return the branch patterns that may deploy to *environment*."""

    def add_branch_policy(self, environment: str, pattern: str) -> None:
        """Let branches that match *pattern* deploy to *environment*."""

    def list_environment_secrets(self, environment: str) -> list[str]:
        """Return the names of the secrets of *environment*."""

    def immutable_releases(self) -> bool | Unknown:
        """Say whether new releases are locked."""

    def enable_immutable_releases(self) -> None:
        """Lock every release published from now on."""


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
class Step:
    """One thing that had to be so: it was, is now, or is left to somebody.

    *detail* says what was found or made; *to_do* is the rest, often a command.
    """

    name: str
    state: Literal["was there", "done", "left to you"]
    detail: str
    to_do: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What init changes and asks."""

    clone: Clone
    repository: Repository
    keys: KeyPair


def init_report(settings: Settings, steps: tuple[Step, ...]) -> Report:
    """Return the report of all *steps*."""
    changed = [step for step in steps if step.state == "done"]
    left = [step for step in steps if step.state == "left to you"]
    if changed:
        steps_done = "1 step" if len(changed) == 1 else f"{len(changed)} steps"
        headline = f"{settings.repository}: {steps_done} done"
    else:
        headline = f"{settings.repository}: nothing had to be changed"
    headline += f", {len(left)} left to you" if left else ""
    rows = tuple((step.name, step.state, step.detail) for step in steps)
    return Report(
        headline=headline,
        sections=(
            Section("", table=Table(("step", "state", "detail"), rows)),
            Section("Left to you", tuple(step.to_do for step in left)),
        ),
        data={
            "verdict": "incomplete" if left else "connected",
            "changed": len(changed),
            "steps": [
                {
                    "name": s.name,
                    "state": s.state,
                    "detail": s.detail,
                    "to_do": s.to_do,
                }
                for s in steps
            ],
        },
    )
