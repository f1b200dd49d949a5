"""A repository, its releases and its registry, with what must always hold."""

import pytest

from monokeel.release.publish import Publication, publish
from monokeel.release.record import ReleaseRecord
from monokeel.release.target import Outside, Target, TargetImage
from tests.fakes.faults import Faults, KilledError
from tests.fakes.git import FakeRefs
from tests.fakes.images import FakeBuilder, FakeImages
from tests.fakes.releases import FakeReleases

SERVICES = ("api", "web", "worker")
COMMIT = "a" * 40
OTHER = "b" * 40


class World:
    """Everything outside of the program; each write is checked by the invariants."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.refs = FakeRefs(self.faults)
        self.images = FakeImages(self.faults)
        self.builder = FakeBuilder(self.images)
        self.releases = FakeReleases(self.refs.refs, self.faults)
        self.faults.after = self.check
        self.told: list[str] = []

    @property
    def outside(self) -> Outside:
        return Outside(
            refs=self.refs,
            releases=self.releases,
            images=self.images,
            builder=self.builder,
        )

    def publish(self, commit: str = COMMIT, version: str = "1.4.0") -> Publication:
        return publish(target(commit, version), self.outside, self.told.append)

    def record(self, tag: str = "v1.4.0") -> ReleaseRecord | None:
        """Return the record of the published release, else that of the lowest draft."""
        releases = [each for each in self.releases.releases.values() if each.tag == tag]
        for release in sorted(releases, key=lambda each: (each.draft, each.id)):
            return self.releases.record_of(release)
        return None

    def check(self) -> None:
        """Assert what must hold at every point (and not only at the end)."""
        turn, self.faults.turn = self.faults.turn, lambda: None
        versions = {
            ref.removeprefix("refs/tags/v"): commit
            for ref, commit in self.refs.refs.items()
            if ref.startswith("refs/tags/v")
        }
        for version, commit in versions.items():
            record = self.record(f"v{version}")
            assert record is not None
            assert record.commit == commit
            for service in SERVICES:
                named = self.images.tags.get((f"acme/shop/{service}", version))
                assert named == record.digest_of(service)
        for release in self.releases.releases.values():
            assert release.draft or release.tag.removeprefix("v") in versions
        assert [tag for tag in self.images.moved if ":sha-" not in tag] == []
        self.faults.turn = turn

    def assert_complete(self, commit: str = COMMIT, version: str = "1.4.0") -> None:
        """Assert that *version* of *commit* is out, and that nothing is left over."""
        self.check()
        assert self.refs.refs == {f"refs/tags/v{version}": commit}
        assert [each.draft for each in self.releases.releases.values()] == [False]


def killed(world: World, point: int) -> None:
    """Run a release that ends after write number *point*, counted over all runs."""
    world.faults.kill_after = point
    if len(world.faults.writes) < point:
        with pytest.raises(KilledError):
            world.publish()
    world.faults.kill_after = None


def target(commit: str = COMMIT, version: str = "1.4.0") -> Target:
    return Target(
        version=version,
        tag=f"v{version}",
        tag_prefix="v",
        claim=f"refs/releases/v{version}",
        commit=commit,
        notes="## Features\n\n- a better basket",
        images=tuple(
            TargetImage(
                service=service,
                path=f"acme/shop/{service}",
                image=f"ghcr.io/acme/shop/{service}",
            )
            for service in SERVICES
        ),
    )
