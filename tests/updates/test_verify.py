"""Managed files against the recorded release of the template."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from monokeel.ground.errors import ServiceError, UsageError
from monokeel.updates.verify import require_verified, verify

PLAIN, PROGRAM, LINK = "100644", "100755", "120000"
WHEEL = "ops/monokeel-1.0.0-py3-none-any.whl"
MADE = {"inv": f"{PROGRAM} 1", "tasks.py": f"{PLAIN} 2", WHEEL: f"{PLAIN} 3"}


@dataclass
class FakeFiles:
    disk: Mapping[str, str]
    index: Mapping[str, str]
    manifest: bytes | None = None

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        here = {} if self.manifest is None else {"ops/manifest.json": self.manifest}
        return {path: here[path] for path in paths if path in here}

    def on_disk(self, paths: Iterable[str]) -> Mapping[str, str]:
        return {path: self.disk[path] for path in paths if path in self.disk}

    def in_index(self, paths: Iterable[str]) -> Mapping[str, str]:
        return {path: self.index[path] for path in paths if path in self.index}


@dataclass
class FakeRelease:
    files: Mapping[str, str] | None = field(default_factory=lambda: MADE)
    wheel: str | None = f"{PLAIN} 3"

    def name(self) -> str:
        return "v1.0.0 of https://github.com/acme/monokeel.git"

    def delivered(self) -> Mapping[str, str]:
        if self.files is None:
            raise ServiceError("the template cannot be read: no route to host")
        return self.files

    def rebuilt(self) -> Mapping[str, str]:
        if self.wheel is None:
            raise ServiceError("the build failed")
        return {WHEEL: self.wheel}


def found(
    disk: Mapping[str, str], index: Mapping[str, str], *, rebuild: bool = False
) -> list[tuple[object, ...]]:
    report = verify(FakeFiles(disk, index), FakeRelease(), rebuild=rebuild)
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
    assert report.data["verdict"] == "same"
    require_verified(report)


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

    assert report.sections[-1].lines == (
        f"git add -f {WHEEL}",
        "git update-index --chmod=+x inv",
        "git update-index --chmod=-x tasks.py",
        "An edit survives updates as a merge; better: propose it upstream.",
    )


def test_a_rebuilt_wheel_is_compared_with_the_release() -> None:
    files, same = FakeFiles(MADE, MADE), FakeRelease()
    other = FakeRelease(wheel=f"{PLAIN} 4")

    assert verify(files, same, rebuild=True).data["verdict"] == "same"
    assert verify(files, other).data["verdict"] == "same"
    report = verify(files, other, rebuild=True)

    assert report.problems == (
        f"managed file {WHEEL}: not what its sources give (release)",
    )
    with pytest.raises(ServiceError):
        verify(files, FakeRelease(wheel=None), rebuild=True)


def listed(files: Mapping[str, str]) -> bytes:
    return json.dumps({"schema": 2, "files": dict(files)}).encode()


def test_a_release_out_of_reach_is_never_fine() -> None:
    same = FakeFiles(MADE, MADE, listed(MADE))
    edited = FakeFiles({**MADE, "inv": f"{PROGRAM} 9"}, MADE, listed(MADE))

    for files, count in ((same, 0), (edited, 1)):
        report = verify(files, FakeRelease(files=None))

        assert report.data["verdict"] == "unverified"
        assert len(report.problems) == count
        assert "ops/manifest.json alone" in report.headline
        with pytest.raises(ServiceError, match=r"not verified: .* no route"):
            require_verified(report)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="missing"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"files": []}', id="no files"),
        pytest.param(b"\xff", id="no text"),
    ],
)
def test_a_broken_manifest_is_an_error_when_it_is_all_there_is(
    content: bytes | None,
) -> None:
    files = FakeFiles(MADE, MADE, content)

    assert verify(files, FakeRelease()).data["verdict"] == "same"
    with pytest.raises(UsageError):
        verify(files, FakeRelease(files=None))
