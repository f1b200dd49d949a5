"""A service is built by this run, and its digest is the builder's own word."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import pytest

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.report import as_json
from monokeel.ground.settings import parse_settings
from monokeel.release.artifact import record_of_commit
from monokeel.release.build import (
    Workplace,
    build_report,
    build_service,
    digests_of,
    planned_report,
)
from monokeel.release.record import ReleasedImage, ReleaseRecord, record_text
from tests.fakes.git import FakeRefs
from tests.fakes.images import FakeImages
from tests.fakes.plans import SilentRemote

COMMIT, OTHER = "a" * 40, "b" * 40
API = "acme/shop/api"
BUILT = f"sha-{COMMIT}"
SETTINGS = parse_settings(
    '[repository]\nowner = "acme"\nname = "shop"\n'
    '[[services]]\nname = "api"\nkind = "api"\n'
    '[[environments]]\nname = "dev"\n'
)


@dataclass
class Builder:
    """Pushes an image labelled with *label*; an empty one pushes nothing."""

    registry: FakeImages
    label: str | None = COMMIT
    count: int = 0

    def build(self, service: str, commit: str) -> str:
        self.count += 1
        if self.label == "":
            return f"sha256:{'0' * 64}"
        image = f"acme/shop/{service}"
        return self.registry.push_new(image, f"sha-{commit}", self.label)


ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


@dataclass
class Checkout:
    commit: str = COMMIT
    changed: tuple[str, ...] = ()

    def head(self) -> str:
        return self.commit

    def unclean(self, within: str) -> tuple[str, ...]:
        assert within == "services/api"
        return self.changed


class Late(FakeImages):
    """A registry that shows what was pushed only after *reads* questions."""

    def __init__(self, reads: int) -> None:
        super().__init__()
        self.reads = reads

    def over(self, registry: FakeImages) -> "Late":
        self.tags, self.revisions = registry.tags, registry.revisions
        return self

    def look_up(self, image: str, tag: str) -> Found | Absent | Unknown:
        if self.reads:
            self.reads -= 1
            return Absent()
        return super().look_up(image, tag)


def workplace(
    registry: FakeImages,
    builder: Builder | None = None,
    checkout: Checkout | None = None,
    *,
    images: FakeImages | None = None,
    wait: Callable[[float], None] = lambda _: None,
) -> Workplace:
    files = checkout or Checkout()
    return Workplace(
        settings=SETTINGS,
        images=images or registry,
        build=(builder or Builder(registry)).build,
        head=files.head,
        unclean=files.unclean,
        wait=wait,
    )


@pytest.fixture
def registry() -> FakeImages:
    return FakeImages()


def test_a_missing_image_is_built_and_its_digest_returned(registry: FakeImages) -> None:
    place = workplace(registry)

    built = build_service(place, service="api", commit=COMMIT)

    found = registry.look_up(API, BUILT)
    assert found == Found(digest=built.digest, revision=COMMIT)
    assert built.image == f"ghcr.io/{API}"


RELEASED = f"sha256:{'9' * 64}"


@pytest.mark.parametrize("ref", ["v1.0.0", "monokeel-claim/v1.0.0"])
def test_once_a_record_names_an_image_no_other_is_built(
    registry: FakeImages, ref: str
) -> None:
    """A job that is run again must not move what is released."""
    remote = recording(f"refs/tags/{ref}", COMMIT)
    builder = Builder(registry)

    built = build_service(
        place_of(registry, builder, remote), service="api", commit=COMMIT
    )

    assert (built.digest, built.built, builder.count) == (RELEASED, False, 0)


@pytest.mark.parametrize(
    ("ref", "commit"),
    [("release", COMMIT), ("v1.0.0-mine", COMMIT), ("v1.0.0", OTHER)],
    ids=["a tag of anybody", "another version", "a record of another commit"],
)
def test_a_record_that_is_none_of_this_commit_builds_nothing_less(
    registry: FakeImages, ref: str, commit: str
) -> None:
    remote = recording(f"refs/tags/{ref}", commit)

    built = build_service(
        place_of(registry, None, remote), service="api", commit=COMMIT
    )

    assert built.built


def test_a_build_that_cannot_ask_for_the_record_is_not_begun(
    registry: FakeImages,
) -> None:
    builder = Builder(registry)

    with pytest.raises(ServiceError):
        build_service(
            place_of(registry, builder, SilentRemote()), service="api", commit=COMMIT
        )

    assert builder.count == 0


def place_of(
    registry: FakeImages, builder: Builder | None, remote: FakeRefs
) -> Workplace:
    """Return a place where the record of a commit is asked for, as a job does."""
    recorded = partial(record_of_commit, remote, SETTINGS)
    return replace(workplace(registry, builder), recorded=recorded)


def recording(ref: str, commit: str) -> FakeRefs:
    """Return a remote where *ref*, on our commit, carries the record of *commit*."""
    image = ReleasedImage(service="api", image=f"ghcr.io/{API}", digest=RELEASED)
    record = ReleaseRecord(version="1.0.0", commit=commit, images=(image,))
    remote = FakeRefs()
    remote.put_tag(ref, COMMIT, record_text(record))
    return remote


def test_a_preview_of_a_build_says_what_and_pushes_nothing(
    registry: FakeImages,
) -> None:
    place = workplace(registry)

    report = planned_report(place, service="api", commit=COMMIT)

    assert report.headline == (
        f"api would be built from services/api and pushed as ghcr.io/{API}:sha-{COMMIT}"
    )
    assert registry.look_up(API, BUILT) == Absent()


def test_a_preview_of_a_build_is_refused_as_the_build_would_be(
    registry: FakeImages,
) -> None:
    place = workplace(registry, checkout=Checkout(changed=(" M app.py",)))

    with pytest.raises(UsageError, match="not those of"):
        planned_report(place, service="api", commit=COMMIT)


def test_a_preview_of_a_build_is_refused_by_the_builder_as_well(
    registry: FakeImages,
) -> None:
    def check(service: str, commit: str) -> None:
        raise UsageError(f"no builder for {service} at {commit}")

    place = replace(workplace(registry), check=check)

    with pytest.raises(UsageError, match=f"no builder for api at {COMMIT}"):
        planned_report(place, service="api", commit=COMMIT)


def test_a_preview_promises_no_build_of_what_a_record_names(
    registry: FakeImages,
) -> None:
    place = place_of(registry, None, recording("refs/tags/v1.0.0", COMMIT))

    report = planned_report(place, service="api", commit=COMMIT)

    assert report.headline == f"api was built already: ghcr.io/{API}@{RELEASED}"


def test_what_our_own_workflow_has_attested_is_not_built_again(
    registry: FakeImages,
) -> None:
    there = registry.push_new(API, BUILT, COMMIT)
    asked: list[tuple[str, str, str]] = []

    def is_attested(image: str, digest: str, commit: str) -> bool:
        asked.append((image, digest, commit))
        return True

    place = replace(workplace(registry), is_attested=is_attested)
    found = build_service(place, service="api", commit=COMMIT)

    assert (found.digest, found.built) == (there, False)
    assert asked == [(f"ghcr.io/{API}", there, COMMIT)]
    assert "was built already" in build_report(found).headline


def test_an_attested_index_that_lacks_a_manifest_is_built_again(
    registry: FakeImages,
) -> None:
    there = registry.push_new(API, BUILT, COMMIT)
    registry.indexes, registry.lost = {there}, {f"sha256:{'3' * 64}"}

    place = replace(workplace(registry), is_attested=lambda *_: True)
    made = build_service(place, service="api", commit=COMMIT)

    assert (made.digest != there, made.built) == (True, True)


@pytest.mark.parametrize("label", [COMMIT, OTHER, None])
def test_what_somebody_has_put_there_is_not_taken_for_the_build(
    registry: FakeImages, label: str | None
) -> None:
    planted = registry.push_new(API, BUILT, label)

    built = build_service(workplace(registry), service="api", commit=COMMIT)

    assert built.digest != planted
    assert registry.look_up(API, BUILT) == Found(digest=built.digest, revision=COMMIT)


@pytest.mark.parametrize("reads", [1, 3])
def test_a_push_that_is_shown_late_is_waited_for(
    registry: FakeImages, reads: int
) -> None:
    late = Late(reads)
    waited: list[float] = []

    built = build_service(
        workplace(registry, images=late.over(registry), wait=waited.append),
        service="api",
        commit=COMMIT,
    )

    assert registry.look_up(API, BUILT) == Found(digest=built.digest, revision=COMMIT)
    assert waited == [0.5, 1.0, 2.0][:reads]


@pytest.mark.parametrize("label", [OTHER, None])
def test_a_build_without_our_label_is_refused(
    registry: FakeImages, label: str | None
) -> None:
    builder = Builder(registry, label=label)
    place = workplace(registry, builder)

    with pytest.raises(RefusedError, match=label or "no commit"):
        build_service(place, service="api", commit=COMMIT)


def test_a_build_command_that_pushes_nothing_is_noticed(registry: FakeImages) -> None:
    builder = Builder(registry, label="")
    place = workplace(registry, builder)

    with pytest.raises(ServiceError, match="is not shown yet") as error:
        build_service(place, service="api", commit=COMMIT)

    # docker's --iidfile is the ID of an image, which is the digest of its config.
    assert "its manifest's digest, not the image's ID" in error.value.fix


def test_nothing_is_built_while_the_registry_is_silent(registry: FakeImages) -> None:
    builder = Builder(registry)
    registry.silent.add(API)
    place = workplace(registry, builder)

    with pytest.raises(ServiceError, match="503"):
        build_service(place, service="api", commit=COMMIT)

    assert builder.count == 0


def test_nothing_is_built_that_may_not_be_pushed(registry: FakeImages) -> None:
    builder = Builder(registry)
    registry.closed.add(API)
    place = workplace(registry, builder)

    with pytest.raises(RefusedError, match="may not push"):
        build_service(place, service="api", commit=COMMIT)

    assert builder.count == 0


@pytest.mark.parametrize(
    "checkout",
    [
        pytest.param(Checkout(commit=OTHER), id="another commit"),
        pytest.param(Checkout(changed=("?? gha-creds.json",)), id="edited files"),
    ],
)
def test_files_of_something_else_are_not_built(
    registry: FakeImages, checkout: Checkout
) -> None:
    builder = Builder(registry)
    place = workplace(registry, builder, checkout)

    with pytest.raises(UsageError, match=COMMIT):
        build_service(place, service="api", commit=COMMIT)

    assert builder.count == 0


def test_an_unknown_service_is_answered_with_the_known_ones(
    registry: FakeImages,
) -> None:
    place = workplace(registry)

    with pytest.raises(UsageError, match="apy") as wrong:
        build_service(place, service="apy", commit=COMMIT)

    assert "api" in wrong.value.fix


def test_the_report_names_the_digest(registry: FakeImages) -> None:
    place = workplace(registry)

    built = build_service(place, service="api", commit=COMMIT)

    report = build_report(built)
    assert report.headline == f"api built: ghcr.io/{API}@{built.digest}"
    assert f'"digest": "{built.digest}", "commit": "{COMMIT}"' in as_json(report)


def test_the_digests_of_a_run_are_handed_from_job_to_job(registry: FakeImages) -> None:
    built = build_service(workplace(registry), service="api", commit=COMMIT)
    text = as_json(build_report(built))

    assert digests_of([text], SETTINGS, commit=COMMIT) == {"api": built.digest}


def test_the_files_that_are_in_the_way_are_named(registry: FakeImages) -> None:
    checkout = Checkout(changed=tuple(f"?? file-{number}" for number in range(12)))
    place = workplace(registry, checkout=checkout)

    with pytest.raises(UsageError, match=r"\?\? file-0, .* and 2 more"):
        build_service(place, service="api", commit=COMMIT)
