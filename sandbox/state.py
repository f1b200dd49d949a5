"""Everything one sandbox knows: repository, people, records, clock and switches."""

import itertools
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from sandbox.actors import ACTORS, NOBODY, TOKENS, Actor, key_actor
from sandbox.gitrepo import ZERO, BareRepository
from sandbox.records import (
    App,
    Check,
    DeployKey,
    Deployment,
    Environment,
    Issue,
    Move,
    Release,
    Ruleset,
    Run,
    Suite,
    Variable,
)
from sandbox.switches import Switches
from sandbox.wire import JsonObject

REPOSITORY_ID = 3544490


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Where the one repository lives: its owner, name and addresses."""

    owner: str
    name: str
    base: str  # http://127.0.0.1:PORT, also the start of every address in an answer

    @property
    def full_name(self) -> str:
        """Return ``owner/name``."""
        return f"{self.owner}/{self.name}"

    @property
    def api(self) -> str:
        """Return the address of the repository in the API."""
        return f"{self.base}/repos/{self.full_name}"

    @property
    def html(self) -> str:
        """Return the address of the repository for a browser."""
        return f"{self.base}/{self.full_name}"


@dataclass(slots=True, kw_only=True)
class State:
    """One repository on the local GitHub. Take *lock* before reading or writing."""

    identity: Identity
    git: BareRepository
    default_branch: str = "main"
    owner_type: str = "Organization"
    private: bool = False
    actions_on: bool = True
    allowed: str = "all"  # or local_only, selected: which actions may run
    selected: JsonObject = field(default_factory=dict)
    workflow_rights: str = "read"  # the default of new repositories
    settings: JsonObject = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    people: dict[str, Actor] = field(default_factory=dict)
    expiries: dict[str, float] = field(default_factory=dict)  # token to epoch
    app: App | None = None
    keys: list[DeployKey] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    burned: set[str] = field(default_factory=set)
    immutable_releases: bool = False
    rulesets: list[Ruleset] = field(default_factory=list)
    suites: list[Suite] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    environments: dict[str, Environment] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)  # name to moment
    variables: dict[str, Variable] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    labels: dict[str, tuple[str, str]] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    image_is_public: Callable[[str], bool] = lambda _: False
    images: Callable[[], dict[str, dict[str, list[str]]]] = dict
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(101))
    requests: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        """Give every token its person."""
        self.people = {TOKENS[actor.name]: actor for actor in ACTORS}

    @property
    def keys_are_allowed(self) -> bool:
        """Say whether the owner lets repositories have deploy keys."""
        person = self.owner_type != "Organization"
        return person or self.switches.organization_deploy_keys

    def next_id(self) -> int:
        """Return an id that nothing else has."""
        return next(self.ids)

    def seconds(self) -> float:
        """Return the sandbox's clock, in seconds since the epoch."""
        return time.time() + self.switches.clock_offset_s

    def now(self) -> str:
        """Return the moment as most answers write it."""
        return datetime.fromtimestamp(self.seconds(), UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )

    def ruleset_now(self) -> str:
        """Return the moment as rulesets write it (cli/cli, rulesetViewRepo.json)."""
        zone = timezone(timedelta(hours=-4))
        moment = datetime.fromtimestamp(self.seconds(), zone)
        return moment.isoformat(timespec="milliseconds")

    def person(self, token: str) -> Actor | None:
        """Return the caller behind *token*; ``None`` if nobody has it (any more)."""
        if self.expiries.get(token, math.inf) <= self.seconds():
            return None
        return self.people.get(token)

    def delete_token(self, token: str) -> None:
        """Forget *token*, and the deploy keys that a person made with it.

        Keys of an App stay, and those made by hand (docs "REST: deploy keys").
        """
        actor = self.people.pop(token)
        if self.switches.keys_go_with_token and not actor.is_app:
            self.keys = [key for key in self.keys if key.maker != actor.name]

    def actor(self, name: str) -> Actor:
        """Return the caller named *name* (``admin``, ``key:101``)."""
        if name.startswith("key:"):
            number = int(name.removeprefix("key:"))
            for key in self.keys:
                if key.id == number:
                    return key_actor(key.id, read_only=key.read_only)
        for actor in self.people.values():
            if actor.name == name:
                return actor
        return NOBODY

    def choose_default(self, ref: str) -> None:
        """Make the branch *ref* the one that clones check out."""
        self.default_branch = ref.removeprefix("refs/heads/")
        self.git.git("symbolic-ref", "HEAD", ref)

    def record_move(
        self, actor: Actor, ref: str, old: str | None, new: str | None
    ) -> None:
        """Note that *ref* moved, for ``activity``; tags are not listed there."""
        for issue in self.issues:
            pull = issue.pull
            if pull and issue.state == "open" and ref == f"refs/heads/{pull.head}":
                pull.head_sha = new or pull.head_sha
                head = f"refs/pull/{issue.number}/head"
                self.git.git("update-ref", head, pull.head_sha)
        self.moves.append(
            Move(
                id=self.next_id(),
                ref=ref,
                before=old or ZERO,
                after=new or ZERO,
                kind=self._kind_of_move(old, new),
                actor=actor,
                timestamp=self.now(),
            )
        )

    def _kind_of_move(self, old: str | None, new: str | None) -> str:
        if old is None:
            return "branch_creation"
        if new is None:
            return "branch_deletion"
        return "push" if self.git.is_ancestor(old, new) else "force_push"
