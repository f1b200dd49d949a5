"""Every question refuses what would break later, and says what is wrong."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_copie.plugin import Copie

from monokeel.ground.errors import RefusedError
from monokeel.policy.checks import jobs_of
from monokeel.policy.lint import lint
from monokeel.policy.refs import branch_pattern, judge_branch
from monokeel.policy.rulesets import parse_policy
from tests.rendered import renders
from tests.rendered.renders import WORKING_TREE

SERVICE = {"name": "api", "kind": "api"}
PROD = {"name": "prod"}

REFUSED = [
    ("owner", "-acme", "a-z, 0-9 and single -"),
    ("owner", "ac me", "a-z, 0-9 and single -"),
    ("owner", "a" * 40, "a-z, 0-9 and single -"),
    ("repository", "shop.git", "and . _ - between"),
    ("repository", "_shop", "and . _ - between"),
    ("repository", "shop\n", "and . _ - between"),
    ("description", " ", "one line"),
    ("description", "two\nlines", "one line"),
    ("services", [], "Write names"),
    ("services", "', '", "Write names"),
    ("services", {"name": "api"}, "Write names"),
    ("services", "api, Mail:worker", "2: name: a-z"),
    ("services", "api:cron", "kind is web"),
    ("services", "api, api", "two api"),
    ("services", [1], "1: add a name"),
    ("services", [{"kind": "api"}], "1: add a name"),
    ("services", [{"name": 1, "kind": "api"}], "1: add a name"),
    ("services", [{"name": "Api", "kind": "api"}], "name: a-z"),
    ("services", [{"name": "api\n", "kind": "api"}], "name: a-z"),
    ("services", [{"name": "api"}], "kind is web"),
    ("services", [{"name": "api", "kind": "cron"}], "kind is web"),
    ("services", [{**SERVICE, "port": 1}], "keys: name"),
    ("services", [SERVICE, {**SERVICE, "path": "x"}], "two api"),
    ("services", [{**SERVICE, "path": "../api"}], "a folder, a/b"),
    ("services", [{**SERVICE, "path": "/api"}], "a folder, a/b"),
    ("services", [{**SERVICE, "path": "a/"}], "a folder, a/b"),
    ("services", [{**SERVICE, "path": ".github/api"}], "a folder, a/b"),
    ("services", [{**SERVICE, "path": "Ops/api"}], "not the template's"),
    (
        "services",
        [{**SERVICE, "path": "a"}, {"name": "b", "kind": "web", "path": "a/b"}],
        "not inside another",
    ),
    ("environments", [], "Write names"),
    ("environments", "', '", "Write names"),
    ("environments", {"name": "prod"}, "Write names"),
    ("environments", "dev, Prod", "2: name: a-z"),
    ("environments", ["dev", "prod:"], "prod: soak: such as"),
    ("environments", "prod:reviewer", "prod: 24h, prerelease, reviewers"),
    ("environments", "prod:1h:2d", "prod: 24h, prerelease, reviewers"),
    ("environments", "dev, dev:2h", "two dev"),
    ("environments", [1], "1: add a name"),
    ("environments", [{}], "1: add a name"),
    ("environments", [{"name": "Prod"}], "name: a-z"),
    ("environments", [{"name": "release"}], "workflows use it"),
    ("environments", [PROD, PROD], "two prod"),
    ("environments", [{**PROD, "order": 1}], "none of ours"),
    ("environments", [{**PROD, "soak": 24}], "soak: such as"),
    ("environments", [{**PROD, "soak": "1 day"}], "soak: such as"),
    ("environments", [{**PROD, "reviewers": "yes"}], "write true or false"),
    ("default_branch", "develop", "Invalid choice"),
    ("registry", "https://ghcr.io", "a host alone"),
    ("registry", "ghcr.io/acme", "a host alone"),
    ("build", "podman", "docker, buildah, or"),
    ("build", "make {context}", "docker, buildah, or"),
    ("release_rules", "gitmoji", "Invalid choice"),
    ("required_reviews", 11, "from 0 to 10"),
    ("required_reviews", -1, "from 0 to 10"),
    ("codeowners", "acme", "Write @user"),
    ("security_contact", "http://example.com", "Write https://"),
    ("license", "GPL-3.0-only", "Invalid choice"),
]
ACCEPTED = [
    ("owner", "Ann-Example"),
    ("repository", "my.shop_2-x"),
    ("description", "Ünïcode, quotes \" and 'braces' {x}"),
    ("services", [{**SERVICE, "path": "apps/My_api.v2"}]),
    ("services", "api, mail:worker"),
    ("services", ["api", {**SERVICE, "name": "b"}]),
    ("environments", [{**PROD, "soak": "36h", "prerelease": True, "reviewers": True}]),
    ("environments", "dev:prerelease, staging, prod:24h:reviewers"),
    ("environments", ["dev", {**PROD, "soak": "2d"}]),
    ("default_branch", "trunk"),
    ("registry", "registry.example.com:5000"),
    ("build", "build.sh {context} {image} {commit}"),
    ("release_rules", "angular"),
    ("required_reviews", 10),
    ("codeowners", "@ann @acme/platform ann@example.com"),
    ("security_contact", "security@example.com"),
    ("license", "LicenseRef-Proprietary"),
]


@pytest.fixture(scope="module")
def folder(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template without git: Copier clones nothing to refuse an answer."""
    folder = tmp_path_factory.mktemp("answers") / "monokeel"
    hidden = shutil.ignore_patterns(".git")
    return Path(shutil.copytree(source, folder, ignore=hidden))


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    REFUSED,
    ids=[f"{question}: {answer!r}" for question, answer, _ in REFUSED],
)
def test_a_bad_answer_is_refused_and_nothing_is_written(
    folder: Path, tmp_path: Path, question: str, answer: object, message: str
) -> None:
    with pytest.raises(ValueError, match=question) as caught:
        renders.render(folder, tmp_path / "project", {question: answer})

    said = str(caught.value)
    assert message in said
    # Behind "Validation error for question 'x': " there is no more room (T31). A
    # terminal offers choices as a menu, where no other value can be typed.
    shown = said.rpartition(f"'{question}': ")[2].strip()
    assert message == "Invalid choice" or len(shown) <= 38
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize(
    ("question", "answer"), ACCEPTED, ids=[question for question, _ in ACCEPTED]
)
def test_a_good_answer_is_accepted(
    source: Path, copie: Copie, question: str, answer: object
) -> None:
    done = copie.copy({question: answer}, source, vcs_ref=WORKING_TREE)

    # pytest-copie turns every error into an exit code, and drops unknown names.
    assert (done.exception, done.exit_code) == (None, 0)
    assert done.answers[question] == answer
    assert done.project_dir is not None
    renders.settings(done.project_dir)


