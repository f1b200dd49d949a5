"""Managed files against the manifest."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pytest

from monokeel.ground.errors import UsageError
from monokeel.updates.verify import verify


@dataclass
class FakeFiles:
    content: dict[str, bytes]

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        return {path: self.content[path] for path in paths if path in self.content}


def manifest(files: Mapping[str, bytes]) -> bytes:
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    return json.dumps({"schema": 1, "files": digests}).encode()


def test_edited_and_missing_files_are_told_apart() -> None:
    made = {"inv": b"1", "tasks.py": b"2", "ops/a.py": b"3"}
    here = {"inv": b"1", "tasks.py": b"edited", "ops/manifest.json": manifest(made)}

    report = verify(FakeFiles(here))

    assert report.data["verdict"] == "edited"
    assert report.data["edited"] == ["tasks.py"]
    assert report.data["missing"] == ["ops/a.py"]


def test_files_as_they_were_made_are_the_same() -> None:
    made = {"inv": b"1"}

    report = verify(FakeFiles({**made, "ops/manifest.json": manifest(made)}))

    assert report.data == {"verdict": "same", "files": 1, "edited": [], "missing": []}


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
def test_a_broken_manifest_is_an_error(content: bytes | None) -> None:
    files = {} if content is None else {"ops/manifest.json": content}

    with pytest.raises(UsageError):
        verify(FakeFiles(files))
