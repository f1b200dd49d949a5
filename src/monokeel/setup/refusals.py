"""GitHub's words for what a plan or a setting forbids, and the page that changes it."""

from collections.abc import Mapping

# Part of GitHub's message → what to do. Sources: vitodeploy/vito#949 (keys),
# terraform-provider-github#1311 (branch policies), alchemy#1373 (reviewers),
# categraf#34 and sapling#1299 (workflows).
_REMEDIES: Mapping[str, str] = {
    "Deploy keys are disabled": "an owner allows deploy keys at"
    " https://github.com/organizations/{owner}/settings/deploy_keys",
    "protected branch gate": "this plan has no branch policies for private"
    " repositories: GitHub Pro, Team or Enterprise has, or make the repository public",
    "required reviewers protection rule": "this plan has no required reviewers here:"
    " Enterprise or a public repository has, or write reviewers = false in"
    " infra/platform.toml",
    "create or update workflow": "the token needs Workflows: write (a classic one or"
    " that of gh the scope workflow: gh auth refresh -s workflow), or push with your"
    " own git credentials",
}


def remedy_for(words: str, owner: str) -> str:
    """Return what to do about GitHub's *words*; "" for words that nobody knows."""
    for part, remedy in _REMEDIES.items():
        if part in words:
            return remedy.format(owner=owner)
    return ""
