"""The objects that many answers share: people, the repository, commits."""

import base64

from sandbox.actors import Actor
from sandbox.gitrepo import CommitText
from sandbox.state import REPOSITORY_ID, State
from sandbox.wire import Json, JsonObject

_USER_URLS = {
    "followers_url": "followers",
    "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}",
    "subscriptions_url": "subscriptions",
    "organizations_url": "orgs",
    "repos_url": "repos",
    "events_url": "events{/privacy}",
    "received_events_url": "received_events",
}
_REPOSITORY_URLS = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}


def node_id(kind: str, number: int | str) -> str:
    """Return an opaque id such as GitHub's GraphQL has."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def user(state: State, actor: Actor) -> JsonObject:
    """Return *actor* as ``simple-user``."""
    kind = "Bot" if actor.is_app else "User"
    return account(state, actor.login or "ghost", actor.id, kind)


def owner(state: State) -> JsonObject:
    """Return the owner of the repository as ``simple-user``."""
    return account(state, state.identity.owner, 1, state.owner_type)


def account(state: State, login: str, number: int, kind: str) -> JsonObject:
    """Return an account as ``simple-user``; *kind* is such as ``User``."""
    base = state.identity.base
    api = f"{base}/users/{login}"
    body: JsonObject = {
        "login": login,
        "id": number,
        "node_id": node_id(kind, number),
        "avatar_url": f"{base}/avatars/{number}",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{base}/{login}",
        "type": kind,
        "site_admin": False,
    }
    return body | {name: f"{api}/{path}" for name, path in _USER_URLS.items()}


def repository(state: State, *, minimal: bool = False) -> JsonObject:
    """Return the repository as ``minimal-repository`` or with the usual fields."""
    where = state.identity
    body: JsonObject = {
        "id": REPOSITORY_ID,
        "node_id": node_id("Repository", REPOSITORY_ID),
        "name": where.name,
        "full_name": where.full_name,
        "owner": owner(state),
        "private": state.private,
        "html_url": where.html,
        "description": state.settings.get("description"),
        "fork": False,
        "url": where.api,
    }
    body |= {name: f"{where.api}/{path}" for name, path in _REPOSITORY_URLS.items()}
    return body if minimal else body | _usual(state)


def _usual(state: State) -> JsonObject:
    where = state.identity
    moment = "2026-01-01T00:00:00Z"
    body: JsonObject = {
        "git_url": f"git://{where.base.partition('//')[2]}/{where.full_name}.git",
        "ssh_url": f"git@github.com:{where.full_name}.git",
        "clone_url": f"{where.html}.git",
        "svn_url": where.html,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "default_branch": state.default_branch,
        "visibility": "private" if state.private else "public",
        "pushed_at": moment,
        "created_at": moment,
        "updated_at": moment,
    }
    counts = ("forks", "forks_count", "stargazers_count", "watchers", "watchers_count")
    body |= dict.fromkeys((*counts, "size"), 0)
    open_issues = sum(issue.state == "open" for issue in state.issues)
    body |= {"open_issues": open_issues, "open_issues_count": open_issues}
    body |= dict.fromkeys(("has_issues", "has_projects", "has_wiki"), True)
    off = ("has_pages", "has_discussions", "has_downloads", "archived", "disabled")
    return body | dict.fromkeys(off, False)


def commit(state: State, found: CommitText) -> JsonObject:
    """Return *found* as ``commit``, the shape of ``/commits``."""
    api = state.identity.api
    return {
        "url": f"{api}/commits/{found.sha}",
        "sha": found.sha,
        "node_id": node_id("Commit", found.sha),
        "html_url": f"{state.identity.html}/commit/{found.sha}",
        "comments_url": f"{api}/commits/{found.sha}/comments",
        "commit": {
            "url": f"{api}/git/commits/{found.sha}",
            "author": signature(found.author),
            "committer": signature(found.committer),
            "message": found.message,
            "comment_count": 0,
            "tree": tree(state, found),
            "verification": verification(),
        },
        "author": account(state, found.author[0].replace(" ", "-"), 2001, "User"),
        "committer": account(state, found.committer[0].replace(" ", "-"), 2002, "User"),
        "parents": parents(state, found),
    }


def signature(who: tuple[str, str, str]) -> JsonObject:
    """Return a name, address and moment as git writes them under a commit."""
    return {"name": who[0], "email": who[1], "date": who[2]}


def tree(state: State, found: CommitText) -> JsonObject:
    """Return the tree of a commit."""
    return {"sha": found.tree, "url": f"{state.identity.api}/git/trees/{found.tree}"}


def parents(state: State, found: CommitText) -> list[Json]:
    """Return the parents of a commit."""
    return [
        {
            "sha": sha,
            "url": f"{state.identity.api}/commits/{sha}",
            "html_url": f"{state.identity.html}/commit/{sha}",
        }
        for sha in found.parents
    ]


def verification() -> JsonObject:
    """Return what GitHub says about a commit without a signature."""
    return {
        "verified": False,
        "reason": "unsigned",
        "signature": None,
        "payload": None,
        "verified_at": None,
    }
