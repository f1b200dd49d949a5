"""A repository that is about to be released: the clone and all that a plan asks."""

from dataclasses import replace

from monokeel.ground.answers import RemoteRef
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import Settings, parse_settings
from monokeel.release.plan import ReleasePlan
from monokeel.release.planner import plan_release
from monokeel.release.ports import Outside, offline
from monokeel.release.record import Candidate, marker, record_text
from tests.fakes.git import FakeRefs
from tests.fakes.history import FakeHistory
from tests.fakes.images import FakeBuilder, FakeImages
from tests.fakes.releases import FakeReleases

DIGEST = f"sha256:{'d' * 64}"
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


class SilentRemote(FakeRefs):
    """A remote that does not answer."""

    def remote_objects(self, prefixes: object = ()) -> dict[str, RemoteRef]:
        raise ServiceError(f"origin did not answer about {prefixes}")


class Shop:
    """v1.0.0 is released; ``plan`` says what would be released now."""

    def __init__(self) -> None:
        self.settings: Settings = SETTINGS
        self.history = FakeHistory()
        self.refs = FakeRefs()
        self.releases = FakeReleases(self.refs.refs)
        self.registry = FakeImages()
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
            self.refs.refs.setdefault(f"refs/tags/{tag}", sha)

    def record(self, version: str, commit: str) -> str:
        """Return the text of the record of *version*: *DIGEST* for every service."""
        candidate = Candidate(settings=self.settings, version=version, commit=commit)
        digests = {each.name: DIGEST for each in self.settings.services}
        return record_text(candidate.record(digests))

    def claim(self, version: str, commit: str) -> None:
        """Claim *version* for *commit*; its images are built."""
        text = self.record(version, commit)
        self.refs.put_tag(self.settings.claim(f"v{version}"), commit, text)
        for service in self.settings.services:
            self.image(service.name, f"sha-{commit}", commit)

    def tag(self, version: str, commit: str) -> None:
        """Tag *commit* on the remote as a release of ours."""
        text = self.record(version, commit)
        self.refs.put_tag(f"refs/tags/v{version}", commit, text)

    def draft(self, version: str, commit: str | None, author: str = "ben") -> int:
        """Draft *version*; of ours with the record, by hand without a *commit*."""
        body = marker(commit) if commit else "by hand"
        made = self.releases.create_draft(f"v{version}", title="", body=body)
        self.releases.releases[made.id] = replace(made, author=author)
        if commit is not None:
            content = self.record(version, commit).encode()
            self.releases.attach(self.releases.releases[made.id], content)
        return made.id

    def publish(self, version: str, commit: str | None) -> None:
        identity = self.draft(version, commit)
        draft = self.releases.releases[identity]
        self.releases.releases[identity] = replace(draft, draft=False)

    def image(self, service: str, version: str, commit: str | None) -> None:
        self.registry.push(f"acme/shop/{service}", version, DIGEST, commit)

    def use(self, *, rules: str | None = None, skip: tuple[str, ...] = ()) -> None:
        self.settings = replace(
            self.settings, rules=rules or self.settings.rules, skip=skip
        )

    @property
    def outside(self) -> Outside:
        return Outside(
            history=self.history,
            remote=self.refs,
            releases=self.releases,
            images=self.registry,
            build=FakeBuilder(self.registry).build,
        )

    def plan(self) -> ReleasePlan:
        return plan_release(self.settings, self.outside)

    def plan_offline(self) -> ReleasePlan:
        return plan_release(self.settings, offline(self.history, "nobody was asked"))


def statuses(plan: ReleasePlan) -> dict[str, str]:
    """Return check → status."""
    return {check.name: check.status for check in plan.checks}


def problems(plan: ReleasePlan) -> list[str]:
    """Return the problem of every blocker."""
    return [blocker.problem for blocker in plan.blockers]
