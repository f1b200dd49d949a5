"""Every question refuses what would break later, and says what is wrong."""

from pathlib import Path

import pytest
from pytest_copie.plugin import Copie

from tests.rendered import renders
from tests.rendered.renders import WORKING_TREE

SERVICE = {"name": "api", "kind": "api"}
PROD = {"name": "prod"}

REFUSED = [
    ("owner", "-acme", "not a GitHub name"),
    ("owner", "ac me", "not a GitHub name"),
    ("owner", "a" * 40, "not a GitHub name"),
    ("repository", "shop.git", "cannot be a repository"),
    ("repository", "_shop", "cannot be a repository"),
    ("repository", "shop\n", "cannot be a repository"),
    ("description", " ", "one line"),
    ("description", "two\nlines", "one line"),
    ("services", [], "at least one service"),
    ("services", "api", "YAML list"),
    ("services", {"name": "api"}, "YAML list"),
    ("services", ["api"], "Service 1 needs a name"),
    ("services", [{"kind": "api"}], "Service 1 needs a name"),
    ("services", [{"name": 1, "kind": "api"}], "Service 1 needs a name"),
    ("services", [{"name": "Api", "kind": "api"}], "is not a name"),
    ("services", [{"name": "api\n", "kind": "api"}], "is not a name"),
    ("services", [{"name": "api"}], "kind must be"),
    ("services", [{"name": "api", "kind": "cron"}], "kind must be"),
    ("services", [{**SERVICE, "port": 1}], "not port"),
    ("services", [SERVICE, {**SERVICE, "path": "x"}], "Two services are called api"),
    ("services", [{**SERVICE, "path": "../api"}], "not a directory inside"),
    ("services", [{**SERVICE, "path": "/api"}], "not a directory inside"),
    ("services", [{**SERVICE, "path": "a/"}], "not a directory inside"),
    ("services", [{**SERVICE, "path": ".github/api"}], "not a directory inside"),
    ("services", [{**SERVICE, "path": "Ops/api"}], "belongs to the template"),
    (
        "services",
        [{**SERVICE, "path": "a"}, {"name": "b", "kind": "web", "path": "a/b"}],
        "or inside it",
    ),
    ("environments", [], "at least one environment"),
    ("environments", [{}], "Environment 1 needs a name"),
    ("environments", [{"name": "Prod"}], "is not a name"),
    ("environments", [{"name": "release"}], "keep their own secrets"),
    ("environments", [PROD, PROD], "Two environments are called prod"),
    ("environments", [{**PROD, "order": 1}], "not order"),
    ("environments", [{**PROD, "soak": 24}], "soak must be"),
    ("environments", [{**PROD, "soak": "1 day"}], "soak must be"),
    ("environments", [{**PROD, "reviewers": "yes"}], "must be true or false"),
    ("registry", "https://ghcr.io", "is not a host"),
    ("registry", "ghcr.io/acme", "is not a host"),
    ("build", "podman", "neither docker nor buildah"),
    ("build", "make {context}", "neither docker nor buildah"),
    ("release_rules", "gitmoji", "Invalid choice"),
    ("required_reviews", 11, "0 to 10"),
    ("required_reviews", -1, "0 to 10"),
    ("codeowners", "acme", "neither @user"),
    ("security_contact", "http://example.com", "neither a https address"),
    ("license", "GPL-3.0-only", "Invalid choice"),
]
ACCEPTED = [
    ("owner", "Ann-Example"),
    ("repository", "my.shop_2-x"),
    ("description", "Ünïcode, quotes \" and 'braces' {x}"),
    ("services", [{**SERVICE, "path": "apps/My_api.v2"}]),
    ("environments", [{**PROD, "soak": "36h", "prerelease": True, "reviewers": True}]),
    ("registry", "registry.example.com:5000"),
    ("build", "build.sh {context} {image} {commit}"),
    ("release_rules", "angular"),
    ("required_reviews", 10),
    ("codeowners", "@ann @acme/platform ann@example.com"),
    ("security_contact", "security@example.com"),
    ("license", "LicenseRef-Proprietary"),
]


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    REFUSED,
    ids=[f"{question}: {answer!r}" for question, answer, _ in REFUSED],
)
def test_a_bad_answer_is_refused_and_nothing_is_written(
    source: Path, tmp_path: Path, question: str, answer: object, message: str
) -> None:
    with pytest.raises(ValueError, match=question) as caught:
        renders.render(source, tmp_path / "project", {question: answer})

    assert message in " ".join(str(caught.value).split())
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


def test_every_question_has_a_refused_and_an_accepted_value() -> None:
    asked = {n for n, q in renders.questions().items() if q.get("when") is not False}

    # Any text may describe a repository but an empty one, and so on: see the tables.
    assert {question for question, _, _ in REFUSED} == asked
    assert {question for question, _ in ACCEPTED} == asked
