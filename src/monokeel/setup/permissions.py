"""Which permission each call to GitHub needs, and what each kind of token cannot do.

The names and levels are those of the header ``X-Accepted-GitHub-Permissions`` (a comma
means "and"); the pages of tokens and Apps write them as words. Sources: GitHub docs,
"Permissions required for fine-grained personal access tokens", "About authentication
to GitHub" (prefixes), "Working with the Container registry" (classic tokens only),
"Automatic token authentication"; gh's own scopes: sapling#1299.
"""

from collections.abc import Iterable, Mapping

PUSH = "git push"
PERMISSIONS: Mapping[str, str] = {
    # A push whose commits have .github/workflows needs both (sapling#1299).
    PUSH: "contents=write,workflows=write",
    "GET /": "metadata=read",
    # Left out otherwise (docs, "Get a repository"; terraform-provider-github#1727).
    "GET / of merging": "contents=write",
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
    "GET /actions/permissions": "administration=read",
    "GET /actions/permissions/selected-actions": "administration=read",
    "GET /actions/permissions/workflow": "administration=read",
    "PUT /actions/permissions/workflow": "administration=write",
    "GET /immutable-releases": "administration=read",
    "PUT /immutable-releases": "administration=write",
    "GET /branches/{branch}/protection": "administration=read",
    "GET /rulesets/{id}": "metadata=read",
    "POST /rulesets": "administration=write",
    "PUT /rulesets/{id}": "administration=write",
}
_LEVELS = ("read", "write")
KINDS: Mapping[str, str] = {
    "github_pat_": "fine-grained token",
    "ghp_": "classic token",
    "gho_": "token of gh or an OAuth app",
    "ghu_": "token of a GitHub App for a person",
    "ghs_": "token of a GitHub App or a workflow",
}
# Kind → what its tokens cannot do, whatever their rights are.
LIMITS: Mapping[str, str] = {
    "fine-grained token": "GitHub's registry takes none of this kind: leave it out"
    " where the images are public, or set MONOKEEL_REGISTRY_PASSWORD to a classic one"
    " (read:packages)",
    "token of a GitHub App for a person": "GitHub's registry takes none of this kind",
    "token of a GitHub App or a workflow": "that of a workflow cannot see who may"
    " bypass rules, set secrets or change workflows",
}
# What a classic token or gh's needs for all that we do, with the scope that holds it.
SCOPES = {"repo": "", "workflow": "", "read:packages": "write:packages"}


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
    return area.replace("_", " ").capitalize()


def kind_of(token: str) -> str:
    """Return the kind of *token* in words, by its prefix."""
    kinds = (kind for prefix, kind in KINDS.items() if token.startswith(prefix))
    return next(kinds, "token of an unknown kind")
