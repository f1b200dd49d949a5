"""Which permission each call to GitHub needs, by GitHub's own names.

The names and levels are those of the header ``X-Accepted-GitHub-Permissions`` (a comma
means "and"); the pages of tokens and Apps write them as words. Source: GitHub docs,
"Permissions required for fine-grained personal access tokens".
"""

from collections.abc import Iterable, Mapping

PUSH = "git push"
PERMISSIONS: Mapping[str, str] = {
    # A push whose commits have .github/workflows needs both (sapling#1299).
    PUSH: "contents=write,workflows=write",
    "GET /": "metadata=read",
    "PATCH /": "administration=write",
    "GET /collaborators": "metadata=read",
    "GET /keys": "administration=read",
    "POST /keys": "administration=write",
    "GET /environments/{name}": "actions=read",
    "PUT /environments/{name}": "administration=write",
    "GET /environments/{name}/deployment-branch-policies": "actions=read",
    "POST /environments/{name}/deployment-branch-policies": "administration=write",
    "GET /environments/{name}/secrets": "environments=read",
    "PUT /environments/{name}/secrets/{secret}": "environments=write",
    "GET /actions/secrets": "secrets=read",
    "GET /actions/permissions/workflow": "administration=read",
    "GET /immutable-releases": "administration=read",
    "PUT /immutable-releases": "administration=write",
    "GET /branches/{branch}/protection": "administration=read",
    "GET /rulesets/{id}": "metadata=read",
    "POST /rulesets": "administration=write",
    "PUT /rulesets/{id}": "administration=write",
}
# What each App's token is asked for; the steps of the workflows name the same. One
# that asks for more than the App has gets none at all (422, promptfoo#8802).
APPS: Mapping[str, Mapping[str, str]] = {
    "policy": {
        "actions": "read",
        "administration": "write",
        "contents": "read",
        "deployments": "read",
        "environments": "read",
        "issues": "write",
    },
    "template": {"contents": "write", "pull_requests": "write", "workflows": "write"},
}
_LEVELS = ("read", "write")


def needed(calls: Iterable[str]) -> dict[str, str]:
    """Return permission → ``read`` or ``write`` that *calls* need together, by name."""
    found: dict[str, str] = {}
    for call in calls:
        for each in PERMISSIONS[call].split(","):
            area, _, level = each.partition("=")
            known = found.get(area, level)
            found[area] = max(known, level, key=_LEVELS.index)
    return dict(sorted(found.items()))


def in_words(calls: Iterable[str]) -> str:
    """Return what *calls* need as GitHub's pages write it: ``Actions: read``."""
    return ", ".join(f"{page_name(a)}: {level}" for a, level in needed(calls).items())


def page_name(area: str) -> str:
    """Return the permission *area* as the pages of tokens name it."""
    return area.removeprefix("actions_").replace("_", " ").capitalize()
