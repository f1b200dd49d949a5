"""What ends each state of a ruleset that is not as the file says."""

from collections.abc import Iterator, Mapping, Sequence

from monokeel.policy.comparison import Comparison
from monokeel.policy.origin import Origin

_RUN = "run ./scripts/apply-rulesets.sh (./inv policy.apply)"
_AHEAD = f"{_RUN}: what was merged was never applied"
_APPLY = (
    f"{_RUN} to bring GitHub back to the file; to keep what GitHub has, bring it into"
    " infra/rulesets.json by a pull request (./inv policy.export prints it)"
)
_UNKNOWN = (
    "what is not known here is never erased: name it in infra/rulesets.json"
    " (./inv policy.export prints it), or remove it on GitHub by hand"
)
_UNMANAGED = (
    "put it into infra/rulesets.json (./inv policy.export prints it), delete it with"
    " ./inv policy.apply --delete-unmanaged, or name it in [policy] unmanaged of"
    " infra/platform.toml if others keep it"
)
_NOTHING = Origin()


def remedies(
    comparisons: Sequence[Comparison], origins: Mapping[str, Origin], repository: str
) -> tuple[str, ...]:
    """Return a line for each kind of drift: which rulesets, and what ends it.

    *repository* is ``owner/repo``.
    """
    drifting = [each for each in comparisons if each.drifts]
    ahead = [x for x in drifting if origins.get(x.name, _NOTHING).ahead]
    by_step = {
        _AHEAD: ahead,
        _APPLY: [x for x in drifting if _is_repaired(x) and x not in ahead],
        _UNKNOWN: [
            x for x in drifting if any(d.kind == "unknown" for d in x.differences)
        ],
        _UNMANAGED: [x for x in drifting if x.state == "unmanaged"],
    }
    return (
        *(
            f"{', '.join(each.name for each in those)}: {step}"
            for step, those in by_step.items()
            if those
        ),
        *_by_hand(drifting, origins, repository),
    )


def _is_repaired(comparison: Comparison) -> bool:
    return comparison.state == "missing" or any(
        each.can_be_written for each in comparison.differences
    )


def _by_hand(
    drifting: Sequence[Comparison], origins: Mapping[str, Origin], repository: str
) -> Iterator[str]:
    calls = f"repos/{repository}/rulesets"
    renamed = {origins.get(each.name, _NOTHING).renamed for each in drifting}
    for each in drifting:
        old = origins.get(each.name, _NOTHING).renamed
        if old:
            yield (
                f"{each.name}: or give it back its name before you apply:"
                f" gh api -X PUT {calls}/{each.live[0].id} -f name='{old}'"
            )
        if each.state == "duplicate":
            ids = " or ".join(str(x.id) for x in each.live)
            yield (
                f"{each.name}: keep one and delete the others:"
                f" gh api -X DELETE {calls}/ID (ID is {ids})"
            )
        if each.state == "missing" and each.name not in renamed:
            owner = repository.partition("/")[0]
            yield (
                f"{each.name}: who deleted it stands in the audit log alone:"
                f" https://github.com/organizations/{owner}/settings/audit-log"
                "?q=action:repository_ruleset.destroy"
            )
