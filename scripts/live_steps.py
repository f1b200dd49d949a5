"""What a live run tries of records, releases, merges and rights, over the API."""

import time
from functools import partial
from http import HTTPStatus

from live_place import CREATED, OK, Live, Step, said
from live_rules import DELETION, ruled

from monokeel.adapters.session import Answer
from monokeel.ground.answers import Json, as_list, as_number, as_object
from monokeel.setup.permissions import KINDS, PERMISSIONS, kind_of


def permissions(live: Live) -> str:
    """Compare the header of each GET with our table."""
    wrong = []
    for call, ours in PERMISSIONS.items():
        method, _, path = call.partition(" ")
        if method != "GET" or "{" in path or " " in path:  # a part of an answer
            continue
        answer = live.ask("GET", path.rstrip("/"))
        theirs = answer.headers.get("X-Accepted-GitHub-Permissions")
        if theirs is not None and ours not in theirs.replace(" ", "").split(";"):
            wrong.append(f"{call} takes {theirs}, not {ours}")
    return "; ".join(wrong)


def branch_policy(live: Live) -> str:
    """Make an Environment that is limited to one branch."""
    policy: Json = {"protected_branches": False, "custom_branch_policies": True}
    path = "/environments/live"
    answer = live.ask("PUT", path, {"deployment_branch_policy": policy})
    live.made.append(partial(live.ask, "DELETE", path))
    return "" if answer.status == OK else said(answer)


def long_list(live: Live) -> str:
    """Ask for releases behind the first thousand."""
    answer = live.ask("GET", "/releases?per_page=100&page=11")
    return "" if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY else said(answer)


def drafts(live: Live) -> str:
    """Make a draft and list it at once."""
    body: Json = {"tag_name": "live-draft", "draft": True}
    made = live.make("/releases", body, undo="/releases/{id}")
    if made.status != CREATED:
        return said(made)
    number = as_object(made.json())["id"]
    return "" if number in _ids(live, "/releases") else "it was not listed at once"


def _ids(live: Live, path: str) -> list[int]:
    listed = as_list(live.ask("GET", path).json())
    return [as_number(as_object(each)["id"]) for each in listed]


def second_draft(live: Live) -> str:
    """Make two drafts of one tag and list them twice."""
    body: Json = {"tag_name": "live-twice", "draft": True}
    for _ in range(2):
        made = live.make("/releases", body, undo="/releases/{id}")
        if made.status != CREATED:
            return said(made)
    once, twice = _ids(live, "/releases"), _ids(live, "/releases")
    return "" if once == twice else f"the order was {once}, then {twice}"


def burned(live: Live) -> str:
    """Delete an immutable release; draft its tag again, and publish that."""
    live.ask("PUT", "/immutable-releases")
    live.made.append(partial(live.ask, "DELETE", "/immutable-releases"))
    body: dict[str, Json] = {"tag_name": "live-burned", "target_commitish": "main"}
    made = live.ask("POST", "/releases", body)
    if made.status != CREATED:
        return said(made)
    live.ask("DELETE", f"/releases/{as_object(made.json())['id']}")
    live.ask("DELETE", "/git/refs/tags/live-burned")
    draft = live.make("/releases", {**body, "draft": True}, undo="/releases/{id}")
    if draft.status != CREATED:
        return said(draft)
    path = f"/releases/{as_object(draft.json())['id']}"
    published = live.ask("PATCH", path, {"draft": False})
    return "it was published" if published.status == OK else ""


_RECORDS = """query Deployments($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    all: deployments(environments: ["live-record"], first: 10, orderBy:\
 {field: CREATED_AT, direction: DESC}) { nodes { databaseId } }
  }
}"""


def _listed_records(live: Live) -> list[int]:
    owner, _, name = live.github.repository.partition("/")
    data = live.github.graphql(_RECORDS, {"owner": owner, "name": name})
    nodes = as_object(as_object(data["repository"])["all"])["nodes"]
    return [as_number(as_object(each)["databaseId"]) for each in as_list(nodes)]


def _record(live: Live, **more: Json) -> Answer:
    body: dict[str, Json] = {"ref": "main", "environment": "live-record"}
    body |= {"auto_merge": False, "required_contexts": [], **more}
    live.made.append(partial(live.ask, "DELETE", "/environments/live-record"))
    return live.ask("POST", "/deployments", body)


def deployments(live: Live) -> str:
    """Record four deployments and read them, newest first, by GraphQL."""
    made = [_record(live) for _ in range(4)]
    if any(each.status != CREATED for each in made):
        return said(made[-1])
    ids = [as_number(as_object(each.json())["id"]) for each in made]
    seen = _listed_records(live)
    return "" if seen[:4] == sorted(ids, reverse=True) else f"{seen}, made were {ids}"


