"""``infra/platform.toml``, parsed once into values that the rest can trust.

``KEYS`` says what each key is to the parser, the JSON Schema and the reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from monokeel.ground import toml
from monokeel.ground.errors import UsageError
from monokeel.ground.freezes import KEYS as FREEZES
from monokeel.ground.freezes import Freeze, make_freeze
from monokeel.ground.names import check_names, is_ref
from monokeel.ground.parsers import parse_toml
from monokeel.ground.toml import Choice, Key, Keys, ListOf, Pairs, Text, fail, flag

# Title of a squash merge → the messages that GitHub takes with it (cli/cli#10363). The
# first of each is the default: so the title that ci.yml checked is what lands on main.
_SQUASH = {
    "PR_TITLE": ("PR_BODY", "COMMIT_MESSAGES", "BLANK"),
    "COMMIT_OR_PR_TITLE": ("COMMIT_MESSAGES",),
}
_SWITCHES = ("squash_merge", "merge_commit", "rebase_merge", "auto_merge")
WRITERS = ("deploy-key", "app")
_RULES = ("conventionalcommits", "angular")
_LEVEL = Choice(("patch", "minor", "major"))
_OWNER = Text(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\Z", "Write the user or organization.")
_REPOSITORY = Text(
    r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z", "Write letters, digits, dots, - and _."
)
_BRANCH = Text(r"[A-Za-z0-9][A-Za-z0-9._/-]*\Z", 'Write one such as "main".')
_FINGERPRINT = Text(r"SHA256:[A-Za-z0-9+/]{43}\Z", "Write what ssh-keygen -lf prints.")
_TAG_PREFIX = Text(
    r"(?!.*(?:\.\.|\.lock))[A-Za-z][A-Za-z0-9._-]*\Z",
    'Write one such as "v" or "shop-v", without ".lock" and "..".',
)
# npm's semantic-release can release nothing from 0.x (getLowerBound in lib/utils.js).
_LINE = Text(
    r"(?!0\.(?:0\.)?x)(?:(?:0|[1-9][0-9]{0,8})\.){1,2}x\Z",
    'Write branches such as "1.x" or "1.4.x"; 0.x can release nothing.',
)
_ENVIRONMENT = Text(r"[a-z][a-z0-9-]*\Z", 'Write a-z, 0-9 and -, such as "staging".')
# The service tells images apart.
_IMAGES = Text(
    r"(?=.*\{service\})(?:[A-Za-z0-9._/-]|\{owner\}|\{repository\}|\{service\})+\Z",
    'Write a path below the host, such as "my-project/shop/{service}".',
)
_HOST = Text(
    r"[a-z0-9.-]+(?::[0-9]{1,5})?\Z",
    "Write it in lower case, without https:// and path: that belongs in images.",
)
_LAST_PORT = 65535
_NO_PREFIX = 'Write versions without a prefix, such as "1.4.0".'
_VERSION = Text(r"[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?\Z", _NO_PREFIX)
_INITIAL = Text(
    r"(?:0|[1-9][0-9]{0,14})(?:\.(?:0|[1-9][0-9]{0,14})){2}\Z",
    'Write three numbers and nothing else, such as "0.1.0".',
)
# A type, or a type with a scope, as it stands before the colon of a commit's subject.
_TYPE = Text(
    r"[A-Za-z0-9_]+(?:\([^()]+\))?\Z", 'Write types such as refactor or "chore(deps)".'
)
_CLAIM = Text(
    r"refs/(?!heads/|tags/\{)[a-z][a-z0-9-]*/"
    r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*\{tag\}\Z",
    'Write "refs/tags/monokeel-claim/{tag}" or so: a tag, which no branch can be.',
)
_PATH = Text(
    r"(?!/)(?!.*(?:\A|/)\.\.?(?:/|\Z))[A-Za-z0-9_.][A-Za-z0-9._/-]*\Z",
    "Write the path of a file in the repository, from its root.",
)
# One component of an image's path (OCI distribution-spec, "Pulling manifests").
_SERVICE = Text(
    r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z", 'Write a-z, 0-9 and single -, such as "api".'
)
_PLATFORM = Text(
    r"[a-z0-9]+/[a-z0-9]+(?:/[a-z0-9]+)?\Z", 'Write them such as "linux/arm64".'
)
_ARGUMENT = Text(r"[A-Za-z_][A-Za-z0-9_]*\Z", "Write letters, digits and _.")
# What git or GitHub keeps there means something else.
_MEANT = {"bisect", "notes", "pull", "remotes", "replace", "rewritten", "worktree"}
TAKEN_ENVIRONMENTS = ("release", "registry", "policy", "template")
T = TypeVar("T", "Service", "Environment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One image that is built; without a *dockerfile* by the one in *context*."""

    name: str
    kind: str
    path: str
    context: str
    dockerfile: str = ""
    platforms: tuple[str, ...] = ()
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One step of promotion; ``KEYS`` says what each field means."""

    name: str
    soak: timedelta = timedelta()
    prerelease: bool = False
    reviewers: bool = False
    auto: bool = False
    was: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """The table ``[policy]``: what drift and the lint of the rules go by."""

    optional_rules: tuple[str, ...] = ()
    unmanaged: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    external_checks: tuple[str, ...] = ()
    issue_labels: tuple[str, ...] = ()
    issue_assignees: tuple[str, ...] = ()


def _service(_: str, given: dict[str, Any]) -> Service:
    path = given.get("path", f"services/{given['name']}")
    return Service(**{"context": path, **given, "path": path})


def _environment(where: str, given: dict[str, Any]) -> Environment:
    environment = Environment(**given)
    if environment.auto and environment.reviewers:
        problem = f"{where}: auto = true and reviewers = true do not go together"
        fix = "What goes by itself is approved by nobody: leave one of them out."
        raise fail(problem, fix=fix)
    return environment


def _on_github(where: str, given: dict[str, Any]) -> Mapping[str, str | bool]:
    """Return what is wanted on GitHub; a switch that is not named stays as it is."""
    title = given.get("squash_merge_commit_title", "PR_TITLE")
    message = given.get("squash_merge_commit_message", _SQUASH[title][0])
    Choice(_SQUASH[title])(f"{where} squash_merge_commit_message", message)
    return {
        "squash_merge_commit_title": title,
        "squash_merge_commit_message": message,
        "delete_branch_on_merge": False,
        **given,
    }


_SERVICES: Keys = {
    "name": Key(_SERVICE, "a part of the image's name", required=True),
    "kind": Key(Choice(("web", "api", "worker")), "what it is", required=True),
    "path": Key(toml.folder, "its folder, services/NAME if left out"),
    "context": Key(toml.whole_folder, "the folder that is built, else path"),
    "dockerfile": Key(toml.folder, "the file that says how, if not the context's own"),
    "platforms": Key(ListOf(_PLATFORM), "such as linux/amd64, linux/arm64"),
    "args": Key(Pairs(_ARGUMENT), "build arguments"),
}
_ENVIRONMENTS: Keys = {
    "name": Key(_ENVIRONMENT, "its branch is env/NAME", required=True),
    "soak": Key(toml.length, "how long a version was live in the one before"),
    "prerelease": Key(flag, "may a prerelease go there?"),
    "reviewers": Key(flag, "must the GitHub Environment ask for an approval?"),
    "auto": Key(flag, "promoted right after a release when every gate passes?"),
    "was": Key(_ENVIRONMENT, "its name before it was renamed: keeps the history"),
}
_POLICY: Keys = {
    "optional_rules": Key(ListOf(), "a gap, not an error, where the plan refuses them"),
    "unmanaged": Key(ListOf(), "rulesets that others keep, such as sec-*"),
    "parents": Key(ListOf(), "rulesets of the organization that must be there"),
    "external_checks": Key(ListOf(), "required checks that no job of ours reports"),
    "issue_labels": Key(ListOf(), "labels of the issue that drift keeps open"),
    "issue_assignees": Key(ListOf(), "who is assigned to that issue"),
}
_SETTINGS: Keys = {
    "squash_merge_commit_title": Key(Choice((*_SQUASH,)), "what lands on main"),
    "squash_merge_commit_message": Key(Choice(_SQUASH["PR_TITLE"]), "its message"),
    "delete_branch_on_merge": Key(flag, "true would delete env/* after a merge"),
    **{f"allow_{x}": Key(flag, "as it is on GitHub if left out") for x in _SWITCHES},
}
KEYS: Keys = {
    "repository": {
        "owner": Key(_OWNER, "the user or organization", required=True),
        "name": Key(_REPOSITORY, "its name on GitHub", required=True),
        "default_branch": Key(_BRANCH, "where releases are made from"),
        "writer": Key(Choice(WRITERS), "who pushes what the rules protect"),
        "writer_key": Key(_FINGERPRINT, "fingerprint of the one known deploy key"),
        "app_id": Key(toml.number, "number of the GitHub App that writes"),
    },
    "release": {
        "rules": Key(Choice(_RULES), "which commits make which version"),
        "tag_prefix": Key(_TAG_PREFIX, "what a tag has before the version"),
        "skip": Key(ListOf(_VERSION), "versions that must never be used"),
        "initial": Key(
            _INITIAL,
            "the first version; below 1.0.0 a breaking change raises the minor number",
        ),
        "types": Key(Pairs(_TYPE, _LEVEL), "more types that release, with their level"),
        "claim_ref": Key(_CLAIM, "where a version is claimed before its tag"),
        "version_file": Key(_PATH, "a file that must hold the version"),
        "assets": Key(ListOf(_PATH), "files of a release that others attach"),
        "lines": Key(ListOf(_LINE), "maintenance branches, such as 1.x"),
    },
    "registry": {
        "host": Key(_HOST, "the registry of the images", field="registry_host"),
        "images": Key(_IMAGES, "an image's path below the host", field="image_pattern"),
        "token_realm": Key(_HOST, "one more host that may get the credentials"),
        "build": Key(Text(), "docker, buildah, or a command with {context}, {image}"),
    },
    "settings": Key(
        toml.Tables(_SETTINGS, _on_github, many=False),
        "settings of the repository, by the names of GitHub's REST API",
        field="on_github",
    ),
    "services": Key(toml.Tables(_SERVICES, _service), "the images of a release"),
    "environments": Key(
        toml.Tables(_ENVIRONMENTS, _environment), "where releases go, in this order"
    ),
    "promotion": {"blocked": Key(Pairs(_VERSION), "versions that go nowhere, and why")},
    "template": {"edited": Key(ListOf(_PATH), "managed files that are kept")},
    "policy": Key(
        toml.Tables(_POLICY, lambda _, given: PolicySettings(**given), many=False),
        "for drift and the lint of the rules",
    ),
    "freezes": Key(toml.Tables(FREEZES, make_freeze), "when nothing moves"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of ``infra/platform.toml``, as ``KEYS`` says; *environments* in their order.

    *on_github* is as in GitHub's REST API; *blocked*: version → why it goes nowhere.
    """

    owner: str
    name: str
    default_branch: str = "main"
    writer: str = WRITERS[0]
    writer_key: str = ""
    app_id: int = 0
    on_github: Mapping[str, str | bool] = field(default_factory=dict)
    rules: str = "conventionalcommits"
    tag_prefix: str = "v"
    skip: tuple[str, ...] = ()
    initial: str = "1.0.0"
    types: Mapping[str, str] = field(default_factory=dict)
    claim_ref: str = "refs/tags/monokeel-claim/{tag}"
    version_file: str = ""
    registry_host: str = "ghcr.io"
    image_pattern: str = "{owner}/{repository}/{service}"
    token_realm: str = ""
    build: str = "docker"
    services: tuple[Service, ...] = ()
    environments: tuple[Environment, ...] = ()
    policy: PolicySettings = field(default_factory=PolicySettings)
    freezes: tuple[Freeze, ...] = ()
    lines: tuple[str, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)
    edited: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()

    @property
    def repository(self) -> str:
        """The repository as GitHub writes it, such as ``acme/shop``."""
        return f"{self.owner}/{self.name}"

    def image(self, service: str) -> str:
        """Return *service*'s image, ``acme/shop/api``: in lower case (OCI's spec)."""
        values = {"owner": self.owner, "repository": self.name, "service": service}
        return self.image_pattern.format(**values).lower()

    @property
    def images(self) -> dict[str, str]:
        """The image of each service, by its name."""
        return {each.name: self.image(each.name) for each in self.services}

    def tag(self, version: str) -> str:
        """Return the git tag of *version*, such as ``v1.4.0``."""
        return f"{self.tag_prefix}{version}"

    def claim(self, tag: str) -> str:
        """Return where *tag* is claimed: ``refs/tags/monokeel-claim/v1.4.0``."""
        return self.claim_ref.replace("{tag}", tag)

    def service(self, name: str) -> Service:
        """Return the service called *name*; raise UsageError if there is none."""
        return _named("service", name, self.services)

    def environment(self, name: str) -> Environment:
        """Return the environment *name*; raise UsageError if there is none."""
        return _named("environment", name, self.environments)


