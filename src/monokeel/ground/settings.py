"""``infra/platform.toml``, parsed once into values that the rest can trust."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monokeel.ground.errors import UsageError
from monokeel.ground.toml import Fields, fail

KINDS = ("web", "api", "worker")
RULE_SETS = ("conventionalcommits", "angular")
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\Z")
_REPOSITORY = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z")
# One component of an image's path (OCI distribution-spec, "Pulling manifests").
_SERVICE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]*\Z")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*\Z")
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?\Z")
_TAG_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9._-]*\Z")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?\Z")
# A claim is a tag object, which no branch can be; among the tags it needs a part of
# its own, or it would be the release tag itself.
_CLAIM = re.compile(
    r"refs/(?!heads/|tags/\{)[a-z][a-z0-9-]*/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*"
    r"\{tag\}\Z"
)
_PATH = re.compile(r"(?!/)(?!.*(?:\A|/)\.\.?(?:/|\Z))[A-Za-z0-9_.][A-Za-z0-9._/-]*\Z")
_SOAK = re.compile(r"([0-9]{1,9})(s|m|h|d)\Z")
_FOLDER = re.compile(r"[^\x00-\x1f\x7f]+\Z")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One image that is built: *kind* is web, api or worker; *path* is relative."""

    name: str
    kind: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One step of promotion; *soak* is how long a version lived in the one before."""

    name: str
    soak: timedelta
    prerelease: bool
    reviewers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """No promotion to *environments* while ``start <= now < end`` (aware times)."""

    environments: tuple[str, ...]
    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of ``infra/platform.toml``; *environments* stand in order of promotion.

    *version_file*, if not empty, is a file that must hold the version of a release.
    """

    owner: str
    name: str
    default_branch: str
    rules: str
    tag_prefix: str
    skip: tuple[str, ...]
    claim_ref: str
    version_file: str
    registry_host: str
    build: str
    services: tuple[Service, ...]
    environments: tuple[Environment, ...]
    optional_rules: tuple[str, ...]
    freezes: tuple[Freeze, ...]

    @property
    def repository(self) -> str:
        """The repository as GitHub writes it, such as ``acme/shop``."""
        return f"{self.owner}/{self.name}"

    def image(self, service: str) -> str:
        """Return *service*'s image without host, such as ``acme/shop/api``.

        Lower case: registries accept no other (OCI distribution-spec).
        """
        return f"{self.owner}/{self.name}/{service}".lower()

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
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise fail(f"this is not TOML: {error}") from error
    top = Fields("", document)
    repository = top.table("repository")
    release = top.table("release")
    registry = top.table("registry")
    policy = top.table("policy")
    environments = tuple(_environment(each) for each in top.tables("environments"))
    settings = Settings(
        owner=repository.text("owner", _OWNER),
        name=repository.text("name", _REPOSITORY),
        default_branch=repository.text("default_branch", _BRANCH, default="main"),
        rules=release.choice("rules", RULE_SETS, default=RULE_SETS[0]),
        tag_prefix=release.text("tag_prefix", _TAG_PREFIX, default="v"),
        skip=release.texts("skip", _VERSION),
        claim_ref=release.text(
            "claim_ref", _CLAIM, default="refs/tags/monokeel-claim/{tag}"
        ),
        version_file=release.optional_text("version_file", _PATH),
        registry_host=registry.text("host", _HOST, default="ghcr.io"),
        build=registry.text("build", default="docker"),
        services=tuple(_service(each) for each in top.tables("services")),
        environments=environments,
        optional_rules=policy.texts("optional_rules"),
        freezes=tuple(
            _freeze(each, [e.name for e in environments])
            for each in top.tables("freezes")
        ),
    )
    for table in (top, repository, release, registry, policy):
        table.finish()
    _unique("services", [each.name for each in settings.services])
    _unique("services", [each.path for each in settings.services])
    _unique("environments", [each.name for each in settings.environments])
    return settings


def _service(table: Fields) -> Service:
    name = table.text("name", _SERVICE)
    service = Service(
        name=name,
        kind=table.choice("kind", KINDS),
        path=table.text("path", _FOLDER, default=f"services/{name}"),
    )
    parts = service.path.split("/")
    if service.path.startswith(("/", "-")) or ".." in parts or "" in parts:
        raise fail(
            f"{table.where}: path = {service.path!r} is not inside the repository"
        )
    table.finish()
    return service


def _environment(table: Fields) -> Environment:
    environment = Environment(
        name=table.text("name", _ENVIRONMENT),
        soak=_duration(table.where, table.text("soak", default="0s")),
        prerelease=table.flag("prerelease", default=False),
        reviewers=table.flag("reviewers", default=False),
    )
    table.finish()
    return environment


def _freeze(table: Fields, known: list[str]) -> Freeze:
    names = table.texts("environments")
    for name in names:
        if name not in known:
            raise _no_such("environment", name, known)
    freeze = Freeze(
        environments=names,
        start=table.moment("from"),
        end=table.moment("to"),
        reason=table.text("reason"),
    )
    if freeze.end <= freeze.start:
        raise fail(f"{table.where}: to = {freeze.end} is not after from")
    table.finish()
    return freeze


def _duration(where: str, text: str) -> timedelta:
    match = _SOAK.match(text)
    if match is None:
        raise fail(
            f"{where}: soak = {text!r} is not a duration",
            fix='Write a number and s, m, h or d, such as "24h".',
        )
    arguments: Mapping[str, int] = {_UNITS[match[2]]: int(match[1])}
    try:
        return timedelta(**arguments)
    except OverflowError as error:
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
