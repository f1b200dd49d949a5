"""A repository that is about to be released: the clone and all that a plan asks."""

from dataclasses import replace

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import Settings, parse_settings
from monokeel.release.plan import ReleasePlan
from monokeel.release.planner import plan_release
from monokeel.release.record import marker
from monokeel.release.sources import Sources, offline
from tests.fakes.git import FakeRefs
from tests.fakes.history import FakeHistory
from tests.fakes.images import FakeImages
from tests.fakes.releases import FakeReleases

SETTINGS = parse_settings(
    """
[repository]
owner = "Acme"
name = "shop"
[[services]]
name = "api"
kind = "api"
[[services]]
name = "web"
kind = "web"
"""
)


class FakeRegistry(FakeImages):
    """*closed* images may not be pushed; *silent* ones do not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.closed: set[str] = set()

    def may_push(self, image: str) -> bool | Unknown:
        if image in self.silent:
            return Unknown(reason="503 Service Unavailable")
        return image not in self.closed


class SilentRemote(FakeRefs):
    """A remote that does not answer."""

    def remote_refs(self, prefixes: object) -> dict[str, str]:
        raise ServiceError(f"origin did not answer about {prefixes}")


class Shop:
    """v1.0.0 is released; ``plan`` says what would be released now."""

    def __init__(self) -> None:
        self.settings: Settings = SETTINGS
        self.history = FakeHistory()
        self.refs = FakeRefs()
        self.releases = FakeReleases(self.refs.refs)
        self.registry = FakeRegistry()
        self.history.commit("feat: all", tag="v1.0.0")
        self.push()

    def commit(self, message: str, *, tag: str | None = None) -> str:
        """Commit and push."""
        sha = self.history.commit(message, tag=tag)
        self.push()
        return sha

    def push(self) -> None:
        """Bring the branch and the tags to the remote."""
        self.refs.refs["refs/heads/main"] = self.history.head()
        for tag, sha in self.history.all_tags.items():
            self.refs.refs[f"refs/tags/{tag}"] = sha

    def claim(self, version: str, commit: str) -> None:
        self.refs.refs[f"refs/releases/v{version}"] = commit

    def draft(self, version: str, commit: str | None) -> int:
        body = marker(commit) if commit else "by hand"
        return self.releases.create_draft(f"v{version}", title="", body=body).id

    def publish(self, version: str, commit: str | None) -> None:
        identity = self.draft(version, commit)
        draft = self.releases.releases[identity]
        self.releases.releases[identity] = replace(draft, draft=False)

    def image(self, service: str, version: str, commit: str | None) -> None:
        digest = f"sha256:{'d' * 64}"
        self.registry.push(f"acme/shop/{service}", version, digest, commit)

    def use(self, *, rules: str | None = None, skip: tuple[str, ...] = ()) -> None:
        self.settings = replace(
            self.settings, rules=rules or self.settings.rules, skip=skip
        )

    def plan(self) -> ReleasePlan:
        sources = Sources(
            remote=self.refs, releases=self.releases, images=self.registry
        )
        return plan_release(self.settings, self.history, sources)

    def plan_offline(self) -> ReleasePlan:
        return plan_release(self.settings, self.history, offline("nobody was asked"))


def statuses(plan: ReleasePlan) -> dict[str, str]:
    """Return check → status."""
    return {check.name: check.status for check in plan.checks}


def problems(plan: ReleasePlan) -> list[str]:
    """Return the problem of every blocker."""
    return [blocker.problem for blocker in plan.blockers]
