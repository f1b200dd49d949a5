from pathlib import Path

import pytest

from monokeel.adapters.copier import Template
from monokeel.adapters.credentials import Credentials
from monokeel.ground.errors import ServiceError, UsageError
from monokeel.updates.merge import Render
from tests.rendered.renders import git


def make_template(
    folder: Path, *, recorded: str = "", source: str = "", commit: str = "v1.0.0"
) -> Template:
    answers = folder / ".copier-answers.yml"
    if recorded:
        answers.write_text(f"_commit: {commit}\n_src_path: {recorded}\nowner: acme\n")
    git(folder, "init", "-q")
    work = folder / "work"
    work.mkdir(exist_ok=True)
    return Template(folder, work=work, source=source, credentials=Credentials())


GITHUB = "https://github.com/acme/monokeel.git"
OTHER = "https://git.example.com/acme/monokeel.git"


@pytest.mark.parametrize(
    ("recorded", "source", "expected"),
    [
        (GITHUB, "", GITHUB),
        ("gh:acme/monokeel", "", GITHUB),
        (GITHUB, "beta/keel", "https://github.com/beta/keel.git"),
        (GITHUB, "beta/keel.git", "https://github.com/beta/keel.git"),
        (OTHER, "beta/keel", "https://git.example.com/beta/keel.git"),
        ("/srv/monokeel", "beta/keel", "https://github.com/beta/keel.git"),
        (GITHUB, "/srv/monokeel", "/srv/monokeel"),
        (GITHUB, "git@github.com:beta/keel.git", "git@github.com:beta/keel.git"),
        (GITHUB, "ssh://git@a.example/b.git", "ssh://git@a.example/b.git"),
        (GITHUB, "http://127.0.0.1:80/b.git", "http://127.0.0.1:80/b.git"),
    ],
)
def test_the_address_is_the_given_one_or_the_recorded(
    tmp_path: Path, recorded: str, source: str, expected: str
) -> None:
    template = make_template(tmp_path, recorded=recorded, source=source)

    assert template.address() == expected


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("git@github.com:acme/monokeel.git", 1),
        (GITHUB, 1),  # by key it is asked over ssh
        ("ssh://git@git.example.com/monokeel.git", 0),
        ("git@git.example.com:monokeel.git", 0),
    ],
)
def test_the_host_keys_of_github_are_for_github_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, asked: int
) -> None:
    """T21: a template elsewhere is trusted by the user's own known_hosts."""
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    make_template(tmp_path, recorded=GITHUB)
    questions = []

    def host_keys() -> tuple[str, ...]:
        questions.append(source)
        return ("ssh-ed25519 AAAA",)

    reader = Credentials(deploy_key="a key", host_keys=host_keys)
    work = tmp_path / "work"
    template = Template(tmp_path, work=work, source=source, credentials=reader)

    with pytest.raises(ServiceError, match="cannot be read"):
        template.versions()
    assert len(questions) == asked


@pytest.mark.parametrize(
    "source",
    [
        "-u",
        "--upload-pack=x:y",
        "../monokeel",
        "monokeel",
        "http://git.example.com/a.git",
        "https://ann:hunter2@github.com/a/b",
        "https://hunter2@github.com/a/b",
        "ann:hunter2@github.com/a/b",
        "ann:hunter2/x@github.com:a/b",
    ],
)
def test_an_unsafe_address_is_refused_without_showing_a_secret(
    tmp_path: Path, source: str
) -> None:
    template = make_template(tmp_path, recorded=GITHUB, source=source)

    with pytest.raises(UsageError) as caught:
        template.address()

    assert "hunter2" not in caught.value.problem + caught.value.fix


def test_a_template_that_is_not_there_is_no_answer(tmp_path: Path) -> None:
    template = make_template(tmp_path, recorded="/nowhere/at/all")

    with pytest.raises(ServiceError, match="cannot be read"):
        template.versions()


@pytest.mark.parametrize("text", ["", "[1]", "_commit: v1.0.0\n", "{", "a: [\n"])
def test_a_broken_answers_file_is_wrong_use(tmp_path: Path, text: str) -> None:
    template = make_template(tmp_path)
    (tmp_path / ".copier-answers.yml").write_text(text)

    with pytest.raises(UsageError, match=r"\.copier-answers\.yml"):
        template.recorded()


def test_a_missing_answers_file_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no"):
        make_template(tmp_path).recorded()


def test_the_notes_are_those_between_two_versions(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    sections = "".join(
        f"## {v}\n\nWhat {v} did.\n\n" for v in ("2.0.0", "1.10.0", "1.9.0")
    )
    (source / "CHANGELOG.md").write_text(f"# Changelog\n\nAll of it.\n\n{sections}")
    git(source, "init", "-q")
    git(source, "add", "-A")
    git(source, "commit", "-q", "-m", "x")
    git(source, "tag", "v1.10.0")
    git(source, "rm", "-q", "CHANGELOG.md")
    git(source, "commit", "-q", "-m", "y")
    git(source, "tag", "v3.0.0")
    template = make_template(tmp_path, recorded=str(source))

    said = template.notes("1.9.0", "1.10.0")

    assert said == "## 1.10.0\n\nWhat 1.10.0 did."
    assert template.notes("1.10.0", "3.0.0") == ""


def test_the_sum_of_a_change_names_the_files_and_no_folder_of_ours(
    tmp_path: Path,
) -> None:
    renders = []
    for number in (0, 1):
        folder = tmp_path / f"render-{number}"
        (folder / "docs").mkdir(parents=True)
        (folder / "docs/a.md").write_text(f"{number}\n", encoding="utf-8")
        (folder / f"new-{number}").write_text(f"{number}\n" * 9, encoding="utf-8")
        render = Render(ref="v1.0.0", folder=str(folder), files={}, answers={})
        renders.append(render)

    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q")

    said = make_template(tmp_path, recorded=str(source)).stat(*renders)

    assert " docs/a.md" in said
    assert "new-1" in said
    assert "render-" not in said
    assert tmp_path.name not in said


@pytest.mark.parametrize("planted", ["x/v9.0.0", "x\u2028v9.0.0", "x\u00a0v9.0.0"])
def test_a_tag_that_ends_like_a_release_is_none(tmp_path: Path, planted: str) -> None:
    """The template's rules keep ``v*``: another tag is made by anybody who may write.

    Every repository would be told of a version that is not there.
    """
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q")
    git(source, "commit", "-q", "--allow-empty", "-m", "x")
    first = git(source, "rev-parse", "HEAD").strip()
    git(source, "tag", "v1.0.0")
    git(source, "tag", planted)

    released = make_template(tmp_path, recorded=str(source)).versions()
    later = make_template(tmp_path, recorded=str(source), commit=first).versions()

    assert (released, later) == (("1.0.0",), (first, "1.0.0"))
