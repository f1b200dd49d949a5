"""A repository, its releases and its registry, with what must always hold."""

import pytest

from monokeel.ground.settings import parse_settings
from monokeel.release.ports import Outside
from monokeel.release.publish import Publication, publish
from monokeel.release.reading import Reading
from monokeel.release.record import (
    RECORD_NAME,
    Candidate,
    ReleaseRecord,
    record_in,
    record_text,
)
from tests.fakes.faults import Faults, KilledError
from tests.fakes.git import FakeRefs
from tests.fakes.history import FakeHistory
from tests.fakes.images import FakeBuilder, FakeImages
from tests.fakes.releases import FakeReleases

SERVICES = ("api", "web", "worker")
COMMIT = "a" * 40
OTHER = "b" * 40
SETTINGS = parse_settings(
    '[repository]\nowner = "acme"\nname = "shop"\n'
    + "".join(f'[[services]]\nname = "{each}"\nkind = "api"\n' for each in SERVICES)
)
CLAIMS = "refs/tags/monokeel-claim/"


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
        self.waited: list[float] = []
        self.history = FakeHistory()

    @property
    def outside(self) -> Outside:
        return Outside(
            history=self.history,
            remote=self.refs,
            releases=self.releases,
            images=self.images,
            build=self.builder.build,
            wait=self.waited.append,
        )

    def publish(self, commit: str = COMMIT, version: str = "1.4.0") -> Publication:
        """Publish as a run of *commit* that has planned *version* just now."""
        return publish(
            Reading(candidate(commit, version), self.outside), self.told.append
        )

    def record(self, tag: str = "v1.4.0") -> ReleaseRecord | None:
        """Return the record that the git tag carries."""
        at = self.refs.refs.get(f"refs/tags/{tag}", "")
        return record_in(self.refs.objects.get(at, ("", ""))[1])

    def check(self) -> None:
        """Assert what must hold at every point (and not only at the end)."""
        turn, self.faults.turn = self.faults.turn, lambda: None
        versions = {
            ref.removeprefix("refs/tags/v"): commit
            for ref, commit in self.refs.commits().items()
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
            if not release.draft:
                record = self.record(release.tag)
                assert record is not None
                assert self.releases.file_of(release) == record_text(record)
                assert [*release.assets] == [RECORD_NAME]
        assert [tag for tag in self.images.moved if ":sha-" not in tag] == []
        self.faults.turn = turn

    def assert_complete(self, commit: str = COMMIT, version: str = "1.4.0") -> None:
        """Assert that *version* of *commit* is out, and that nothing is left over."""
        self.check()
        assert self.refs.commits() == {f"refs/tags/v{version}": commit}
        assert [each.draft for each in self.releases.releases.values()] == [False]
        self.assert_named(commit, version)

    def assert_named(self, commit: str, version: str = "1.4.0") -> None:
        """Assert that each image has both of its names."""
        record = self.record(f"v{version}")
        assert record is not None
        for service in SERVICES:
            for tag in (f"sha-{commit}", version):
                held = self.images.tags[f"acme/shop/{service}", tag]
                assert held == record.digest_of(service)


def killed(world: World, point: int) -> None:
    """Run a release that ends after write number *point*, counted over all runs."""
    world.faults.kill_after = point
    if len(world.faults.writes) < point:
        with pytest.raises(KilledError):
            world.publish()
    world.faults.kill_after = None


def candidate(commit: str = COMMIT, version: str = "1.4.0") -> Candidate:
    return Candidate(
        settings=SETTINGS,
        version=version,
        commit=commit,
        notes="## Features\n\n- a better basket",
    )
