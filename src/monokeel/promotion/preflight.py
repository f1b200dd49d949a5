"""Would GitHub take the push? Asked before anything is written."""

from monokeel.ground.answers import Unknown
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import ACTIONS, Place, Reading

_PATH = ".github/workflows"
_WORDS = (
    '"refusing to allow a GitHub App to create or update workflow"'  # its own words
)


def push_outlook(
    reading: Reading, outside: Outside, place: Place, version: str
) -> tuple[str, tuple[str, ...]]:
    """Return why a push with a token is certainly refused, and what may stop it.

    Not for the deploy key: the rules let it pass, and it needs no right to workflows.
    """
    branch = f"env/{place.name}"
    rules = outside.records.push_refusals(branch, exists=place.commit is not None)
    warnings = []
    if isinstance(rules, Unknown):
        warnings.append(f"the rules of {branch} could not be read: {rules.reason}")
    elif rules:
        return f"the rules of {branch} refuse this token: {', '.join(rules)}", ()
    equal, elsewhere = _workflows(reading, outside, version)
    if equal:
        return "", tuple(warnings)
    said = (
        f"{version} has other workflow files than"
        f" {reading.settings.default_branch}{'' if elsewhere else ' and every branch'}:"
        f" without the right to workflows GitHub is {_WORDS}"
    )
    if not elsewhere and reading.listed.viewer == ACTIONS:
        return said, ()
    return "", (*warnings, f"{said}; set MONOKEEL_DEPLOY_KEY")


def _workflows(reading: Reading, outside: Outside, version: str) -> tuple[bool, bool]:
    # Equality with the default branch is enough; reports say, with any branch
    # (spinframework/spin#1226). So a refusal is certain where no branch is equal.
    commit, pointers = reading.pointers.releases[version], reading.pointers
    tree = outside.clone.tree_of
    wanted = tree(commit, _PATH)
    if tree(pointers.main, _PATH) == wanted:
        return True, True
    for head in dict.fromkeys(pointers.heads.values()):
        if outside.clone.commit_of(head) is None or tree(head, _PATH) == wanted:
            return False, True  # a branch that is not in this clone may be equal
    return False, False
