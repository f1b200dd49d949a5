"""A service is built once for a commit, and only what says so counts as built."""

from dataclasses import dataclass

import pytest

from monokeel.ground.answers import Found
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.report import as_json
from monokeel.ground.settings import Settings, parse_settings
from monokeel.release.build import Workplace, build_report, build_service
from tests.fakes.registry import FakeRegistry

COMMIT, OTHER = "a" * 40, "b" * 40
API = "acme/shop/api"
BUILT = f"sha-{COMMIT}"


@dataclass
class Builder:
    """Pushes an image labelled with *label*; an empty one pushes nothing."""

    registry: FakeRegistry
    label: str | None = COMMIT
    count: int = 0

    def build(self, service: str, commit: str) -> None:
        self.count += 1
        if self.label != "":
            self.registry.push_new(f"acme/shop/{service}", f"sha-{commit}", self.label)


@dataclass
class Checkout:
    commit: str = COMMIT
    clean: bool = True

    def head(self) -> str:
        return self.commit

    def is_clean(self) -> bool:
        return self.clean


@pytest.fixture
def settings() -> Settings:
    return parse_settings(
        '[repository]\nowner = "acme"\nname = "shop"\n'
        '[[services]]\nname = "api"\nkind = "api"\n'
        '[[environments]]\nname = "dev"\n'
    )


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry()


def test_a_missing_image_is_built_and_its_digest_returned(
    registry: FakeRegistry, settings: Settings
) -> None:
    place = Workplace(images=registry, builder=Builder(registry), checkout=Checkout())

    built = build_service(place, settings, service="api", commit=COMMIT)

    found = registry.look_up(API, BUILT)
    assert found == Found(digest=built.digest, revision=COMMIT)
    assert built.built is True
    assert built.image == f"ghcr.io/{API}"


def test_an_image_that_is_there_is_never_built_again(
    registry: FakeRegistry, settings: Settings
) -> None:
    builder = Builder(registry)
    digest = registry.push_new(API, BUILT, COMMIT)
    dirty = Checkout(commit=OTHER, clean=False)
    place = Workplace(images=registry, builder=builder, checkout=dirty)

    built = build_service(place, settings, service="api", commit=COMMIT)

    assert (built.digest, built.built, builder.count) == (digest, False, 0)


@pytest.mark.parametrize("label", [OTHER, None])
def test_an_image_of_another_commit_is_refused_and_kept(
    registry: FakeRegistry, settings: Settings, label: str | None
) -> None:
    digest = registry.push_new(API, BUILT, label)
    place = Workplace(images=registry, builder=Builder(registry), checkout=Checkout())

    with pytest.raises(RefusedError, match=label or "no commit"):
        build_service(place, settings, service="api", commit=COMMIT)

    assert registry.look_up(API, BUILT) == Found(digest=digest, revision=label)


@pytest.mark.parametrize("label", [OTHER, None])
def test_a_build_without_our_label_is_refused(
    registry: FakeRegistry, settings: Settings, label: str | None
) -> None:
    builder = Builder(registry, label=label)
    place = Workplace(images=registry, builder=builder, checkout=Checkout())

    with pytest.raises(RefusedError, match=label or "no commit"):
        build_service(place, settings, service="api", commit=COMMIT)


def test_a_build_command_that_pushes_nothing_is_noticed(
    registry: FakeRegistry, settings: Settings
) -> None:
    builder = Builder(registry, label="")
    place = Workplace(images=registry, builder=builder, checkout=Checkout())

    with pytest.raises(ServiceError, match="not in the registry"):
        build_service(place, settings, service="api", commit=COMMIT)


def test_nothing_is_built_while_the_registry_is_silent(
    registry: FakeRegistry, settings: Settings
) -> None:
    builder = Builder(registry)
    registry.silent.add(API)
    place = Workplace(images=registry, builder=builder, checkout=Checkout())

    with pytest.raises(ServiceError, match="503"):
        build_service(place, settings, service="api", commit=COMMIT)

    assert builder.count == 0


def test_nothing_is_built_that_may_not_be_pushed(
    registry: FakeRegistry, settings: Settings
) -> None:
    builder = Builder(registry)
    registry.locked.add(API)
    place = Workplace(images=registry, builder=builder, checkout=Checkout())

    with pytest.raises(RefusedError, match="may not push"):
        build_service(place, settings, service="api", commit=COMMIT)

    assert builder.count == 0


@pytest.mark.parametrize(
    "checkout",
    [
        pytest.param(Checkout(commit=OTHER), id="another commit"),
        pytest.param(Checkout(clean=False), id="edited files"),
    ],
)
def test_files_of_something_else_are_not_built(
    registry: FakeRegistry, settings: Settings, checkout: Checkout
) -> None:
    builder = Builder(registry)
    place = Workplace(images=registry, builder=builder, checkout=checkout)

    with pytest.raises(UsageError, match=COMMIT):
        build_service(place, settings, service="api", commit=COMMIT)

    assert builder.count == 0


def test_an_unknown_service_is_answered_with_the_known_ones(
    registry: FakeRegistry, settings: Settings
) -> None:
    place = Workplace(images=registry, builder=Builder(registry), checkout=Checkout())

    with pytest.raises(UsageError, match="apy") as wrong:
        build_service(place, settings, service="apy", commit=COMMIT)

    assert "api" in wrong.value.fix


def test_the_report_names_the_digest(
    registry: FakeRegistry, settings: Settings
) -> None:
    place = Workplace(images=registry, builder=Builder(registry), checkout=Checkout())

    built = build_service(place, settings, service="api", commit=COMMIT)

    report = build_report(built)
    assert report.headline == f"api built: ghcr.io/{API}@{built.digest}"
    assert f'"digest": "{built.digest}", "built": true' in as_json(report)
