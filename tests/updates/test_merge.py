"""What becomes of each file in an update, decided on plain values."""

import pytest

from monokeel.ground.errors import UsageError
from monokeel.updates.merge import (
    BINARY,
    CONFLICT,
    DELETED_HERE,
    DELETED_THERE,
    IN_THE_WAY,
    UNREAD,
    File,
    Merged,
    Open,
    Sides,
    merge_sides,
    settle_pins,
)
from monokeel.updates.records import (
    Leftover,
    answers_in,
    leftovers_text,
    newest,
    parse_leftovers,
    precedes,
    still_open,
    version_of,
)

PATH = "docs/a.md"


def merge(team: bytes, old: bytes, new: bytes) -> Merged | None:
    """Merge as git does where both have only added lines after *old*."""
    if b"\0" in team + new:
        return None
    mine, its = team.removeprefix(old), new.removeprefix(old)
    if b"!" in mine:
        return team, (its.decode(),)
    return old + mine + its, ()


def file(text: str | None, mode: str = "100644") -> dict[str, File]:
    return {} if text is None else {PATH: File(content=text.encode(), mode=mode)}


@pytest.mark.parametrize(
    ("team", "old", "new", "result", "reason"),
    [
        pytest.param("1", "1", "2", "2", None, id="nobody edited it"),
        pytest.param("1x", "1", "1", "1x", None, id="the template did not change it"),
        pytest.param("2", "1", "2", "2", None, id="both say the same"),
        pytest.param("1x", "1", "1y", "1xy", None, id="both, apart"),
        pytest.param("1!", "1", "1y", "1!", CONFLICT, id="both, the same lines"),
        pytest.param("1", "1", None, None, None, id="template deleted it"),
        pytest.param("1x", "1", None, "1x", DELETED_THERE, id="deleted there, edited"),
        pytest.param(None, "1", "1", None, None, id="deleted here"),
        pytest.param(None, "1", "2", None, DELETED_HERE, id="deleted here, changed"),
        pytest.param(None, "1", None, None, None, id="deleted by both"),
        pytest.param(None, None, "2", "2", None, id="new"),
        pytest.param("x", None, "2", "x2", None, id="new in both, apart"),
        pytest.param("x!", None, "2", "x!", CONFLICT, id="new in both"),
        pytest.param("\0", "1", "2", "\0", BINARY, id="no text"),
    ],
)
def test_three_versions_decide(
    team: str | None,
    old: str | None,
    new: str | None,
    result: str | None,
    reason: str | None,
) -> None:
    sides = Sides(team=file(team), old=file(old), new=file(new))

    outcome = merge_sides(sides, merge)

    after = {**sides.team, **outcome.changes}.get(PATH)
    assert after == file(result).get(PATH)
    assert [each.reason for each in outcome.left] == ([reason] if reason else [])


def test_what_is_missing_of_a_conflict_is_named() -> None:
    sides = Sides(team=file("1!"), old=file("1"), new=file("1 y"))

    [left] = merge_sides(sides, merge).left

    assert left == Open(path=PATH, reason=CONFLICT, missing=(" y",))


@pytest.mark.parametrize(
    ("team", "old", "new", "result"),
    [
        ("100644", "100644", "100755", "100755"),
        ("100755", "100644", "100644", "100755"),
        ("100644", "100755", "100755", "100644"),
    ],
)
def test_the_mode_is_that_of_who_changed_it(
    team: str, old: str, new: str, result: str
) -> None:
    sides = Sides(team=file("1x", team), old=file("1", old), new=file("1y", new))

    assert merge_sides(sides, merge).changes[PATH] == File(content=b"1xy", mode=result)


@pytest.mark.parametrize(
    ("team", "old", "new", "result"),
    [
        pytest.param("x", "1", "2", "x", id="edited: stays"),
        pytest.param("1", "1", "2", "1", id="a seed is written once"),
        pytest.param(None, "1", "2", None, id="deleted: stays away, unsaid"),
        pytest.param(None, None, "2", "2", id="a new one comes"),
        pytest.param("x", None, "2", "x", id="a new one, there already"),
        pytest.param("1", "1", None, "1", id="no answer has its service"),
        pytest.param("x", "1", None, "x", id="no answer has it, edited"),
    ],
)
def test_a_seed_belongs_to_the_team(
    team: str | None, old: str | None, new: str | None, result: str | None
) -> None:
    sides = Sides(team=file(team), old=file(old), new=file(new), seeds={PATH})

    outcome = merge_sides(sides, merge)

    assert {**sides.team, **outcome.changes}.get(PATH) == file(result).get(PATH)
    assert outcome.left == ()


