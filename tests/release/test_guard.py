"""The guard names everything that is taken, and never takes silence for free."""

import pytest

from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.report import as_json, as_plain
from monokeel.ground.settings import Settings, parse_settings
from monokeel.release.checks import ask_version, guard_report, require_free
from tests.fakes.images import FakeImages

COMMIT, OTHER = "a" * 40, "b" * 40
API, WEB = "acme/shop/api", "acme/shop/web"


@pytest.fixture
def settings() -> Settings:
    services = "".join(
        f'[[services]]\nname = "{name}"\nkind = "{name}"\n'
        for name in ("api", "web", "worker")
    )
    return parse_settings(
        f'[repository]\nowner = "Acme"\nname = "shop"\n{services}'
        '[[environments]]\nname = "dev"\n'
    )


@pytest.fixture
def registry() -> FakeImages:
    return FakeImages()


def test_a_version_that_nobody_has_is_free(
    registry: FakeImages, settings: Settings
) -> None:
    guard = ask_version(registry, settings, version="1.4.0", commit=COMMIT)

    require_free(guard)
    assert [image.state for image in guard.images] == ["free", "free", "free"]
    assert guard_report(guard).data["verdict"] == "free"


def test_every_taken_image_is_named_at_once(
    registry: FakeImages, settings: Settings
) -> None:
    registry.push_new(API, "1.4.0", OTHER)
    registry.push_new(WEB, "1.4.0", None)
    guard = ask_version(registry, settings, version="1.4.0", commit=COMMIT)

    with pytest.raises(RefusedError) as refusal:
        require_free(guard)

    assert f"ghcr.io/{API}:1.4.0" in refusal.value.problem
    assert f"ghcr.io/{WEB}:1.4.0" in refusal.value.problem
    assert "worker" not in refusal.value.problem


def test_one_taken_image_is_enough_and_the_unknown_stand_beside_it(
    registry: FakeImages, settings: Settings
) -> None:
    registry.push_new(API, "1.4.0", OTHER)
    registry.silent.add(WEB)
    guard = ask_version(registry, settings, version="1.4.0", commit=COMMIT)

    with pytest.raises(RefusedError, match=r"web: 503"):
        require_free(guard)

    assert [image.state for image in guard.images] == ["other", "unknown", "free"]


def test_a_stale_no_is_not_a_free_version(
    registry: FakeImages, settings: Settings
) -> None:
    """G27."""
    registry.push_new(API, "1.4.0", OTHER)
    registry.stale.add(API)

    guard = ask_version(registry, settings, version="1.4.0", commit=COMMIT)

    assert guard_report(guard).data["verdict"] == "taken"


def test_silence_is_not_a_free_version(
    registry: FakeImages, settings: Settings
) -> None:
    registry.silent.add(WEB)
    guard = ask_version(registry, settings, version="1.4.0", commit=COMMIT)

    with pytest.raises(ServiceError, match=r"web: 503"):
        require_free(guard)

    assert guard_report(guard).data["verdict"] == "unknown"


@pytest.mark.parametrize(
    ("revision", "commit", "state"),
    [
        pytest.param(COMMIT, COMMIT, "same", id="our own"),
        pytest.param(OTHER, COMMIT, "other", id="of another commit"),
        pytest.param(None, COMMIT, "other", id="of unknown origin"),
    ],
)
def test_an_image_is_ours_only_when_it_says_so(
    registry: FakeImages,
    settings: Settings,
    revision: str | None,
    commit: str,
    state: str,
) -> None:
    registry.push_new(API, "1.4.0", revision)

    guard = ask_version(registry, settings, version="1.4.0", commit=commit)

    assert guard.images[0].state == state


def test_a_tag_names_its_version(registry: FakeImages, settings: Settings) -> None:
    registry.push_new(API, "1.4.0", COMMIT)

    guard = ask_version(registry, settings, version="v1.4.0", commit=COMMIT)

    assert (guard.version, guard_report(guard).data["verdict"]) == ("1.4.0", "taken")


def test_our_own_image_is_refused_too_with_the_way_to_finish(
    registry: FakeImages, settings: Settings
) -> None:
    registry.push_new(API, "1.4.0", COMMIT)
    guard = ask_version(registry, settings, version="1.4.0", commit=COMMIT)

    with pytest.raises(RefusedError) as refusal:
        require_free(guard)

    assert "./inv release finishes" in refusal.value.fix


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ("", "no version given"),
        *((text, "is not a version") for text in ("vv1.4.0", "1.4", "-x", "latest")),
        ("\u0661.4.0", "is not a version"),
        ("1.4.0+7", "no container tag can carry it"),
    ],
)
def test_what_is_no_version_is_not_called_free(
    registry: FakeImages, settings: Settings, version: str, problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        ask_version(registry, settings, version=version, commit=COMMIT)


def test_the_report_shows_each_service_and_its_state(
    registry: FakeImages, settings: Settings
) -> None:
    digest = registry.push_new(API, "1.4.0", OTHER)
    guard = ask_version(registry, settings, version="1.4.0", commit=COMMIT)

    report = guard_report(guard)

    assert as_plain(report).splitlines()[0] == "1.4.0 is taken"
    assert as_json(report).startswith(
        '{"schema": 1, "version": "1.4.0", "verdict": "taken", "services": [{"name":'
        f' "api", "image": "ghcr.io/{API}", "tag": "1.4.0", "state": "other",'
        f' "digest": "{digest}"'
    )
    assert len(report.problems) == 1


def test_the_report_of_a_free_version_has_no_problem(
    registry: FakeImages, settings: Settings
) -> None:
    guard = ask_version(registry, settings, version="1.4.0", commit=COMMIT)

    report = guard_report(guard)

    assert report.headline == "1.4.0 is free for every service"
    assert report.problems == ()


def test_an_index_that_lacks_a_manifest_takes_its_version_and_is_named(
    registry: FakeImages, settings: Settings
) -> None:
    digest = registry.push_new(API, "1.4.0", COMMIT)
    lost = f"sha256:{'9' * 64}"
    registry.indexes, registry.lost = {digest}, {lost}

    guard = ask_version(registry, settings, version="1.4.0", commit=COMMIT)

    assert guard_report(guard).data["verdict"] == "taken"
    assert guard.images[0].detail.endswith(f"manifests of it are gone: {lost}")
