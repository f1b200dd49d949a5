"""In a job of Actions: the line of the file that a failure names, groups of the log."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.adapters import actions
from monokeel.tasks import wiring
from monokeel.tasks.command import complain

SETTINGS = '[repository]\nowner = "acme"\nname = "shop"\n\n[release]\ntag_prefx = "v"\n'
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra/platform.toml").write_text(SETTINGS)
    (tmp_path / "infra/rulesets.json").write_text('[\n {"name": "main"}\n]\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    wiring.root.cache_clear()
    yield
    wiring.root.cache_clear()


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize(
    ("problem", "place"),
    [
        (
            "infra/platform.toml: [release] tag_prefx is not a known key",
            " file=infra/platform.toml,line=6",
        ),
        (
            "infra/platform.toml: [repository] owner = 'acme' is not allowed",
            " file=infra/platform.toml,line=2",
        ),
        ("infra/rulesets.json is wrong: 'main': x", " file=infra/rulesets.json,line=2"),
        ("infra/platform.toml: this is not TOML", " file=infra/platform.toml,line=1"),
        ("env/prod stays", ""),
        ("infra/none.toml: x", ""),
    ],
)
def test_an_annotation_names_file_and_line(
    capsys: Capture, problem: str, place: str
) -> None:
    complain(problem, "")

    assert f"::error{place}::{problem}\n" in capsys.readouterr().err


@pytest.mark.usefixtures("job")
def test_a_build_is_one_group_of_the_log(capsys: Capture) -> None:
    with actions.group("[1/3] api: building"):
        pass

    assert capsys.readouterr().err == "::group::[1/3] api: building\n::endgroup::\n"


def test_outside_of_actions_a_group_is_its_title(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    with actions.group("[1/3] api: building"):
        pass

    assert capsys.readouterr().err == "[1/3] api: building\n"