def test_a_few_words_are_enough_for_services(source: Path, tmp_path: Path) -> None:
    """T32: nobody has to know YAML by heart."""
    short = {"services": "api, web mail:worker"}

    made = renders.render(source, tmp_path / "project", short)

    assert [(s.name, s.kind, s.path) for s in renders.settings(made).services] == [
        ("api", "api", "services/api"),
        ("web", "web", "services/web"),
        ("mail", "worker", "services/mail"),
    ]
    assert (made / "services/mail/worker.py").is_file()


def test_a_few_words_are_enough_for_environments(source: Path, tmp_path: Path) -> None:
    short = {"environments": "dev:prerelease, staging:30m prod:reviewers:24h"}

    made = renders.render(source, tmp_path / "project", short)

    assert [
        (e.name, e.soak, e.prerelease, e.reviewers)
        for e in renders.settings(made).environments
    ] == [
        ("dev", timedelta(0), True, False),
        ("staging", timedelta(minutes=30), False, False),
        ("prod", timedelta(hours=24), False, True),
    ]
    assert "of promotion: `dev`, `staging`, `prod`." in (made / "README.md").read_text()
    assert 'environments = ["prod"]' in (made / "infra/platform.toml").read_text()


@pytest.mark.parametrize("branch", ["main", "master", "trunk"])
def test_one_answer_names_the_default_branch_everywhere(
    source: Path, tmp_path: Path, branch: str
) -> None:
    """T33: no managed file has to be edited for it, and nothing names another."""
    made = renders.render(source, tmp_path / "project", {"default_branch": branch})

    settings = renders.settings(made)
    rules = (made / "infra/rulesets.json").read_text()
    workflows = (made / ".github/workflows").glob("*.yml")
    jobs = jobs_of({each.name: each.read_text() for each in workflows})
    policy = parse_policy(rules)
    assert settings.default_branch == branch
    assert [each.line for each in lint(policy, jobs, settings=settings)] == []
    for other in {"main", "master", "trunk"} - {branch}:
        assert f'"refs/heads/{other}"' not in rules
        with pytest.raises(RefusedError):
            judge_branch(other, branch_pattern(policy))
    assert f"to `{branch}`" in (made / "README.md").read_text()


def test_every_question_has_a_refused_and_an_accepted_value() -> None:
    asked = {n for n, q in renders.questions().items() if q.get("when") is not False}

    # Any text may describe a repository but an empty one, and so on: see the tables.
    assert {question for question, _, _ in REFUSED} == asked
    assert {question for question, _ in ACCEPTED} == asked
