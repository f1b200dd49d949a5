from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Answer, Api, grow
from tests.sandbox.cases import ENV, MAIN, TAGS, TAGS_CREATE, rule, ruleset

_VIOLATIONS = "Repository rule violations found\n\n"


def test_a_created_ref_is_found_with_its_place(api: Api, start: str) -> None:
    made = api("POST", "/git/refs", {"ref": "refs/heads/feat/a", "sha": start})

    assert made.status == 201
    assert made.headers["Location"] == made["url"]
    assert api("GET", "/git/ref/heads/feat/a")["object"] == {
        "sha": start,
        "type": "commit",
        "url": f"{api.box.url}/repos/acme/shop/git/commits/{start}",
    }


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        pytest.param("refs/heads/main", "Reference already exists", id="exists"),
        pytest.param("refs/heads/main/x", "Reference update failed", id="clash"),
        pytest.param(
            "refs/main",
            "Reference name must start with 'refs/' and contain at least two slashes.",
            id="short, text assumed",
        ),
    ],
)
def test_a_ref_that_cannot_be_created_is_a_422(
    api: Api, start: str, ref: str, message: str
) -> None:
    answer = api("POST", "/git/refs", {"ref": ref, "sha": start})

    assert (answer.status, answer.message) == (422, message)
    assert answer["status"] == "422"


def test_an_unknown_object_is_named_as_such(api: Api, start: str) -> None:
    wanted: Json = {"ref": "refs/heads/x", "sha": "a" * 40}

    answer = api("POST", "/git/refs", wanted)

    assert (answer.status, answer.message) == (422, "Object does not exist")
    assert start


def test_a_ref_goes_back_only_by_force(api: Api, box: Sandbox, start: str) -> None:
    newer = grow(box, "feat: more")

    refused = api("PATCH", "/git/refs/heads/main", {"sha": start})
    forced = api("PATCH", "/git/refs/heads/main", {"sha": start, "force": True})

    assert (refused.status, refused.message) == (422, "Update is not a fast forward")
    assert forced.status == 200
    assert newer != start


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_missing_ref_is_a_422_not_a_404(api: Api, start: str, method: str) -> None:
    body: Json = {"sha": start} if method == "PATCH" else None

    answer = api(method, "/git/refs/heads/none", body)

    assert (answer.status, answer.message) == (422, "Reference does not exist")


@pytest.mark.parametrize(
    ("rules", "method", "reason"),
    [
        pytest.param(
            TAGS_CREATE,
            "POST",
            "Cannot create ref due to creations being restricted.",
            id="creation, over REST assumed",
        ),
        pytest.param(TAGS, "PATCH", "Cannot update this protected ref.", id="update"),
        pytest.param(TAGS, "DELETE", "Cannot delete this tag", id="deletion"),
        pytest.param(
            ruleset("x", rule("non_fast_forward"), ref="refs/tags/v*"),
            "PATCH",
            "Cannot force-push to this tag",
            id="non_fast_forward",
        ),
    ],
)
def test_rules_for_tags_speak_as_github_does(
    api: Api, rules: Json, method: str, reason: str
) -> None:
    old, tip = grow(api.box, "feat: a"), grow(api.box, "feat: b")
    api("POST", "/git/refs", {"ref": "refs/tags/v1.0.0", "sha": tip})
    assert api("POST", "/rulesets", rules).status == 201
    bodies: dict[str, Json] = {
        "POST": {"ref": "refs/tags/v2.0.0", "sha": tip},
        "PATCH": {"sha": old, "force": True},
        "DELETE": None,
    }
    path = "/git/refs" if method == "POST" else "/git/refs/tags/v1.0.0"

    answer = api(method, path, bodies[method])

    assert (answer.status, answer.message) == (422, f"{_VIOLATIONS}{reason}\n\n")


def test_the_same_commit_is_no_update(api: Api, start: str) -> None:
    api("POST", "/git/refs", {"ref": "refs/tags/v1.0.0", "sha": start})
    api("POST", "/rulesets", TAGS)

    answer = api("PATCH", "/git/refs/tags/v1.0.0", {"sha": start})

    assert answer.status == 200


def test_without_the_rule_update_a_tag_moves_forward(
    api: Api, box: Sandbox, start: str
) -> None:
    api("POST", "/git/refs", {"ref": "refs/tags/v1.0.0", "sha": start})
    rules = ruleset("x", rule("deletion"), rule("non_fast_forward"), ref="refs/tags/v*")
    api("POST", "/rulesets", rules)

    answer = api("PATCH", "/git/refs/tags/v1.0.0", {"sha": grow(box, "feat: more")})

    assert answer.status == 200


def test_main_changes_through_pull_requests_only(
    api: Api, box: Sandbox, start: str
) -> None:
    other = grow(box, "feat: more", "refs/heads/feat/x")
    api("POST", "/rulesets", MAIN)

    answer = api("PATCH", "/git/refs/heads/main", {"sha": other, "force": True})

    assert answer.status == 422
    assert "Changes must be made through a pull request." in answer.message
    assert 'Required status check "all-green" is expected.' in answer.message
    assert start


def test_the_default_branch_cannot_be_deleted(api: Api, start: str) -> None:
    answer = api("DELETE", "/git/refs/heads/main")

    assert (answer.status, answer.message) == (422, "Cannot delete the default branch")
    assert start


def test_environment_branches_refuse_every_token(api: Api, start: str) -> None:
    api("POST", "/rulesets", ENV)
    wanted: Json = {"ref": "refs/heads/env/prod", "sha": start}

    answers = [
        api("POST", "/git/refs", wanted, who=who) for who in ("admin", "actions")
    ]

    assert [answer.status for answer in answers] == [422, 422]


