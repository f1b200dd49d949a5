"""Tags, precedence, and the version that comes next."""

import itertools

import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from monokeel.ground.errors import UsageError
from monokeel.ground.version import parse_version, rank, read_version
from monokeel.release.commits import Level
from monokeel.release.versions import next_release, odd_tags, release_tags

NUMBERS = st.integers(min_value=0, max_value=30)
PRERELEASES = st.sampled_from(["", "rc.1", "rc.2", "rc.10", "rc", "0", "1", "a-b.0"])


def names(*tags: str, prefix: str = "v") -> list[str]:
    return [tag.name for tag in release_tags(dict.fromkeys(tags, "c" * 40), prefix)]


def test_the_highest_tag_comes_first_whatever_the_order_of_names() -> None:
    assert names("v1.9.0", "v1.10.0", "v0.2.0") == ["v1.10.0", "v1.9.0", "v0.2.0"]


@pytest.mark.parametrize(
    "tag",
    [
        *("v1.2", "v01.2.3", "v1.2.03", "V1.2.3", "v1.2.3-01", "v1.2.3-", "v1.2.3.4"),
        *("release-9", "v1.2.3+a_b", "1.2.3", "v9007199254740992.0.0", "vv", "v"),
        *("v1.2.\u0663", "v1\u20282.3", "xv1.2.3", f"v1.2.3-{'a' * 256}"),
        *("v9.0.0\u2028/x", "v9.0.0/x"),  # below a slash no rule on `v*` reaches
    ],
)
def test_a_tag_that_names_no_version_is_ignored(tag: str) -> None:
    assert names(tag) == []


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("vv1.5.0", "1.5.0"),
        ("v1.4.0+build.1", "1.4.0+build.1"),
        ("v1.4.0-rc.1", "1.4.0-rc.1"),
        ("v1.4.0\u00a0", "1.4.0"),
        ("v1.4.0\u2028junk", "1.4.0"),
        ("v9007199254740991.0.0", "9007199254740991.0.0"),
    ],
)
def test_a_tag_is_read_as_npm_reads_it(tag: str, version: str) -> None:
    (found,) = release_tags({tag: "c" * 40}, "v")

    assert str(found.version) == version


def test_the_prefix_may_be_another() -> None:
    assert names("release-1.0.0", "v2.0.0", prefix="release-") == ["release-1.0.0"]


@pytest.mark.parametrize("tag", ["vvv1.5.0", "v=1.4.0", "v\u00a0=v1.0.0"])
def test_a_tag_that_crashes_npm_is_ignored_and_reported(tag: str) -> None:
    assert names(tag) == []
    assert odd_tags([tag, "v1.0.0", "x"], "v") == ([tag], [])


def test_of_equal_tags_the_first_by_name_comes_first() -> None:
    assert names("v1.4.0+build.1", "v1.4.0", "vv1.4.0") == [
        "v1.4.0",
        "v1.4.0+build.1",
        "vv1.4.0",
    ]


@pytest.mark.parametrize(
    ("version", "level", "expected"),
    [
        ("0.3.1", "patch", "0.3.2"),
        ("0.3.1", "minor", "0.4.0"),
        ("0.3.1", "major", "1.0.0"),
        ("1.4.0+build.1", "patch", "1.4.1"),
        ("1.4.0-rc.1", "patch", "1.4.0"),
        ("1.4.0-rc.1", "minor", "1.4.0"),
        ("1.4.1-rc.1", "minor", "1.5.0"),
        ("2.0.0-rc.1", "major", "2.0.0"),
        ("2.1.0-rc.1", "major", "3.0.0"),
    ],
)
def test_a_version_is_raised_as_npm_raises_it(
    version: str, level: Level, expected: str
) -> None:
    assert str(next_release(parse_version(version), level)) == expected


def test_the_first_version_is_one() -> None:
    assert str(next_release(None, "patch")) == "1.0.0"


@pytest.mark.parametrize(
    ("level", "skip", "expected"),
    [
        ("minor", ["1.1.0"], "1.1.1"),
        ("major", ["2.0.0", "2.0.1"], "2.0.2"),
        ("patch", ["1.0.1"], "1.0.2"),
        ("patch", ["1.1.0"], "1.0.1"),
    ],
)
def test_a_skipped_version_is_stepped_over(
    level: Level, skip: list[str], expected: str
) -> None:
    assert str(next_release(parse_version("1.0.0"), level, skip=skip)) == expected


def test_a_skipped_first_version_is_stepped_over() -> None:
    assert str(next_release(None, "minor", skip=("1.0.0",))) == "1.0.1"


def test_no_version_is_said_to_be_none() -> None:
    with pytest.raises(UsageError, match="no version given"):
        parse_version("")


@pytest.mark.parametrize("text", ["v1.4.0", "1.4", "01.4.0", "-x", "1.4.0\n"])
def test_what_is_no_version_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_version(text)

    assert refused.value.problem == f"{text!r} is not a version"
    assert "1.4.0" in refused.value.fix


@given(numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS), prerelease=PRERELEASES)
def test_a_version_is_read_back_from_its_text(
    numbers: tuple[int, int, int], prerelease: str
) -> None:
    text = ".".join(map(str, numbers)) + (f"-{prerelease}" if prerelease else "")

    assert str(parse_version(text)) == text


def test_the_order_is_that_of_the_specification() -> None:
    """semver.org 11: numbers before words, a longer list after its own beginning."""
    ranks = ("-0", "-1", "-10", "-a-b.0", "-rc", "-rc.1", "-rc.2", "-rc.10", "-x.9", "")
    numbers = ("1.0.0", "1.0.1", "1.1.0", "2.0.0", "10.0.0")
    ordered = [parse_version(f"{number}{end}") for number in numbers for end in ranks]

    for one, other in itertools.combinations(ordered, 2):
        assert one < other
        assert rank(one) < rank(other)
    assert max(ordered, key=rank) == ordered[-1]


@given(st.text(alphabet="0123456789.-+abv\u0663", max_size=12))
def test_what_is_a_version_is_one_for_semver(text: str) -> None:
    ours = read_version(text) is not None

    assert ours == (text.isascii() and semver.Version.is_valid(text))


def test_build_metadata_has_no_rank() -> None:
    one = Version(major=1, minor=0, patch=0, build="a")
    other = Version(major=1, minor=0, patch=0, build="b")

    assert one == other
    assert hash(one) == hash(other)
