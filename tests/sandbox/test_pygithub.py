"""PyGithub, as a script would use it; what it misses says where that is written."""

import base64
from collections.abc import Callable, Iterator

import pytest
from github import Auth, Github, GithubException
from github.Repository import Repository

from sandbox.server import Sandbox
from tests.sandbox.calls import grow


@pytest.fixture
def client(box: Sandbox) -> Iterator[Github]:
    token = Auth.Token(box.tokens["admin"])
    with Github(auth=token, base_url=box.url, retry=None) as client:
        yield client


@pytest.fixture
def shop(client: Github, box: Sandbox, start: str) -> Repository:
    assert start
    box.allow_deploy_keys()
    return client.get_repo("acme/shop")


def _open_pull(shop: Repository, box: Sandbox, start: str) -> int:
    box.state.git.git("update-ref", "refs/heads/topic", start)
    grow(box, "feat: more", "refs/heads/topic")
    return shop.create_pull(base="main", head="topic", title="x", body="y").number


def test_a_pull_request_shows_what_it_holds(
    shop: Repository, box: Sandbox, start: str
) -> None:
    pull = shop.get_pull(_open_pull(shop, box, start))
    pull.create_issue_comment("look")
    pull.create_review(event="COMMENT", body="hm")

    assert [commit.commit.message for commit in pull.get_commits()] == ["feat: more"]
    files = [(f.filename, f.status, f.additions, f.deletions) for f in pull.get_files()]
    assert files == [("notes.txt", "modified", 1, 1)]
    assert (pull.additions, pull.deletions, pull.changed_files) == (1, 1, 1)
    assert [review.body for review in pull.get_reviews()] == ["hm"]
    assert [comment.body for comment in pull.get_issue_comments()] == ["look"]
    assert pull.mergeable
    assert not pull.is_merged()
    assert pull.merge(merge_method="squash").merged
    assert pull.is_merged()


def test_pull_requests_come_newest_first(
    shop: Repository, box: Sandbox, start: str
) -> None:
    _open_pull(shop, box, start)
    box.state.git.git("update-ref", "refs/heads/other", "refs/heads/topic")
    shop.create_pull(base="main", head="other", title="z", body="")

    assert [pull.number for pull in shop.get_pulls()] == [2, 1]
    assert [issue.number for issue in shop.get_issues()] == [2, 1]


def test_labels_are_made_once(shop: Repository) -> None:
    shop.create_label("drift", "ff0000", "live")

    assert shop.get_label("drift").color == "ff0000"
    assert "bug" in {label.name for label in shop.get_labels()}
    with pytest.raises(GithubException, match="already_exists"):
        shop.create_label("Drift", "00ff00")


def test_people_and_what_they_may(client: Github, shop: Repository) -> None:
    people = {person.login: person.permissions for person in shop.get_collaborators()}

    assert sorted(people) == ["ada", "kai", "rio"]
    assert people["ada"].admin
    assert not people["kai"].admin
    assert people["kai"].push
    assert shop.get_collaborator_permission("rio") == "read"
    assert client.get_user("kai").name == "Kai"
    assert client.get_organization("acme").login == "acme"
    assert client.get_user("Acme").type == "Organization"


def test_a_person_who_owns_a_repository_is_no_organization(
    client: Github, box: Sandbox
) -> None:
    box.state.owner_type = "User"

    with pytest.raises(GithubException, match="404"):
        client.get_organization("acme")


def test_workflows_and_runs(shop: Repository) -> None:
    text = "name: Nightly\non: workflow_dispatch\n"
    path = ".github/workflows/nightly.yml"
    shop.create_file(path, "ci: add it", text)

    workflow = shop.get_workflow("nightly.yml")
    assert workflow.create_dispatch("main")
    run = shop.get_workflow_runs()[0]

    assert [found.name for found in shop.get_workflows()] == ["Nightly"]
    assert shop.get_workflow(str(workflow.id)).path == path
    assert (run.name, run.event, run.status) == (
        "Nightly",
        "workflow_dispatch",
        "queued",
    )
    assert shop.get_workflow_run(run.id).head_branch == "main"
    assert list(run.jobs()) == []


def test_a_deploy_key_is_found_and_removed(shop: Repository) -> None:
    key = shop.create_key("monokeel", "ssh-ed25519 AAAA", read_only=True)

    assert shop.get_key(key.id).read_only
    key.delete()
    assert list(shop.get_keys()) == []


def test_hooks_are_none(shop: Repository) -> None:
    assert list(shop.get_hooks()) == []


def test_files_tags_and_releases(shop: Repository, start: str) -> None:
    shop.create_git_ref("refs/tags/v1.0.0", start)
    shop.create_git_release("v1.0.0", "One", "notes")

    content = shop.get_contents("notes.txt")
    assert not isinstance(content, list)
    assert base64.b64decode(content.content) == b"feat: start\n"
    assert [tag.name for tag in shop.get_tags()] == ["v1.0.0"]
    assert shop.get_latest_release().name == "One"


_MISSING: dict[str, Callable[[Github, Repository], object]] = {
    "search": lambda client, _: client.search_repositories("shop").totalCount,
    "events": lambda _, shop: shop.get_events().totalCount,
    "forks": lambda _, shop: shop.get_forks().totalCount,
    "teams": lambda _, shop: shop.get_teams().totalCount,
    "milestones": lambda _, shop: shop.get_milestones().totalCount,
    "contributors": lambda _, shop: shop.get_contributors().totalCount,
}


@pytest.mark.parametrize("name", _MISSING)
def test_what_is_missing_names_the_page(name: str, unchecked: Sandbox) -> None:
    grow(unchecked, "feat: start")
    token = Auth.Token(unchecked.tokens["admin"])
    with Github(auth=token, base_url=unchecked.url, retry=None) as client:
        shop = client.get_repo("acme/shop")

        with pytest.raises(GithubException, match=r"docs/reference/sandbox\.md"):
            _MISSING[name](client, shop)
