"""Shared renders: one per answer set, read only; a test that writes takes a copy."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.rendered import renders
from tests.rendered.renders import ANSWER_SETS, Answers, Render
from tests.rendered.versions import Versions, make_versions, start_repository


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose tag v9999.0.0 is this working tree."""
    return renders.copy_source(tmp_path_factory.mktemp("source") / "monokeel")


@pytest.fixture(scope="session")
def render(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Render an answer set once for the whole session."""
    base = tmp_path_factory.mktemp("renders")

    def once(answers: Answers) -> Path:
        key = json.dumps(answers, sort_keys=True).encode()
        tree = base / hashlib.sha256(key).hexdigest()[:16]
        return tree if tree.exists() else renders.render(source, tree, answers)

    return once


@pytest.fixture(params=ANSWER_SETS)
def project(request: pytest.FixtureRequest, render: Render) -> Path:
    """A project rendered from each answer set."""
    return render(ANSWER_SETS[request.param])


@pytest.fixture(scope="session")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """A template with two throw-away versions, and what each renders."""
    return make_versions(tmp_path_factory.mktemp("versions"))


@pytest.fixture(scope="session")
def started(versions: Versions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository made from the older version; only read it."""
    return start_repository(versions.old, tmp_path_factory.mktemp("start") / "shop")


@pytest.fixture
def shop(started: Path, tmp_path: Path) -> Path:
    """A repository made from the older version, for one test."""
    return Path(shutil.copytree(started, tmp_path / "shop", symlinks=True))