def parse_settings(text: str) -> Settings:
    """Return the settings that *text* asks for; UsageError with place and remedy."""
    try:
        document = {"settings": {}, **parse_toml(text)}
    except ValueError as error:
        raise fail(f"this is not TOML: {error}") from error
    settings = Settings(**toml.read_table(KEYS, document))
    _require_sound(settings)
    return settings


def _require_sound(settings: Settings) -> None:
    """Raise UsageError for values that do not go together."""
    shortest = settings.image_pattern.format(owner="a", repository="a", service="a")
    check_names(settings.registry_host, [shortest.lower(), *settings.images.values()])
    _require_refs(settings)
    name, _, port = settings.registry_host.partition(":")
    if (
        not all(name.removesuffix(".").split("."))
        or not 0 < int(port or 1) <= _LAST_PORT
    ):
        raise fail(f"[registry] host = {settings.registry_host!r} is no host")
    names = [each.name for each in settings.environments]
    for where, values in (
        ("services", [each.name for each in settings.services]),
        ("services", [each.path for each in settings.services]),
        ("environments", names + [x.was for x in settings.environments if x.was]),
        ("[release] lines", settings.lines),
    ):
        if twice := [each for each in values if values.count(each) > 1]:
            raise fail(f"{where}: {twice[0]!r} stands there twice")
    if (settings.writer == "app") != bool(settings.app_id):
        both = f"writer = {settings.writer!r} and app_id = {settings.app_id}"
        fix = 'app_id is the number of the GitHub App; it goes with writer = "app".'
        raise fail(f"[repository] {both} do not go together", fix=fix)
    for number, freeze in enumerate(settings.freezes, 1):
        fix = f"Name some of: {', '.join(names)}."
        if not freeze.environments:
            empty = f"[[freezes]] {number}: environments is empty"
            raise fail(f"{empty}: nothing would freeze", fix=fix)
        if unknown := [each for each in freeze.environments if each not in names]:
            said = f"[[freezes]] {number}: there is no environment {unknown[0]!r}"
            raise fail(said, fix=fix)


