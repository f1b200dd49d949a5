"""Names of branches, titles of pull requests, and the list of services."""

import json
from dataclasses import replace

import pytest

from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.report import Report, as_json
from monokeel.ground.settings import Settings, parse_settings
from monokeel.policy.refs import judge_branch
from monokeel.release.build import changed_services, list_services
from monokeel.release.commits import judge_title

PATTERN = "^(main|env/[a-z0-9-]+|(feat|fix)/.+)$"


def make_settings(rules: str = "conventionalcommits") -> Settings:
    return parse_settings(f"""
[repository]
owner = "acme"
name = "shop"
[release]
rules = "{rules}"
[registry]
[policy]
[[services]]
name = "api"
kind = "api"
[[services]]
name = "api-admin"
kind = "web"
path = "apps/admin"
""")


class FakeHistory:
    def __init__(self, *changed: str) -> None:
        self._changed = list(changed)

    def commit_of(self, ref: str) -> str | None:
        return "a" * 40 if ref == "origin/main" else None

    def changed_paths(self, since: str, commit: str) -> list[str]:
        assert (since, commit) == ("a" * 40, "HEAD")
        return self._changed


def listed_since(history: FakeHistory, ref: str) -> Report:
    commit_of, changed_paths = history.commit_of, history.changed_paths
    return list_services(make_settings(), commit_of, changed_paths, ref)


@pytest.mark.parametrize("name", ["main", "env/prod", "feat/x"])
def test_a_branch_that_follows_the_rule_passes(name: str) -> None:
    assert judge_branch(name, PATTERN).data == {"branch": name}


@pytest.mark.parametrize("name", ["", "env", "feature/x", "feat/", "main\n", "-x"])
def test_another_branch_is_refused(name: str) -> None:
    with pytest.raises(RefusedError, match="not allowed"):
        judge_branch(name, PATTERN)


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("feature/x", "feat/x"),
        ("bugfix/No Crash!", "fix/no-crash"),
        ("add search", "feat/add-search"),
        ("env", "feat/env"),
        ("", "feat/what-it-does"),
    ],
)
def test_a_refused_branch_is_told_a_name_that_is_allowed(
    name: str, better: str
) -> None:
    """P54: a name, not an expression."""
    with pytest.raises(RefusedError) as caught:
        judge_branch(name, PATTERN)

    assert caught.value.fix == f"Rename it, such as: git branch -m {better}"


def test_without_a_likely_name_the_expression_is_shown() -> None:
    with pytest.raises(RefusedError) as caught:
        judge_branch("x", "^JIRA-[0-9]+$")

    assert "it must match ^JIRA-[0-9]+$" in caught.value.fix


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("feat: x", "feat"),
        ("fix(api): answer 404", "fix"),
        ("feat!: y", "feat"),
        ('Revert "feat: x"', "revert"),
        ("chore(deps): bump a from 1 to 2", "chore"),
    ],
)
def test_a_conventional_title_passes(title: str, kind: str) -> None:
    assert judge_title(title, make_settings()).data["type"] == kind


@pytest.mark.parametrize("title", ["", "Add x", "feat:", "feat x", " feat: x", "x: y"])
def test_another_title_is_refused(title: str) -> None:
    with pytest.raises(RefusedError, match="title"):
        judge_title(title, make_settings())


@pytest.mark.parametrize("title", ['Revert "feat: x" (#12)', "revert: feat: x"])
def test_a_revert_is_told_that_it_asks_for_no_release(title: str) -> None:
    headline = judge_title(title, make_settings()).headline

    assert "alone asks for no release" in headline
    assert "fix: revert" in headline


def test_a_revert_that_asks_for_a_release_is_not_told_that_it_does_not() -> None:
    settings = replace(make_settings(), types={"revert(api)": "patch"})

    for title in ("revert!: x", "revert(api): x"):
        assert "no release" not in judge_title(title, settings).headline
    assert "no release" in judge_title("revert(web): x", settings).headline


@pytest.mark.parametrize("mark", ["[skip release]", "[Release  Skip]"])
def test_a_skipped_title_is_told_that_it_asks_for_no_release(mark: str) -> None:
    assert "no release" in judge_title(f"feat: x {mark}", make_settings()).headline


def test_angular_does_not_know_the_exclamation_mark() -> None:
    with pytest.raises(RefusedError, match="no Conventional Commit"):
        judge_title("feat!: x", make_settings("angular"))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ((), []),
        (("README.md",), []),
        (("services/api/app.py",), ["api"]),
        (("services/api-old/app.py",), []),
        (("apps/admin/x", "services/api/y"), ["api", "api-admin"]),
        (("infra/platform.toml",), ["api", "api-admin"]),
        ((".github/workflows/ci.yml",), ["api", "api-admin"]),
    ],
)
def test_a_service_changed_if_its_own_files_did_or_what_all_share(
    changed: tuple[str, ...], expected: list[str]
) -> None:
    history = FakeHistory(*changed)

    report = listed_since(history, "origin/main")

    listed = report.data["services"]
    assert isinstance(listed, list)
    assert [s["name"] for s in listed if isinstance(s, dict)] == expected


@pytest.mark.parametrize(
    ("path", "concerned"),
    [
        ("jobs/mail/mail.py", ["mail", "all"]),
        ("libs/text.py", ["mail", "all"]),
        ("libs", ["mail", "all"]),
        ("docker/mail.dockerignore", ["mail", "all"]),
        ("docker/mail", ["mail", "all"]),
        ("libs2/text.py", ["all"]),
        ("README.md", ["all"]),
    ],
)
def test_a_service_is_concerned_by_whatever_its_image_is_made_of(
    path: str, concerned: list[str]
) -> None:
    settings = parse_settings("""
        repository = {owner = "acme", name = "shop"}
        [[services]]
        name = "mail"
        kind = "worker"
        path = "jobs/mail"
        context = "libs"
        dockerfile = "docker/mail"
        [[services]]
        name = "all"
        kind = "api"
        context = "."
        args = {PYTHON = "3.13", A = "b c"}
    """)

    assert builds(settings) == [
        ["docker", "build", "--file", "docker/mail", "libs"],
        ["docker", "build", "--build-arg=PYTHON=3.13", "--build-arg=A=b c", "."],
    ]
    assert [each.name for each in changed_services(settings, [path])] == concerned


def builds(settings: Settings) -> list[list[str]]:
    made = json.loads(as_json(list_services(settings, lambda _: None, lambda *_: [])))
    return [each["build"] for each in made["services"]]


def test_what_is_tried_before_a_merge_is_what_the_release_builds_with() -> None:
    """A command line of the team's pushes what it builds, maybe without Dockerfile."""
    built = replace(make_settings(), build="buildah")
    ours = replace(
        make_settings(), build="pack build {image} --path {context} --publish"
    )

    assert [each[:2] for each in builds(built)] == [["buildah", "bud"]] * 2
    assert builds(ours) == [[], []]


def test_without_a_ref_all_services_are_listed() -> None:
    report = listed_since(FakeHistory(), "")

    assert report.data["registry"] == "ghcr.io"
    assert report.headline == "2 of 2 services"


@pytest.mark.parametrize("ref", ["nowhere", "--all"])
def test_a_ref_that_is_not_there_is_wrong_use(ref: str) -> None:
    with pytest.raises(UsageError, match="there is no commit"):
        listed_since(FakeHistory(), ref)
