import pytest

from monokeel.ground.errors import UsageError
from monokeel.ground.version import nearest, newest_first, parse_wanted
from monokeel.release.versions import versions_of


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.4.0", "1.4.0"),
        ("v1.4.0", "1.4.0"),
        ("v1.5.0-rc.1", "1.5.0-rc.1"),
    ],
    ids=["bare", "with prefix", "pre-release"],
)
def test_a_version_may_have_its_prefix(text: str, version: str) -> None:
    assert parse_wanted(text, prefix="v") == version


@pytest.mark.parametrize(
    "text",
    [
        *("latest", "1.4", "^1.4.0", "1.4.x", "vv1.4.0", "01.4.0", "1.4.0+build"),
        *("-1.4.0", "--force", "1.4.0 ", "\u0661.4.0", "1.4.0\n", "v"),
        "refs/tags/v1.4.0",
    ],
)
def test_anything_but_one_exact_version_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_wanted(text, prefix="v")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *((text, "1.4.0") for text in ("V1.4.0", "vv1.4.0", "refs/tags/v1.4.0")),
        *(
            (text, "1.4.0")
            for text in ("1.4.0 ", "\ufeff1.4.0", "1.4.0\u200b", "=1.4.0")
        ),
        *((text, "1.4.0") for text in ("\u0661.4.0", "\uff11.4.0", "release-1.4.0")),
        ("https://github.com/acme/shop/releases/tag/v1.5.0-rc.1", "1.5.0-rc.1"),
        ("refs/tags/v1.4.0+build", "1.4.0"),
        *(
            (text, "")
            for text in ("latest", "1.4", "1.4.0.0", "1.4.0, 1.5.0", "01.4.0")
        ),
    ],
)
def test_a_version_in_a_strange_dress_is_named(text: str, meant: str) -> None:
    """E42."""
    with pytest.raises(UsageError) as caught:
        parse_wanted(text, prefix="v")

    named = f"Write it as {meant}." if meant else "Name one release exactly"
    assert caught.value.fix.startswith(named)


def test_only_release_tags_are_versions() -> None:
    tags = ["v1.0.0", "1.1.0", "v1.2", "v1.3.0+b", "vx", "v1.4.0-rc.1"]

    assert versions_of(tags, prefix="v") == {
        "1.0.0": "v1.0.0",
        "1.4.0-rc.1": "v1.4.0-rc.1",
    }


def test_versions_are_ordered_by_precedence() -> None:
    versions = ["1.9.0", "1.10.0", "1.10.0-rc.2", "1.10.0-rc.10"]

    assert newest_first(versions) == (
        "1.10.0",
        "1.10.0-rc.10",
        "1.10.0-rc.2",
        "1.9.0",
    )


def test_the_five_nearest_versions_are_named_the_nearest_first() -> None:
    known = ["0.9.0", "1.3.0", "1.4.0", "1.4.1", "1.5.0", "2.0.0", "3.0.0"]

    assert nearest("1.4.9", known) == ("1.4.1", "1.4.0", "1.5.0", "1.3.0", "2.0.0")