def test_an_edit_follows_a_file_that_the_template_renamed() -> None:
    old, new = {"a": File(content=b"1")}, {"b": File(content=b"1y")}
    team = {"a": File(content=b"1x")}
    sides = Sides(team=team, old=old, new=new, renamed={"a": "b"})

    outcome = merge_sides(sides, merge)

    assert outcome.changes == {"a": None, "b": File(content=b"1xy")}
    assert outcome.left == ()


@pytest.mark.parametrize(("text", "left"), [(b"1", 0), (b"1y", 1)])
def test_a_deleted_file_stays_away_under_its_new_name(text: bytes, left: int) -> None:
    old, new = {"a": File(content=b"1")}, {"b": File(content=text)}
    sides = Sides(team={}, old=old, new=new, renamed={"a": "b"})

    merged = merge_sides(sides, merge)

    assert merged.changes == {}
    assert [(each.path, each.reason) for each in merged.left] == (
        [("b", DELETED_HERE)] * left
    )


# Pins of actions

LINE = "      - uses: actions/checkout@{sha} # v{version}\n"
OLD, MIDDLE, NEW = (
    LINE.format(sha=str(n) * 40, version=f"7.0.{n}") for n in range(1, 4)
)


@pytest.mark.parametrize(
    ("team", "old", "new", "result", "said"),
    [
        pytest.param(MIDDLE, OLD, OLD, MIDDLE, 0, id="the team's robot moved it"),
        pytest.param(OLD, OLD, MIDDLE, MIDDLE, 0, id="the template moved it"),
        pytest.param(NEW, OLD, MIDDLE, NEW, 1, id="both: the team's is newer"),
        pytest.param(MIDDLE, OLD, NEW, NEW, 0, id="both: the template's is newer"),
        pytest.param(OLD, MIDDLE, MIDDLE, OLD, 0, id="taken back by the team"),
    ],
)
def test_the_newer_pin_wins_where_both_moved_it(
    team: str, old: str, new: str, result: str, said: int
) -> None:
    settled = settle_pins(team.encode(), old.encode(), new.encode())

    assert settled == ((result.encode(),) * 3, settled[1])
    assert len(settled[1]) == said


def test_a_kept_pin_is_named_with_both_versions() -> None:
    said = settle_pins(NEW.encode(), OLD.encode(), MIDDLE.encode())[1]

    assert said == ("actions/checkout stays at v7.0.3; the template has v7.0.2",)


def test_an_action_at_two_versions_is_left_alone() -> None:
    team = (OLD + NEW).encode()

    (ours, _, its), _ = settle_pins(team, OLD.encode(), MIDDLE.encode())

    assert (ours, its) == (team, MIDDLE.encode())


def test_pins_are_settled_in_workflows_alone() -> None:
    for path, result in ((".github/workflows/ci.yml", NEW), ("docs/ci.yml", OLD)):
        sides = Sides(
            team={path: File(content=(OLD.replace("7.0.1", "7.0.3!")).encode())}
            if path.startswith("docs")
            else {path: File(content=NEW.encode())},
            old={path: File(content=OLD.encode())},
            new={path: File(content=MIDDLE.encode() + b"# new\n")},
        )

        outcome = merge_sides(sides, merge)

        if path.startswith("docs"):
            assert len(outcome.left) == 1
        else:
            assert outcome.changes[path] == File(content=result.encode() + b"# new\n")
            assert len(outcome.pins) == 1


# What earlier updates left


def test_what_was_left_is_kept_until_it_is_taken() -> None:
    left = (Open(path="a", reason=CONFLICT), Open(path="b", reason=BINARY))
    before = {"a": Leftover(base="1.0.0", since="1.5.0", reason=CONFLICT)}

    after = still_open(left, before, current="1.5.0", version="1.6.0")

    assert after == {
        "a": Leftover(base="1.0.0", since="1.5.0", reason=CONFLICT),
        "b": Leftover(base="1.5.0", since="1.6.0", reason=BINARY),
    }
    assert still_open((), after, current="1.6.0", version="1.7.0") == {}
    assert parse_leftovers(leftovers_text(after)) == after
    assert leftovers_text({}) is None
    assert parse_leftovers(None) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"open": []}',
        b'{"open": {}, "open": {}}',
        b'{"open": {"a": 1}}',
        b'{"open": {"a": {"base": "-x", "since": "1.0.0", "reason": ""}}}',
        b'{"open": {"a": {"base": "1.0.0"}}}',
    ],
)
def test_a_broken_list_of_what_was_left_is_an_error(content: bytes) -> None:
    with pytest.raises(UsageError, match="is broken"):
        parse_leftovers(content)


# Versions and answers


