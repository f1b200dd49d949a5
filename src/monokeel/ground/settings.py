"""``infra/platform.toml``, parsed once into values that the rest can trust."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta

from monokeel.ground.errors import UsageError
from monokeel.ground.freezes import Freeze, parse_freeze
from monokeel.ground.service import Service, parse_service
from monokeel.ground.toml import Fields, fail

LEVELS = ("patch", "minor", "major")
RULE_SETS = ("conventionalcommits", "angular")
WRITERS = ("deploy-key", "app")
# Title of a squash merge → the messages that GitHub takes with it (cli/cli#10363). The
# first of each is the default: so the title that ci.yml checked is what lands on main.
_SQUASH = {
    "PR_TITLE": ("PR_BODY", "COMMIT_MESSAGES", "BLANK"),
    "COMMIT_OR_PR_TITLE": ("COMMIT_MESSAGES",),
}
_SWITCHES = (
    "allow_squash_merge",
    "allow_merge_commit",
    "allow_rebase_merge",
    "allow_auto_merge",
)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}\Z")
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\Z")
_REPOSITORY = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z")
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]*\Z")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*\Z")
_LINE = re.compile(r"[0-9]+\.(?:[0-9]+\.)?x\Z")
IMAGES = "{owner}/{repository}/{service}"
# Parts joined by "/", with placeholders in them; the service tells images apart.
_PART = r"(?![._-])(?:[A-Za-z0-9._-]|\{owner\}|\{repository\}|\{service\})+(?<![._-])"
_CLAIMS = "refs/tags/monokeel-claim/{tag}"
_IMAGES = re.compile(rf"(?=.*\{{service\}})(?:{_PART}/)*{_PART}\Z")
_TWO_PARTS = {"docker.io", "index.docker.io", "registry-1.docker.io"}
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?\Z")
_TAG_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9._-]*\Z")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?\Z")
# A claim is a tag object, which no branch can be; among the tags it needs a part of
# its own, or it would be the release tag itself.
_INITIAL = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}\Z")
# A type, or a type with a scope, as it stands before the colon of a commit's subject.
_TYPE = re.compile(r"[A-Za-z0-9_]+(?:\([^()]+\))?\Z")
_CLAIM = re.compile(
    r"refs/(?!heads/|tags/\{)[a-z][a-z0-9-]*/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*"
    r"\{tag\}\Z"
)
_PATH = re.compile(r"(?!/)(?!.*(?:\A|/)\.\.?(?:/|\Z))[A-Za-z0-9_.][A-Za-z0-9._/-]*\Z")
_SOAK = re.compile(r"([0-9]{1,9})(s|m|h|d)\Z")
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|[/.]\Z")
TAKEN_ENVIRONMENTS = ("release", "registry", "policy", "template")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One step of promotion; *soak* is how long a version lived in the one before.

    *auto*: promoted right after a release. *was* is its name before it was renamed.
    """

    name: str
    soak: timedelta
    prerelease: bool
    reviewers: bool
    auto: bool = False
    was: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """The table ``[policy]``: what drift and the lint of the rules take into account.

    *unmanaged* are patterns of rulesets that others keep, *parents* the organization's
    rulesets that must be there, *external_checks* required checks that no job reports.
    """

    unmanaged: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    external_checks: tuple[str, ...] = ()
    issue_labels: tuple[str, ...] = ()
    issue_assignees: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of ``infra/platform.toml``; *environments* stand in order of promotion.

    *version_file*, if not empty, is a file that must hold the version of a release.
    *initial* is the first version; *types* are more types of commits that release, each
    with its level. *lines* are maintenance branches beside the default branch;
    *blocked* is version → why it may go nowhere. *image_pattern* is the path of an
    image below *registry_host*; *token_realm* is a host that may get the registry's
    credentials besides the registry's own. *writer* pushes what the rules protect: the
    deploy key (with *writer_key*, only the one of that fingerprint) or the GitHub App
    *app_id*. *on_github* are settings of the repository, keys and values as in GitHub's
    REST API.
    """

    owner: str
    name: str
    default_branch: str
    writer: str = WRITERS[0]
    writer_key: str = ""
    app_id: int = 0
    on_github: Mapping[str, str | bool]
    rules: str
    tag_prefix: str
    skip: tuple[str, ...]
    initial: str = "1.0.0"
    types: Mapping[str, str] = field(default_factory=dict)
    claim_ref: str
    version_file: str
    registry_host: str
    image_pattern: str = IMAGES
    token_realm: str = ""
    build: str
    services: tuple[Service, ...]
    environments: tuple[Environment, ...]
    optional_rules: tuple[str, ...]
    policy: PolicySettings = field(default_factory=PolicySettings)
    freezes: tuple[Freeze, ...]
    lines: tuple[str, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)

    @property
    def repository(self) -> str:
        """The repository as GitHub writes it, such as ``acme/shop``."""
        return f"{self.owner}/{self.name}"

    def image(self, service: str) -> str:
        """Return *service*'s image without host, such as ``acme/shop/api``.

        ``[registry] images`` says how, by default ``{owner}/{repository}/{service}``.
        Lower case: registries accept no other (OCI distribution-spec).
        """
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
        """Return the full ref where *tag* is claimed.

        By default ``refs/tags/monokeel-claim/v1.4.0``.
        """
        return self.claim_ref.replace("{tag}", tag)

    def service(self, name: str) -> Service:
        """Return the service called *name*; raise UsageError if there is none."""
        for service in self.services:
            if service.name == name:
                return service
        raise _no_such("service", name, [each.name for each in self.services])

    def environment(self, name: str) -> Environment:
        """Return the environment *name*; raise UsageError if there is none."""
        for environment in self.environments:
            if environment.name == name:
                return environment
        names = [each.name for each in self.environments]
        raise _no_such("environment", name, names)


def parse_settings(text: str) -> Settings:
    """Return the settings that *text*, the content of ``platform.toml``, asks for.

    Raises UsageError for text that is not TOML, a missing or unknown key (naming
    the nearest known one), a value of another type or shape, a duplicate name, and a
    time without a zone.
    """
    top = Fields("", _document(text))
    repository = top.table("repository")
    release = top.table("release")
    registry = top.table("registry")
    policy = top.table("policy")
    promotion = top.table("promotion")
    environments = [_environment(each) for each in top.tables("environments")]
    settings = Settings(
        owner=repository.text("owner", _OWNER),
        name=repository.text("name", _REPOSITORY),
        default_branch=repository.text("default_branch", _BRANCH, default="main"),
        writer=repository.choice("writer", WRITERS, default=WRITERS[0]),
        writer_key=repository.optional_text("writer_key", _FINGERPRINT),
        app_id=repository.number("app_id"),
        on_github=_on_github(top.table("settings")),
        rules=release.choice("rules", RULE_SETS, default=RULE_SETS[0]),
        tag_prefix=release.text("tag_prefix", _TAG_PREFIX, default="v"),
        skip=release.texts("skip", _VERSION),
        initial=release.text("initial", _INITIAL, default="1.0.0"),
        types=release.table("types").choices(_TYPE, LEVELS),
        claim_ref=release.text("claim_ref", _CLAIM, default=_CLAIMS),
        version_file=release.optional_text("version_file", _PATH),
        registry_host=_host(registry),
        image_pattern=_image_pattern(registry),
        token_realm=registry.optional_text("token_realm", _HOST),
        build=registry.text("build", default="docker"),
        services=tuple(parse_service(each) for each in top.tables("services")),
        environments=tuple(environments),
        optional_rules=policy.texts("optional_rules"),
        policy=_policy(policy),
        freezes=_freezes(top.tables("freezes"), [e.name for e in environments]),
        lines=release.texts("lines", _LINE),
        blocked=promotion.pairs("blocked", _VERSION),
    )
    for table in (top, repository, release, registry, policy, promotion):
        table.finish()
    _require_sound(settings)
    return settings


def _policy(table: Fields) -> PolicySettings:
    return PolicySettings(
        **{each.name: table.texts(each.name) for each in fields(PolicySettings)}
    )


def _document(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise fail(f"this is not TOML: {error}") from error


def _image_pattern(table: Fields) -> str:
    says = 'Write a path below the host, such as "my-project/shop/{service}".'
    return table.text("images", _IMAGES, default=IMAGES, says=says)


def _host(table: Fields) -> str:
    says = "Write the host without https:// and path."
    return table.text("host", _HOST, default="ghcr.io", says=says)


def _require_sound(settings: Settings) -> None:
    """Raise UsageError for values that do not go together."""
    if settings.registry_host in _TWO_PARTS and settings.image_pattern.count("/") != 1:
        raise fail(
            f"[registry] host = {settings.registry_host!r} holds names of two parts,"
            f" and images = {settings.image_pattern!r} has another number",
            fix='Set images = "{owner}/{repository}-{service}".',
        )
    _require_refs(settings)
    _unique("services", [each.name for each in settings.services])
    _unique("services", [each.path for each in settings.services])
    names = [each.name for each in settings.environments]
    _unique("environments", names + [e.was for e in settings.environments if e.was])
    if (settings.writer == "app") != bool(settings.app_id):
        raise fail(
            f"[repository] writer = {settings.writer!r} and app_id = {settings.app_id}"
            " do not go together",
            fix='app_id is the number of the GitHub App; it goes with writer = "app".',
        )


def _require_refs(settings: Settings) -> None:
    """Raise UsageError for what git, or another part of the product, cannot hold."""
    branch, tag = settings.default_branch, settings.tag("1.0.0")
    if not is_ref(f"refs/heads/{branch}") or branch.startswith(("env/", "refs/")):
        raise fail(f"[repository] default_branch = {branch!r} cannot be that branch")
    if not is_ref(f"refs/tags/{tag}"):
        raise fail(f"[release] tag_prefix = {settings.tag_prefix!r} makes no tag")
    claim = settings.claim(tag)
    space, _, part = claim.removeprefix("refs/").partition("/")
    own = part.partition("/")[0] not in (tag, "env", branch.partition("/")[0])
    if not is_ref(claim) or space == "pull" or (space in ("heads", "tags") and not own):
        raise fail(
            f"[release] claim_ref = {settings.claim_ref!r} would be a branch or a tag"
            " that means something else",
            fix='Give it a part of its own, such as "refs/tags/monokeel-claim/{tag}".',
        )
    for each in settings.environments:
        if each.name in TAKEN_ENVIRONMENTS:
            raise fail(
                f"environment {each.name!r}: the GitHub Environment of that name holds"
                " secrets of its own"
            )


def is_ref(ref: str) -> bool:
    """Say whether git can hold *ref* (git-check-ref-format)."""
    return _NO_REF.search(ref) is None


def _on_github(table: Fields) -> Mapping[str, str | bool]:
    title = table.choice(
        "squash_merge_commit_title", tuple(_SQUASH), default="PR_TITLE"
    )
    messages = _SQUASH[title]
    wanted: dict[str, str | bool] = {
        "squash_merge_commit_title": title,
        "squash_merge_commit_message": table.choice(
            "squash_merge_commit_message", messages, default=messages[0]
        ),
        "delete_branch_on_merge": table.flag("delete_branch_on_merge", default=False),
    }
    for name in _SWITCHES:
        flag = table.flag(name, default=False)
        if name in table:  # else it stays as it is on GitHub
            wanted[name] = flag
    table.finish()
    return wanted


def _environment(table: Fields) -> Environment:
    environment = Environment(
        name=table.text("name", _ENVIRONMENT),
        soak=_duration(table.where, table.text("soak", default="0s")),
        prerelease=table.flag("prerelease", default=False),
        reviewers=table.flag("reviewers", default=False),
        auto=table.flag("auto", default=False),
        was=table.optional_text("was", _ENVIRONMENT),
    )
    table.finish()
    if environment.auto and environment.reviewers:
        raise fail(
            f"{table.where}: auto = true and reviewers = true do not go together",
            fix="What goes by itself is approved by nobody: leave one of them out.",
        )
    return environment


def _freezes(tables: tuple[Fields, ...], known: list[str]) -> tuple[Freeze, ...]:
    freezes = tuple(parse_freeze(each, known) for each in tables)
    for name in (name for freeze in freezes for name in freeze.environments):
        if name not in known:
            raise _no_such("environment", name, known)
    return freezes


def _duration(where: str, text: str) -> timedelta:
    match = _SOAK.match(text)
    if match is None:
        raise fail(
            f"{where}: soak = {text!r} is not a duration",
            fix='Write a number and s, m, h or d, such as "24h".',
        )
    try:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except (OverflowError, ValueError) as error:
        raise fail(f"{where}: soak = {text!r} is too long") from error


def _unique(where: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise fail(f"{where}: {value!r} stands there twice")


def _no_such(kind: str, name: str, known: list[str]) -> UsageError:
    return UsageError(
        f"there is no {kind} {name!r}" if name else f"no {kind} given",
        fix=f"Choose one of: {', '.join(known)}."
        if known
        else f"infra/platform.toml names no {kind} yet.",
    )
