"""Every question refuses what would break later, and says what is wrong."""

from pathlib import Path

import pytest
from pytest_copie.plugin import Copie

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
    ("environments", [], "Write a list"),
    ("environments", [{}], "1: add a name"),
    ("environments", [{"name": "Prod"}], "name: a-z"),
    ("environments", [{"name": "release"}], "workflows use it"),
    ("environments", [PROD, PROD], "two prod"),
    ("environments", [{**PROD, "order": 1}], "none of ours"),
    ("environments", [{**PROD, "soak": 24}], "soak: such as"),
    ("environments", [{**PROD, "soak": "1 day"}], "soak: such as"),
    ("environments", [{**PROD, "reviewers": "yes"}], "write true or false"),
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


def test_every_question_has_a_refused_and_an_accepted_value() -> None:
    asked = {n for n, q in renders.questions().items() if q.get("when") is not False}

    # Any text may describe a repository but an empty one, and so on: see the tables.
    assert {question for question, _, _ in REFUSED} == asked
    assert {question for question, _ in ACCEPTED} == asked
