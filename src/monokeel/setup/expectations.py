"""What must be there on GitHub, as one table: how it is seen, made, and missed.

``init`` makes the rows, ``doctor`` reads them all, ``drift`` those that it watches, and
the page about permissions is written from them.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from monokeel.ground.answers import Unknown
from monokeel.ground.settings import Settings
from monokeel.policy.reading import read_rulesets
from monokeel.policy.refs import binds
from monokeel.policy.rulesets import Ruleset
from monokeel.setup import permissions, writer
from monokeel.setup.actions import action_rows
from monokeel.setup.environments import environment_rows
from monokeel.setup.main_branch import MAIN, main_row
from monokeel.setup.merging import approvals, merge_rows
from monokeel.setup.ports import Outside, Repository
from monokeel.setup.rows import INIT, Answer, AsWanted, Declared, Expectation, Otherwise

MERGING = "somebody can merge"


def expectations(declared: Declared, outside: Outside) -> Iterator[Expectation]:
    """Yield every row, in the order in which they are made; the rules come last."""
    settings, repository = declared.settings, outside.repository
    policy = declared.policy
    if outside.token_kind:
        yield _token(outside)
    if outside.clone is not None:
        yield main_row(settings, outside.clone)
    yield from _settings_rows(declared, repository)
    yield writer.writer_row(declared, outside)
    if passes(policy or (), "DeployKey"):
        yield writer.foreign_keys_row(declared, outside)
    yield from environment_rows(settings, repository)
    yield from writer.secret_rows(declared, outside)
    yield from action_rows(declared, repository)
    yield from _lasting_rows(settings, repository)
    if policy is not None:
        yield from merge_rows(settings, policy, repository)
        yield _merging(policy, repository)
        yield _rules(settings, policy, outside)


def passes(policy: Sequence[Ruleset], actor_type: str) -> bool:
    """Say whether the rules let any actor of *actor_type* pass."""
    return any(
        who.startswith(actor_type) for ruleset in policy for who in ruleset.passing
    )


def _token(outside: Outside) -> Expectation:
    kind = outside.token_kind

    def ask() -> Answer:
        scopes = outside.repository.token_scopes()
        missing = permissions.missing_scopes(scopes) if scopes is not None else ()
        if missing:
            return Otherwise(
                detail=f"{kind} without {', '.join(missing)}",
                remedy=permissions.remedy_for_scopes(kind, missing),
            )
        limit = permissions.LIMITS.get(kind)
        return AsWanted(detail=f"{kind}: {limit}" if limit else kind)

    return Expectation(
        name="token",
        item="token",
        reads=("GET /",),
        lost="a push of workflows is refused (workflow), images are not seen"
        " (read:packages)",
        ask=ask,
        watched="note",
    )


def _settings_rows(declared: Declared, repository: Repository) -> Iterator[Expectation]:
    settings = declared.settings
    yield Expectation(
        name="settings",
        item="settings",
        reads=("GET /",),
        writes=("PATCH /",),
        lost="the title that was checked is not the one that is merged, and a merge may"
        " delete an env/* branch",
        ask=partial(_settings, settings, repository),
        make=partial(repository.change_settings, settings.on_github),
    )
    yield Expectation(
        name="default branch on GitHub",
        item="default_branch",
        reads=("GET /",),
        lost="pull requests and schedules go there",
        ask=partial(_default_branch, declared, repository),
    )


def _settings(settings: Settings, repository: Repository) -> Answer:
    there = repository.get_repository()
    hidden = [name for name in settings.on_github if name not in there]
    if hidden:
        reason = f"GitHub leaves {', '.join(hidden)} out of its answer"
        return Unknown(reason=reason, hidden=True)
    wrong = [
        f"{name} is {_written(there[name])}, not {_written(value)}"
        for name, value in settings.on_github.items()
        if there[name] != value
    ]
    if wrong:
        return Otherwise(detail="; ".join(wrong), remedy=INIT)
    return AsWanted(detail="as [settings] says")


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _default_branch(declared: Declared, repository: Repository) -> Answer:
    settings, wanted = declared.settings, declared.settings.default_branch
    there = repository.get_repository().get("default_branch")
    if there == wanted:
        return AsWanted(detail=wanted)
    ref, active = (
        f"refs/heads/{there}",
        [x for x in declared.policy or () if x.is_active],
    )
    binding = ", ".join(x.name for x in active if binds(x, ref, str(there)))
    detail = f"GitHub's default branch is {there}, infra/platform.toml says {wanted}"
    detail += f"; what binds {there}: {binding or 'no ruleset'}"
    remedy = f"gh api -X PATCH repos/{settings.repository} -f default_branch={wanted}"
    return Otherwise(detail=detail, remedy=remedy, severe=True)


def _lasting_rows(settings: Settings, repository: Repository) -> Iterator[Expectation]:
    branch = settings.default_branch
    yield Expectation(
        name="immutable releases",
        item="immutable_releases",
        reads=("GET /immutable-releases",),
        writes=("PUT /immutable-releases",),
        lost="what is published can be changed",
        ask=lambda: (
            AsWanted(detail="on")
            if repository.immutable_releases()
            else Otherwise(detail="off", remedy=INIT, severe=True)
        ),
        make=repository.enable_immutable_releases,
    )
    beside = f"classic branch protection of {branch} stands beside the rulesets"
    both = "GitHub asks for both: delete it once the rules are applied"
    yield Expectation(
        name="classic protection",
        item="classic_protection",
        reads=("GET /branches/{branch}/protection",),
        lost="merges wait for rules that stand in no file",
        ask=lambda: (
            Otherwise(detail=beside, remedy=both)
            if repository.classic_protection(branch)
            else AsWanted(detail="none")
        ),
        watched="note",
    )


def _merging(policy: Sequence[Ruleset], repository: Repository) -> Expectation:
    """Expect that who opened a pull request is not the only one who may approve it."""
    needed = approvals(policy)

    def ask() -> Answer:
        if not needed:
            return AsWanted(detail="no approval is asked for")
        people = repository.pushers()
        if len(people) > needed:
            return AsWanted(detail=f"{len(people)} people may write")
        return Otherwise(
            detail=f"{needed} approval asked for, {len(people)} people may write:"
            " nobody could approve what the last one opens",
            remedy="invite somebody, or set required_approving_review_count to 0 and"
            " require_last_push_approval to false in infra/rulesets.json",
        )

    return Expectation(
        name=MERGING,
        item="approvers",
        reads=("GET /collaborators",),
        lost="no pull request can be merged once the rules are applied",
        ask=ask,
        watched="elsewhere",
    )


def _rules(
    settings: Settings, policy: Sequence[Ruleset], outside: Outside
) -> Expectation:
    says = "as infra/rulesets.json says"

    def ask() -> Answer:
        reading = read_rulesets(policy, outside.rulesets, settings.policy)
        wrong = [each.name for each in reading.comparisons if each.drifts]
        if not wrong:
            return AsWanted(detail=says)
        named = f"not {says}: {', '.join(wrong)}"
        return Otherwise(detail=named, remedy="./inv policy.apply")

    return Expectation(
        name="rules",
        item="rulesets",
        reads=("GET /rulesets/{id}",),
        writes=("POST /rulesets", "PUT /rulesets/{id}"),
        lost="nothing holds anybody to a pull request",
        ask=ask,
        make=outside.apply_rules,
        watched="elsewhere",
        after=(MAIN, writer.WRITER, MERGING),
    )