def test_workflow_files_need_the_right_for_them(
    api: Api, box: Sandbox, start: str
) -> None:
    git = box.state.git
    tree = git.tree_with(start, ".github/workflows/ci.yml", b"on: push\n")
    author = ("Ann", "ann@example.com", "2026-11-02T10:00:00Z")
    commit = git.commit_tree(tree, [start], "ci: x", author=author)
    grow(box, "feat: more")
    base = git.tree_with("main", ".github/workflows/ci.yml", b"on: pull_request\n")
    tip = git.commit_tree(base, ["main"], "ci: y", author=author)
    assert git.move("refs/heads/main", tip, git.commit_of("main"))
    wanted: Json = {"ref": "refs/heads/env/prod", "sha": commit}

    answer = api("POST", "/git/refs", wanted, who="actions")

    assert answer.status == 403
    assert answer.message == "Resource not accessible by integration"
    rights = answer.headers["X-Accepted-GitHub-Permissions"]
    assert rights == "contents=write; contents=write,workflows=write"


def test_an_annotated_tag_is_an_object_of_its_own(api: Api, start: str) -> None:
    body: dict[str, Json] = {"tag": "v1", "message": "one", "object": start}
    tagger: Json = {"name": "Ann", "email": "ann@example.com"}

    made = api("POST", "/git/tags", body | {"type": "commit", "tagger": tagger})

    assert made.status == 201
    assert api("GET", f"/git/tags/{made['sha']}")["object"] == made["object"]


def test_a_tag_is_peeled_where_commits_are_asked_for(api: Api, start: str) -> None:
    api("POST", "/git/refs", {"ref": "refs/tags/v1", "sha": start})

    assert api("GET", "/commits/tags/v1")["sha"] == start


def test_two_creators_of_one_ref_have_one_winner(api: Api, box: Sandbox) -> None:
    grow(box, "feat: a")
    commits = [grow(box, f"feat: {n}", f"refs/heads/feat/{n}") for n in range(4)]

    def claim(commit: str) -> Answer:
        return api("POST", "/git/refs", {"ref": "refs/releases/v1.0.0", "sha": commit})

    with ThreadPoolExecutor() as runners:
        answers = list(runners.map(claim, commits))

    assert sorted(answer.status for answer in answers) == [201, 422, 422, 422]


@pytest.mark.parametrize("path", ["/git/ref/heads/main", "/commits", "/commits/main"])
def test_an_empty_repository_is_a_conflict(api: Api, path: str) -> None:
    answer = api("GET", path)

    assert (answer.status, answer.message) == (409, "Git Repository is empty.")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/branches/none", "Branch not found"),
        ("/branches/main/protection", "Branch not protected"),
        ("/git/ref/heads/none", "Not Found"),
        ("/compare/main...none", "Not Found"),
        ("/contents/none", "Not Found"),
    ],
)
def test_what_is_missing_is_a_404(
    api: Api, start: str, path: str, message: str
) -> None:
    answer = api("GET", path)

    assert (answer.status, answer.message) == (404, message)
    assert start


def test_two_commits_are_compared(api: Api, box: Sandbox, start: str) -> None:
    newer = grow(box, "feat: more")

    ahead = api("GET", f"/compare/{start}...main")
    behind = api("GET", f"/compare/main...{start}")

    assert (ahead["status"], ahead["ahead_by"]) == ("ahead", 1)
    assert (behind["status"], behind["behind_by"]) == ("behind", 1)
    assert newer != start


def test_a_file_is_written_with_the_blob_that_was_seen(api: Api, start: str) -> None:
    path, body = "/contents/notes.txt", {"message": "fix: x", "content": "eA=="}
    blind = api("PUT", path, {**body})
    stale = api("PUT", path, {**body, "sha": start})
    seen = api("GET", path)["sha"]

    done = api("PUT", path, {**body, "sha": seen})

    assert (blind.status, stale.status, done.status) == (422, 409, 200)
    raw = {"Accept": "application/vnd.github.raw+json"}
    assert api("GET", path, headers=raw).body == b"x"
    (entry,) = api("GET", "/contents/").items
    assert entry["name"] == "notes.txt"


def test_the_commits_of_a_branch_come_newest_first(
    api: Api, box: Sandbox, start: str
) -> None:
    newer = grow(box, "feat: more")

    assert [c["sha"] for c in api("GET", "/commits").items] == [newer, start]
    sha = {"Accept": "application/vnd.github.sha"}
    assert api("GET", "/commits/main", headers=sha).body.decode() == newer


def test_branches_and_tags_are_listed(api: Api, start: str) -> None:
    api("POST", "/git/refs", {"ref": "refs/tags/v1", "sha": start})
    api("POST", "/rulesets", MAIN)

    (branch,) = api("GET", "/branches").items
    (tag,) = api("GET", "/tags").items
    matching = api("GET", "/git/matching-refs/tags/v").items

    assert (branch["name"], branch["protected"]) == ("main", True)
    assert (tag["name"], tag["commit"]) == ("v1", branch["commit"])
    assert [ref["ref"] for ref in matching] == ["refs/tags/v1"]
    assert api("GET", "/branches/main")["protected"] is True


def test_a_file_on_main_needs_a_pull_request(api: Api, start: str) -> None:
    api("POST", "/rulesets", MAIN)

    answer = api("PUT", "/contents/x.txt", {"message": "x", "content": "eA=="})

    assert answer.status == 409
    assert "Changes must be made through a pull request." in answer.message
    assert start
