"""Managed files against the recorded release of the template."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.updates.records import Recorded
from monokeel.updates.verify import (
    Base,
    Deviation,
    advice,
    kept_out,
    parse_manifest,
    verify,
)

PLAIN, PROGRAM, LINK = "100644", "100755", "120000"
WHEEL = "ops/monokeel-1.0.0-py3-none-any.whl"
MADE = {"inv": f"{PROGRAM} 1", "tasks.py": f"{PLAIN} 2", WHEEL: f"{PLAIN} 3"}


@dataclass
class FakeFiles:
    disk: Mapping[str, str]
    index: Mapping[str, str]
    text: bytes = b""
    staged: bytes | None = None

    def on_disk(self, paths: Iterable[str]) -> Mapping[str, str]:
        return {path: self.disk[path] for path in paths if path in self.disk}

    def in_index(self, paths: Iterable[str]) -> Mapping[str, str]:
        return {path: self.index[path] for path in paths if path in self.index}

    def contents(self, paths: Iterable[str]) -> Mapping[str, tuple[bytes, ...]]:
        staged = self.text if self.staged is None else self.staged
        return dict.fromkeys(paths, (self.text, staged))


@dataclass
class FakeRelease:
    files: Mapping[str, str] | None = field(default_factory=lambda: MADE)
    wheel: str | None = f"{PLAIN} 3"
    text: bytes = b""

    def name(self) -> str:
        return "v1.0.0 of https://github.com/acme/monokeel.git"

    def delivered(self) -> Mapping[str, str]:
        if self.files is None:
            raise ServiceError("the template cannot be read: no route to host")
        return self.files

    def contents(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        return dict.fromkeys(paths, self.text)

    def rebuilt(self) -> Mapping[str, str]:
        if self.wheel is None:
            raise ServiceError("the build failed")
        return {WHEEL: self.wheel}


def found(
    disk: Mapping[str, str], index: Mapping[str, str], *, rebuild: bool = False
) -> list[tuple[object, ...]]:
    release = FakeRelease()
    rebuilt = release.rebuilt if rebuild else None
    report = verify(FakeFiles(disk, index), release, rebuilt=rebuilt)
    differences = report.data["differences"]
    assert isinstance(differences, list)
    rows: list[tuple[object, ...]] = [
        tuple(each.values()) for each in differences if isinstance(each, dict)
    ]
    assert (report.data["verdict"] == "same") == (rows == [])
    assert len(report.problems) == len(rows)
    return rows


def test_files_as_they_were_delivered_are_the_same() -> None:
    report = verify(FakeFiles(MADE, MADE), FakeRelease())

    assert report.headline.startswith("All 3 managed files are as in v1.0.0 of https")
    assert (report.data["verdict"], report.outcome) == ("same", "done")


@pytest.mark.parametrize(
    ("here", "state"),
    [
        (f"{PROGRAM} 9", "edited"),
        (f"{PLAIN} 9", "edited"),
        (f"{LINK} 1", "edited"),
        (f"{PLAIN} 1", "not executable"),
        (None, "missing"),
    ],
)
def test_a_difference_is_seen_on_disk_and_in_the_index(
    here: str | None, state: str
) -> None:
    changed = {path: entry for path, entry in MADE.items() if path != "inv"}
    changed |= {"inv": here} if here else {}

    assert found(changed, MADE) == [("inv", "disk", state)]
    assert found(MADE, changed) == [("inv", "index", state)]
    assert len(found(changed, changed)) == 2


def test_a_file_made_executable_is_seen() -> None:
    changed = {**MADE, "tasks.py": f"{PROGRAM} 2"}

    assert found(changed, MADE) == [("tasks.py", "disk", "executable")]


def test_each_state_has_the_command_that_mends_it() -> None:
    index = {"inv": f"{PLAIN} 1", "tasks.py": f"{PROGRAM} 2"}

    report = verify(FakeFiles({**MADE, "tasks.py": f"{PLAIN} 9"}, index), FakeRelease())

    assert report.sections[1].lines == (
        f"git add -f {WHEEL}",
        "git update-index --chmod=+x inv",
        "git update-index --chmod=-x tasks.py",
        "Take it back, it cannot be kept: tasks.py",
    )


def test_a_file_that_was_deleted_and_committed_has_a_way_back() -> None:
    left = {path: entry for path, entry in MADE.items() if path != "tasks.py"}

    [first, second, *_] = verify(FakeFiles(left, left), FakeRelease()).sections[1].lines

    assert first == "git checkout HEAD -- tasks.py"
    assert second == (
        "Where HEAD lacks it, too:"
        " git checkout $(git rev-list -1 HEAD -- tasks.py)^ -- tasks.py"
    )
    assert [x.where for x in kept_out(FakeFiles(left, left), MADE)] == ["disk", "index"]


def test_what_git_cannot_do_here_is_not_laid_on_the_network() -> None:
    class Broken(FakeFiles):
        def in_index(self, paths: Iterable[str]) -> dict[str, str]:
            assert paths
            raise ServiceError("git ls-files -t failed (128)")

    with pytest.raises(ServiceError, match="not verified: git ls-files") as caught:
        verify(Broken(MADE, MADE), FakeRelease())

    assert caught.value.fix == ""


def test_a_rebuilt_wheel_is_compared_with_the_release() -> None:
    files, same = FakeFiles(MADE, MADE), FakeRelease()
    other = FakeRelease(wheel=f"{PLAIN} 4")

    assert verify(files, same, rebuilt=same.rebuilt).data["verdict"] == "same"
    assert verify(files, other).data["verdict"] == "same"
    report = verify(files, other, rebuilt=other.rebuilt)

    assert report.problems == (
        f"managed file {WHEEL}: not what its sources give (release)",
    )
    with pytest.raises(ServiceError):
        verify(files, same, rebuilt=FakeRelease(wheel=None).rebuilt)


def test_a_release_out_of_reach_is_never_fine() -> None:
    with pytest.raises(ServiceError, match=r"not verified: .* no route"):
        verify(FakeFiles(MADE, MADE), FakeRelease(files=None))


def test_what_the_team_keeps_on_purpose_is_named_and_no_difference() -> None:
    wanted = {**MADE, "docs/a.md": f"{PLAIN} 1"}
    files = FakeFiles({**wanted, "docs/a.md": f"{PLAIN} 2"}, wanted)
    release = FakeRelease(files=wanted)

    kept = verify(files, release, edited=["docs/a.md", "inv"])
    other = verify(files, release, edited=["inv"])

    assert (kept.data["verdict"], kept.data["kept"]) == ("same", ["docs/a.md"])
    assert (other.data["verdict"], other.data["kept"]) == ("edited", [])


@pytest.mark.parametrize("path", MADE)
def test_what_runs_with_every_right_is_kept_by_nobody(path: str) -> None:
    files = FakeFiles({**MADE, path: f"{PLAIN} 9"}, MADE)

    assert verify(files, FakeRelease(), edited=[path]).data["verdict"] == "edited"


CI = ".github/workflows/ci.yml"
PIN = "      - uses: actions/checkout@{sha} # v7.0.{n}\n"
OLD, MIDDLE, NEW = (PIN.format(sha=str(n) * 40, n=n).encode() for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("text", "staged", "verdict"),
    [
        pytest.param(NEW, NEW, "same", id="a robot's newer pin"),
        pytest.param(NEW, MIDDLE, "same", id="newer on disk"),
        pytest.param(OLD, MIDDLE, "edited", id="older on disk"),
        pytest.param(NEW, OLD, "edited", id="older in the index"),
        pytest.param(NEW + b"x\n", NEW, "edited", id="another line, too"),
        pytest.param(b"", b"", "edited", id="emptied"),
        pytest.param(NEW.replace(b"v7", b"v" + b"7" * 5_000), NEW, "edited", id="long"),
    ],
)
def test_a_newer_pin_is_no_edit(text: bytes, staged: bytes, verdict: str) -> None:
    """T9: whatever robot moved it, and whatever else was edited is."""
    wanted = {**MADE, CI: f"{PLAIN} 1"}
    files = FakeFiles({**wanted, CI: f"{PLAIN} 2"}, wanted, text, staged)

    report = verify(files, FakeRelease(files=wanted, text=MIDDLE))

    assert report.data["verdict"] == verdict
    assert report.data["newer_pins"] == ([CI] if verdict == "same" else [])


def test_a_pin_in_a_file_that_is_no_workflow_is_an_edit() -> None:
    files = FakeFiles({**MADE, "tasks.py": f"{PLAIN} 9"}, MADE, NEW)

    report = verify(files, FakeRelease(text=MIDDLE))

    assert report.data["verdict"] == "edited"


TWICE = b'{"files": {"a": "1", "a": "2"}}'


@pytest.mark.parametrize(
    "content", [None, b"{", b"[]", b'{"files": []}', b"\xff", TWICE]
)
def test_a_broken_manifest_is_an_error(content: bytes | None) -> None:
    with pytest.raises(UsageError, match=r"ops/manifest\.json is (missing|broken: .)"):
        parse_manifest(content)


def test_a_manifest_is_its_files() -> None:
    listed = json.dumps({"schema": 2, "files": MADE}).encode()

    assert parse_manifest(listed) == MADE


OURS = "https://github.com/acme/monokeel.git"
THEIRS = "https://github.com/nobody/monokeel.git"
EDITED = {**MADE, WHEEL: f"{PLAIN} 9"}


def change(
    source: str = OURS, commit: str = "v1.0.0", *, trusted: str = "", new: bool = False
) -> Base:
    return Base(
        was=None if new else Recorded(source=OURS, commit="v1.0.0", answers={}),
        now=Recorded(source=source, commit=commit, answers={}),
        files=FakeRelease(),
        trusted=trusted,
    )


@pytest.mark.parametrize("release", [FakeRelease(), FakeRelease(files=None)])
def test_a_change_that_takes_another_template_is_refused(release: FakeRelease) -> None:
    """Whoever exchanges the wheel would name a template that nobody can read."""
    with pytest.raises(RefusedError, match="takes another template") as refused:
        verify(FakeFiles(EDITED, EDITED), release, base=change(THEIRS))

    assert f"TEMPLATE_SOURCE of the repository to {THEIRS}" in (refused.value.fix or "")


@pytest.mark.parametrize(
    "base", [change(THEIRS, trusted=THEIRS), change(THEIRS, new=True), change()]
)
def test_a_source_that_an_administrator_named_is_taken(base: Base) -> None:
    """So is the first one, and the one that was there."""
    report = verify(FakeFiles(MADE, MADE), FakeRelease(), base=base)

    assert report.outcome == "done"


def test_where_nobody_can_read_the_template_an_edit_is_seen_against_the_base() -> None:
    unreadable = FakeRelease(files=None)

    report = verify(FakeFiles(EDITED, EDITED), unreadable, base=change())

    assert report.outcome == "difference"
    assert WHEEL in str(report.data["differences"])
    with pytest.raises(ServiceError, match="not verified"):  # never "as delivered"
        verify(FakeFiles(MADE, MADE), unreadable, base=change())
    with pytest.raises(ServiceError, match="not verified"):  # an update edits them
        verify(FakeFiles(EDITED, EDITED), unreadable, base=change(commit="v1.1.0"))


def test_nobody_is_told_to_keep_what_runs_with_every_right() -> None:
    found = [
        Deviation(path=path, where="disk", state="edited")
        for path in ("inv", "ops/requirements.txt", "docs/OPERATIONS.md")
    ]

    [take_back] = advice(found[:2])
    both = [*advice(found)]

    assert take_back == "Take it back, it cannot be kept: inv ops/requirements.txt"
    assert both[0] == take_back
    assert "[template] edited" in both[1]
