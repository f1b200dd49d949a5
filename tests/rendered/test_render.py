"""What a rendered repository looks like, for every answer set."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import jinja2
import pytest
import yaml
from copier import VcsRef, run_update
from jinja2.meta import find_undeclared_variables
from pathspec import PathSpec

from monokeel.ground.settings import Environment
from tests import warm
from tests.rendered import renders
from tests.rendered.managed import is_seed
from tests.rendered.renders import ANSWER_SETS, ROOT, TEMPLATE, Answers, Render

# docs/decisions/0008-one-artefact.md
MOST_FILES = 50
MOST_QUESTIONS = 14
SEEDS = {"CONTRIBUTING.md", "README.md", "SECURITY.md", "tasks_local.py"}
SEEDS |= {".pre-commit-config.yaml", ".github/ISSUE_TEMPLATE/problem.yml"}
WHO = [(x, y) for x in ("AUTHOR", "COMMITTER") for y in ("NAME", "EMAIL")]
PROGRAMS = {"inv", "scripts/apply-rulesets.sh", "scripts/update-template.sh"}


def test_nobody_ever_needs_trust() -> None:
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))

    assert {"_tasks", "_migrations", "_jinja_extensions"} & config.keys() == set()


def test_every_question_has_a_help_and_a_default() -> None:
    asked = {n: q for n, q in renders.questions().items() if q.get("when") is not False}

    assert len(renders.questions()) <= MOST_QUESTIONS
    assert [name for name, each in asked.items() if not each.get("help")] == []
    assert [name for name, each in asked.items() if each.get("default") is None] == []


def test_every_question_can_be_read_whole_in_80_columns() -> None:
    """A prompt is not wrapped: what does not fit is never seen (T31)."""
    lines = [
        line
        for each in renders.questions().values()
        for line in str(each.get("help") or "").splitlines()
    ]

    assert len(lines) > 20
    assert [line for line in lines if len(line) > 75] == []


def test_the_defaults_stay_below_the_limit_of_files(render: Render) -> None:
    names = renders.files(render({}))

    assert len(names) <= MOST_FILES


def test_readme_says_how_many_files_are_whose(render: Render) -> None:
    names = renders.files(render({}))
    yours = len([name for name in names if is_seed(name)])

    said = f"{len(names)} files: {yours} (services, README and the like) are yours; "
    said += f"{len(names) - yours} are the template's"
    assert said in (ROOT / "README.md").read_text(encoding="utf-8")


def test_nothing_is_promised_in_the_name_of_the_team(project: Path) -> None:
    """T37: no number of days, and only the contact that was answered."""
    for name in ("SECURITY.md", "README.md", "CONTRIBUTING.md"):
        text = (project / name).read_text(encoding="utf-8")
        assert re.findall(r"(?i)\b\d+[ -](?:working )?(?:days?|hours?)\b", text) == []
    contact = yaml.safe_load((project / ".copier-answers.yml").read_bytes())
    assert f"<{contact['security_contact']}>" in (project / "SECURITY.md").read_text()
    ours = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "github.com/monokeel" not in ours


@pytest.mark.parametrize("branch", ["main", "trunk"])
def test_what_is_said_after_a_copy_leads_to_a_connected_repository(
    source: Path, tmp_path: Path, branch: str
) -> None:
    """T34: into the folder, the first commit, and both ways to GitHub, run as said."""
    place = tmp_path / "my shop"
    command = ["copier", "copy", "--defaults", "-d", f"default_branch={branch}"]

    done = subprocess.run(
        [warm.program(), "-P", "-m", *command, "-r", "v9999.0.0", source, place],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )

    message = done.stderr.partition("acme/shop is ready. Next:\n")[2]
    assert message.count("\n") < 15  # the end of the screen, after the list of files
    lines = [line.strip() for line in message.splitlines()]
    started = subprocess.run(
        ["/bin/sh", "-euc", "\n".join(lines[:2])],
        cwd=tmp_path,
        env={**os.environ, **{f"GIT_{x}_{y}": "ann@example.com" for x, y in WHO}},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert started.returncode == 0, started.stderr
    assert renders.git(place, "branch", "--show-current").strip() == branch
    assert renders.git(place, "status", "--porcelain", "--ignored") == ""
    assert any(
        x.startswith("gh repo create acme/shop --private --source") for x in lines
    )
    assert "git remote add origin https://github.com/acme/shop.git" in lines
    assert f"git push -u origin {branch}" in lines


def test_no_file_name_is_illegal_on_any_system(project: Path) -> None:
    names = renders.files(project)

    assert [name for name in names if re.search(r'[<>:"|?*\\{}%\n]', name)] == []


def test_no_template_code_is_left_over(project: Path) -> None:
    found = {
        name: renders.leaks((project / name).read_text(encoding="utf-8"))
        for name in renders.files(project)
        if not name.endswith((".whl", "platform.schema.json"))  # never rendered
    }

    assert {name: leaks for name, leaks in found.items() if leaks} == {}


@pytest.mark.parametrize(
    "text", ["{{ owner }}", "{% if x %}", "{ repository }", "$ {{x}}", "{# note #}"]
)
def test_a_leak_is_found(text: str) -> None:
    assert renders.leaks(f"before {text} after") != []


def test_an_expression_of_github_is_no_leak() -> None:
    assert renders.leaks("a: ${{ github.ref }}") == []


def test_each_template_file_uses_questions_alone() -> None:
    """Read by Jinja itself, so that a branch that no answer reaches counts, too."""
    known = {*renders.questions(), "_copier_conf", "_copier_answers", "s"}
    filters = ["jinja2_ansible_filters.AnsibleCoreFiltersExtension"]  # as Copier does
    jinja = jinja2.Environment(extensions=filters)  # noqa: S701 - no page of the web
    files = sorted(TEMPLATE.rglob("*.jinja"))

    unknown = {
        path.name: names
        for path in files
        if (names := find_undeclared_variables(jinja.parse(path.read_text())) - known)
    }

    assert len(files) > 10
    assert unknown == {}


def test_a_seed_is_written_once_and_everything_else_is_managed(project: Path) -> None:
    """What _skip_if_exists names is exactly what belongs to the team."""
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    skipped = PathSpec.from_lines("gitignore", config["_skip_if_exists"])
    paths = tuple(f"{each.path}/" for each in renders.settings(project).services)

    seeds = {name for name in renders.files(project) if skipped.match_file(name)}

    assert seeds == {
        name
        for name in renders.files(project)
        if name.startswith(paths) or name in SEEDS
    }


def test_what_is_run_can_be_run(project: Path) -> None:
    assert {
        name for name in renders.files(project) if os.access(project / name, os.X_OK)
    } == PROGRAMS


def test_a_plain_file_is_copied_byte_for_byte(project: Path) -> None:
    for name in renders.files(project):
        origin = renders.plain_origin(project, name)
        if origin is not None:
            assert (project / name).read_bytes() == origin.read_bytes(), name


def test_an_ignored_path_is_never_rendered(project: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(project, tmp_path / "copy")
    renders.git(copy, "init", "-q")
    renders.git(copy, "add", "-A")

    tracked = renders.git(copy, "ls-files", "-z").split("\0")

    assert sorted(filter(None, tracked)) == renders.files(project)


def test_every_ignore_pattern_is_anchored() -> None:
    lines = (TEMPLATE / ".gitignore").read_text(encoding="utf-8").splitlines()

    assert [each for each in lines if not each.startswith(("#", "/"))] == []


def test_the_rendered_version_is_the_version_of_the_template(project: Path) -> None:
    assert (project / "TEMPLATE_VERSION").read_bytes() == (
        ROOT / "TEMPLATE_VERSION"
    ).read_bytes()


def test_the_defaults_are_those_of_the_design(render: Render) -> None:
    settings = renders.settings(render({}))

    assert settings.repository == "acme/shop"
    assert [(each.name, each.kind, each.path) for each in settings.services] == [
        ("api", "api", "services/api"),
        ("web", "web", "services/web"),
        ("worker", "worker", "services/worker"),
    ]
    assert [flags(each) for each in settings.environments] == [
        ("dev", True, False),
        ("staging", False, False),
        ("prod", False, True),
    ]


def flags(environment: Environment) -> tuple[str, bool, bool]:
    return environment.name, environment.prerelease, environment.reviewers


def test_an_awkward_answer_arrives_whole(render: Render) -> None:
    answers = ANSWER_SETS["small"]

    project = render(answers)

    settings = renders.settings(project)
    assert settings.image("mailer") == "ann-example/mailer_2.0/mailer"
    assert settings.build == answers["build"]
    assert settings.registry_host == "localhost:5000"
    assert str(answers["description"]) in (project / "README.md").read_text()


@pytest.mark.parametrize(
    ("reviews", "last_push"), [(0, False), (1, True), (6, True)], ids=str
)
def test_the_rules_ask_for_as_many_reviews_as_answered(
    render: Render, reviews: int, last_push: bool
) -> None:
    project = render({"required_reviews": reviews})

    rulesets = json.loads((project / "infra/rulesets.json").read_text())
    rules = {rule["type"]: rule.get("parameters") for rule in rulesets[0]["rules"]}
    assert rules["pull_request"]["required_approving_review_count"] == reviews
    assert rules["pull_request"]["require_last_push_approval"] is last_push


@pytest.mark.parametrize("name", ["CODEOWNERS", "LICENSE"])
def test_a_file_that_nobody_asked_for_is_not_there(render: Render, name: str) -> None:
    assert (render({}) / name).is_file()
    assert not (render(ANSWER_SETS["small"]) / name).exists()


def test_an_update_to_the_same_version_changes_nothing(
    render: Render, tmp_path: Path
) -> None:
    project = shutil.copytree(render(ANSWER_SETS["large"]), tmp_path / "copy")
    for command in ("init -q", "add -A", "commit -q -m start"):
        renders.git(project, *command.split())

    run_update(
        project, defaults=True, overwrite=True, quiet=True, vcs_ref=VcsRef.CURRENT
    )

    assert renders.git(project, "status", "--porcelain") == ""


# Copier leaves the folder that it was reading open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_misspelt_variable_stops_the_render(source: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(source, tmp_path / "broken")
    (broken / "template" / "extra.md.jinja").write_text("{{ ownr }}\n")
    for command in ("add -A", "commit -q -m broken", "tag -f v9999.0.0"):
        renders.git(broken, *command.split())

    with pytest.raises(jinja2.UndefinedError, match="ownr"):
        renders.render(broken, tmp_path / "project", {})


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_what_jinja_writes_is_what_was_reviewed(render: Render, name: str) -> None:
    """Refreshed by `nox -s regen`."""
    answers: Answers = ANSWER_SETS[name]

    lines = list(renders.golden_lines(render(answers)))

    golden = renders.GOLDEN / f"{name}.txt"
    assert lines == golden.read_text(encoding="utf-8").splitlines()