def _require_refs(settings: Settings) -> None:
    """Raise UsageError for what git, or another part of the product, cannot hold."""
    branch, tag = settings.default_branch, settings.tag("1.0.0")
    taken = f"{branch}/".startswith(("env/", "refs/", "HEAD/"))
    if taken or not is_ref(f"refs/heads/{branch}"):
        raise fail(f"[repository] default_branch = {branch!r} cannot be that branch")
    claim = settings.claim(tag)
    space, _, part = claim.removeprefix("refs/").partition("/")
    own = part.partition("/")[0] not in (tag, "env", branch.partition("/")[0])
    if not is_ref(claim) or space in _MEANT or (space in ("heads", "tags") and not own):
        other = "would be a branch or a tag that means something else"
        where = f"[release] claim_ref = {settings.claim_ref!r}"
        raise fail(f"{where} {other}", fix=_CLAIM.says)
    for each in settings.environments:
        if each.name in TAKEN_ENVIRONMENTS:
            holds = "the GitHub Environment of that name holds secrets of its own"
            problem = f"environment {each.name!r}: {holds}"
            raise fail(problem, fix="Give it another name.")


def _named(kind: str, name: str, known: tuple[T, ...]) -> T:
    names = [each.name for each in known]
    if name in names:
        return known[names.index(name)]
    problem = f"there is no {kind} {name!r} in infra/platform.toml"
    problem = problem if name else f"no {kind} given"
    choice = f"Choose one of: {', '.join(names)}."
    none = f"infra/platform.toml names no {kind} yet."
    raise UsageError(problem, fix=choice if names else none)
