"""What the sandbox remembers outside git."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.actors import Actor
from sandbox.wire import Json, JsonObject


@dataclass(slots=True, kw_only=True)
class Asset:
    """A file of a release."""

    id: int
    name: str
    label: str | None
    content_type: str
    content: bytes
    state: str
    created_at: str
    uploader: Actor


@dataclass(slots=True, kw_only=True)
class Release:
    """A release; *listed_after* is the moment from which lists show it."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    draft: bool
    prerelease: bool
    author: Actor
    created_at: str
    updated_at: str
    published_at: str | None = None
    immutable: bool = False
    make_latest: str = "true"
    listed_after: float = 0.0
    assets: list[Asset] = field(default_factory=list)


def latest_of(releases: Sequence[Release]) -> Release | None:
    """Return the published one that was made latest, else the newest; no prerelease."""
    found = [each for each in releases if not each.draft and not each.prerelease]
    named = [each for each in found if each.make_latest == "true"]
    by_time = max(found, key=lambda each: (each.created_at, each.id), default=None)
    return named[-1] if named else by_time


@dataclass(slots=True, kw_only=True)
class Version:
    """One entry of a ruleset's history."""

    id: int
    actor: Actor
    updated_at: str
    state: JsonObject


@dataclass(slots=True, kw_only=True)
class Ruleset:
    """A ruleset: *source_type* is ``Repository`` or, for a parent, ``Organization``."""

    id: int
    body: JsonObject
    created_at: str
    updated_at: str
    source_type: str = "Repository"
    history: list[Version] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class DeploymentStatus:
    """One state that a deployment had."""

    id: int
    state: str
    creator: Actor
    created_at: str
    texts: dict[str, str]


@dataclass(slots=True, kw_only=True)
class Deployment:
    """A record that a commit was to run in an environment."""

    id: int
    sha: str
    creator: Actor
    created_at: str
    updated_at: str
    body: JsonObject
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Variable:
    """A configuration variable."""

    name: str
    value: str
    created_at: str
    updated_at: str


@dataclass(slots=True, kw_only=True)
class Environment:
    """A GitHub Environment with its protection, variables and secrets."""

    id: int
    name: str
    created_at: str
    updated_at: str
    wait_timer: int = 0
    prevent_self_review: bool = False
    reviewers: list[JsonObject] = field(default_factory=list)
    branch_policy: JsonObject | None = None
    policies: list[JsonObject] = field(default_factory=list)
    variables: dict[str, Variable] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)  # name to moment


@dataclass(slots=True, kw_only=True)
class DeployKey:
    """A deploy key of the repository; *key* is ``TYPE BASE64`` without a comment."""

    id: int
    key: str
    title: str
    read_only: bool
    added_by: str
    created_at: str
    maker: str = ""  # the caller whose token made it; empty: by hand in the browser
    last_used: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A registered GitHub App; *public_key* is ``ssh-rsa BASE64``."""

    id: int
    client_id: str
    public_key: str
    actor: Actor

    @property
    def login(self) -> str:
        """Return the name of its bot."""
        return self.actor.login

    @property
    def rights(self) -> frozenset[str]:
        """Return what the App may do, such as ``contents:write``."""
        return self.actor.rights


@dataclass(slots=True, kw_only=True)
class Review:
    """What one person said about a pull request."""

    id: int
    author: Actor
    state: str
    body: str
    commit: str
    submitted_at: str


@dataclass(slots=True, kw_only=True)
class Issue:
    """An issue, or the issue side of a pull request."""

    id: int
    number: int
    title: str
    body: str | None
    author: Actor
    created_at: str
    updated_at: str
    state: str = "open"
    state_reason: str | None = None
    closed_at: str | None = None
    labels: list[str] = field(default_factory=list)
    comments: list[tuple[int, Actor, str, str]] = field(default_factory=list)
    pull: "Pull | None" = None


@dataclass(slots=True, kw_only=True)
class Pull:
    """The branch side of a pull request."""

    head: str  # branch
    base: str
    head_sha: str
    draft: bool = False
    merged_at: str | None = None
    merged_by: Actor | None = None
    merge_commit: str | None = None
    merge_base: str | None = None  # the base's tip before the merge
    reviews: list[Review] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Check:
    """A commit status or a check run on a commit."""

    id: int
    sha: str
    context: str
    state: str  # success, failure, pending, error, or a conclusion
    creator: Actor
    created_at: str
    is_run: bool
    status: str = "completed"
    description: str | None = None
    url: str | None = None
    output: JsonObject = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Move:
    """One move of a ref, as ``activity`` lists it."""

    id: int
    ref: str
    before: str
    after: str
    kind: str
    actor: Actor
    timestamp: str


@dataclass(slots=True, kw_only=True)
class Suite:
    """How the rules judged one move."""

    id: int
    ref: str
    before: str
    after: str
    actor: Actor
    pushed_at: str
    result: str  # pass, fail, bypass
    evaluations: list[Json] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Run:
    """A workflow run that a dispatch asked for."""

    id: int
    number: int
    workflow: str
    ref: str
    sha: str
    inputs: JsonObject
    actor: Actor
    created_at: str
    status: str = "queued"
    conclusion: str | None = None
    approvals: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A ref is to go from *old* to *new*; ``None`` means that it is absent.

    A merge names its *pull*: then checks and reviews are asked of its head.
    """

    ref: str
    old: str | None
    new: str | None
    pull: Pull | None = None

    @property
    def word(self) -> str:
        """Return ``tag`` or ``branch``, as GitHub's texts do."""
        return "tag" if self.ref.startswith("refs/tags/") else "branch"

    @property
    def updates(self) -> bool:
        """Say whether the ref is there before and after."""
        return self.old is not None and self.new is not None