def test_the_newest_version_is_found_by_number() -> None:
    assert newest(("1.9.0", "1.10.0")) == "1.10.0"
    assert newest(("0123456", "1.9.0")) == "1.9.0"
    assert newest(("0123456", "89abcdef0123")) == "89abcdef0123"
    assert newest(()) is None


@pytest.mark.parametrize(
    ("ref", "version"),
    [
        ("v1.2.0", "1.2.0"),
        ("0123abc", "0123abc"),
        ("latest-4-g0123abc", "0123abc"),
        ("v1", None),
        ("1.2.0", None),
        ("abc", None),
        ("latest", None),
    ],
)
def test_a_release_or_a_commit_is_a_version(ref: str, version: str | None) -> None:
    assert version_of(ref) == version


@pytest.mark.parametrize(
    ("version", "other", "later"),
    [
        ("1.9.0", "1.10.0", True),
        ("1.10.0", "1.9.0", False),
        ("0123abc", "1.0.0", True),
        ("0123abc", "89abcdef0123", True),
        ("0123abc", "0123abcdef01", False),
    ],
)
def test_a_version_precedes_a_later_one(
    version: str, other: str, *, later: bool
) -> None:
    assert precedes(version, other) == later


def test_the_answers_that_platform_toml_shows_are_found_again() -> None:
    platform = """
        repository = {owner = "acme", name = "shop", default_branch = "trunk"}
        services = [{name = "api", kind = "api", path = "api", context = "."}]
        environments = [{name = "prod", soak = "2h", auto = true}]
        """

    assert answers_in(platform) == {
        "owner": "acme",
        "repository": "shop",
        "default_branch": "trunk",
        "services": [{"name": "api", "kind": "api", "path": "api"}],
        "environments": [{"name": "prod", "soak": "2h"}],
    }


@pytest.mark.parametrize(
    ("paths", "new"),
    [
        pytest.param(["docs/a.md/notes"], "docs/a.md", id="a folder"),
        pytest.param(["docs"], "docs/a.md", id="a file, a link or a submodule"),
        pytest.param(["docs/x"], "docs/x/y/z.md", id="further up"),
    ],
)
def test_what_is_in_the_way_of_a_new_file_stays_and_is_named(
    paths: list[str], new: str
) -> None:
    """Git's index would drop it without a word."""
    sides = Sides(team={}, old={}, new={new: File(content=b"2")}, paths=paths)

    outcome = merge_sides(sides, merge)

    assert outcome.changes == {}
    assert outcome.left == (Open(path=new, reason=IN_THE_WAY),)


def test_a_folder_that_the_template_itself_makes_a_file_is_taken() -> None:
    old = {"docs/a/x": File(content=b"1")}
    new = {"docs/a": File(content=b"2")}
    sides = Sides(team=old, old=old, new=new, paths=[*old, "docs/ab"])

    outcome = merge_sides(sides, merge)

    assert outcome.changes == {"docs/a/x": None, "docs/a": new["docs/a"]}
    assert outcome.left == ()


def test_an_edit_stays_where_its_new_place_is_taken() -> None:
    sides = Sides(
        team={PATH: File(content=b"1x")},
        old={PATH: File(content=b"1")},
        new={"docs/b": File(content=b"1")},
        renamed={PATH: "docs/b"},
        paths=[PATH, "docs/b/ours"],
    )

    outcome = merge_sides(sides, merge)

    assert outcome.changes == {}
    assert outcome.left == (Open(path="docs/b", reason=IN_THE_WAY),)


@pytest.mark.parametrize(
    ("path", "old", "ours", "its"),
    [
        pytest.param("infra/platform.toml", "[a]\n", "k = 1\n", "k = 2\n", id="TOML"),
        pytest.param("infra/a.json", "[1", ", 2]\n", "]\n", id="JSON"),
        pytest.param("docs/a.yml", "a:\n", "b: 2\n", "- 1\n", id="YAML"),
        pytest.param("docs/a.yaml", "a: 1\n", "b: 2\n", "b: 3\n", id="a key twice"),
    ],
)
def test_lines_that_together_cannot_be_read_are_not_taken(
    path: str, old: str, ours: str, its: str
) -> None:
    team, was, new = (
        {path: File(content=text.encode())} for text in (old + ours, old, old + its)
    )

    outcome = merge_sides(Sides(team=team, old=was, new=new), merge)

    assert (outcome.changes, outcome.left) == ({}, (Open(path=path, reason=UNREAD),))


def test_what_the_team_has_broken_itself_is_merged_as_text() -> None:
    sides = Sides(
        team={"a.toml": File(content=b"k = 1\n!")},
        old={"a.toml": File(content=b"k = 1\n")},
        new={"a.toml": File(content=b"k = 1\nl = 2\n")},
    )

    [left] = merge_sides(sides, merge).left

    assert left.reason == CONFLICT
