"""Kinds of tokens, and what each cannot do whatever it was given.

Sources: GitHub docs, "About authentication to GitHub" (prefixes), "Working with the
Container registry" (classic tokens only), "Automatic token authentication"; gh's own
scopes: sapling#1299.
"""

from collections.abc import Mapping, Sequence

KINDS: Mapping[str, str] = {
    "github_pat_": "fine-grained token",
    "ghp_": "classic token",
    "gho_": "token of gh or an OAuth app",
    "ghu_": "token of a GitHub App for a person",
    "ghs_": "token of a GitHub App or a workflow",
}
_LIMITS: Mapping[str, str] = {
    "fine-grained token": "GitHub's registry takes none of this kind: leave it out"
    " where the images are public, or set MONOKEEL_REGISTRY_PASSWORD to a classic one"
    " (read:packages)",
    "token of a GitHub App for a person": "GitHub's registry takes none of this kind",
    "token of a GitHub App or a workflow": "that of a workflow cannot see who may"
    " bypass rules, set secrets or change workflows",
}
_SCOPES = ("repo", "workflow", "read:packages")
_WIDER = {"read:packages": "write:packages"}
_GET_MORE: Mapping[str, str] = {
    "classic token": "tick them at https://github.com/settings/tokens",
    "token of gh or an OAuth app": "gh auth refresh -s {scopes}",
}


def kind_of(token: str) -> str:
    """Return the kind of *token* in words, by its prefix."""
    for prefix, kind in KINDS.items():
        if token.startswith(prefix):
            return kind
    return "token of an unknown kind"


def limit_of(kind: str) -> str:
    """Return what a token of *kind* cannot do; "" where that is up to its rights."""
    return _LIMITS.get(kind, "")


def missing_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    """Return the scopes that a classic token or gh's lacks for all that we do."""
    return tuple(
        each
        for each in _SCOPES
        if each not in scopes and _WIDER.get(each) not in scopes
    )


def remedy_for_scopes(kind: str, scopes: Sequence[str]) -> str:
    """Return how a token of *kind* gets *scopes*."""
    how = _GET_MORE.get(kind, _GET_MORE["classic token"])
    return how.format(scopes=",".join(scopes))