def at_once(live: Live) -> str:
    """Record a deployment and look for it in GraphQL's list."""
    made = _record(live)
    if made.status != CREATED:
        return said(made)
    there = as_object(made.json())["id"] in _listed_records(live)
    return "" if there else "it was not in the list"


def environment_made(live: Live) -> str:
    """Record a deployment to an Environment that is not there."""
    made = _record(live, environment="live-new")
    live.made.append(partial(live.ask, "DELETE", "/environments/live-new"))
    if made.status != CREATED:
        return said(made)
    there = live.ask("GET", "/environments/live-new").status
    return "" if there == OK else "no Environment was made"


def failed_stays(live: Live) -> str:
    """Let a deployment fail and the next one succeed; look at the first again."""
    made = [_record(live) for _ in range(2)]
    if any(each.status != CREATED for each in made):
        return said(made[-1])
    first, second = (as_object(each.json())["id"] for each in made)
    for number, state in ((first, "failure"), (second, "success")):
        live.ask("POST", f"/deployments/{number}/statuses", {"state": state})
    found = as_list(live.ask("GET", f"/deployments/{first}/statuses").json())
    states = {str(as_object(each)["state"]) for each in found}
    return "" if states == {"failure"} else f"it has {sorted(states)}"


def gone_branch(live: Live) -> str:
    """Ask for the moves of a branch that is not there."""
    answer = live.ask("GET", "/activity?ref=refs/heads/live-gone")
    known = (OK, HTTPStatus.UNPROCESSABLE_ENTITY)
    return "" if answer.status in known else said(answer)


def head_deleted(live: Live) -> str:
    """Merge a pull request from a branch whose deletion a rule forbids."""
    head = live.commit("feat: move")
    live.push(live.plain, "refs/heads/env/merged", None, head)
    live.ask("PATCH", "", {"delete_branch_on_merge": True})
    with ruled(live, "live-head", "branch", ["refs/heads/env/*"], [DELETION]) as rule:
        if rule.status != CREATED:
            return said(rule)
        failed = _merged(live, "env/merged")
        time.sleep(1)
        there = live.ask("GET", "/git/ref/heads/env/merged").status
    live.ask("PATCH", "", {"delete_branch_on_merge": False})
    return failed or ("the branch is still there" if there == OK else "")


def _merged(live: Live, head: str) -> str:
    body: Json = {"title": "feat: live", "head": head, "base": "main"}
    made = live.ask("POST", "/pulls", body)
    if made.status != CREATED:
        return said(made)
    number = as_object(made.json())["number"]
    merged = live.ask("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})
    return "" if merged.status == OK else said(merged)


def squash(live: Live) -> str:
    """Squash a pull request of one commit, as a new repository does by default."""
    live.push(live.plain, "refs/heads/feat/live", None, live.commit("wip"))
    if failed := _merged(live, "feat/live"):
        return failed
    tip = as_object(live.ask("GET", "/commits/main").json())
    message = str(as_object(tip["commit"])["message"])
    return "" if message.startswith("wip") else f"it is {message.splitlines()[0]!r}"


def scopes(live: Live) -> str:
    """Compare the header of scopes with the kind of the token."""
    sent = "X-OAuth-Scopes" in live.ask("GET", "").headers
    kind = kind_of(live.github.token or "")
    wanted = kind in (KINDS["ghp_"], KINDS["gho_"])
    return "" if sent is wanted else f"{kind}: it is {'' if sent else 'not '}sent"


def collaborators(live: Live) -> str:
    """Ask who may write."""
    answer = live.ask("GET", "/collaborators")
    return "" if answer.status == OK else said(answer)


# In this order: a squash moves main, so what is compared with it comes before.
STEPS = (
    Step(row="each GET needs the permission of our table", see=permissions),
    Step(row="an Environment may be limited to a branch", see=branch_policy),
    Step(row="The list of releases ends with 422", see=long_list),
    Step(row="a draft is listed at once", see=drafts),
    Step(row="A draft of a tag that is published", see=second_draft),
    Step(row="A draft for a burned tag name", see=burned),
    Step(row="GraphQL lists deployments of named", see=deployments),
    Step(row="A deployment that was just made", see=at_once),
    Step(row="`POST deployments` makes a GitHub", see=environment_made),
    Step(row="`auto_inactive` leaves records alone", see=failed_stays),
    Step(row="`activity` of a branch that is gone", see=gone_branch),
    Step(row="`X-OAuth-Scopes` is sent", see=scopes),
    Step(row="`GET collaborators` names", see=collaborators),
    Step(row="`delete_branch_on_merge` deletes", see=head_deleted),
    Step(row="a squash of one commit takes its message by default", see=squash),
)
