"""What must be there on GitHub, as one table: how it is seen, made, and missed.

``init`` makes the rows, ``doctor`` reads them all, ``drift`` those that it watches, and
the page about permissions is written from them.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from monokeel.ground.answers import Unknown
from monokeel.ground.settings import Settings
from monokeel.policy.reading import read_rulesets
from monokeel.policy.rulesets import Ruleset
from monokeel.setup import access, environments, tokens, writer
from monokeel.setup.main_branch import MAIN, main_row
from monokeel.setup.merging import approvals
from monokeel.setup.ports import Outside, Repository
from monokeel.setup.rows import INIT, Answer, AsWanted, Expectation, Otherwise, Wanted

RELEASE = "release"
MERGING = "somebody can merge"
# Jobs that hold the App's key. An Environment that is missing when a job names it is
# made by GitHub, open to every branch.
APP_ENVIRONMENTS = ("policy", "template")
_ENVIRONMENT = "GET /environments/{name}"
_POLICIES = "/environments/{name}/deployment-branch-policies"


def expectations(wanted: Wanted, outside: Outside) -> Iterator[Expectation]:
    """Yield every row, in the order in which they are made; the rules come last."""
    settings, repository = wanted.settings, outside.repository
    if outside.token_kind:
        yield _token(outside)
    if outside.clone is not None:
        yield main_row(settings, outside.clone)
    yield _settings(settings, repository)
    yield access.default_branch_row(settings, repository)
    yield writer.writer_row(wanted, outside)
    if passes(wanted.policy or (), "DeployKey"):
        yield writer.foreign_keys_row(wanted, outside)
    yield from _environments(wanted, outside)
    yield _immutable(repository)
    yield _classic(settings.default_branch, repository)
    if wanted.policy is not None:
        yield _merging(wanted.policy, repository)
        yield _rules(settings, wanted.policy, outside)


def _environments(wanted: Wanted, outside: Outside) -> Iterator[Expectation]:
    settings, repository = wanted.settings, outside.repository
    promoted = [each.name for each in settings.environments]
    for name in (RELEASE, *promoted, *APP_ENVIRONMENTS):
        yield _environment(settings, repository, name)
    for each in settings.environments:
        if each.reviewers:
            yield _approval(repository, each.name)
    for name in (RELEASE, *promoted):
        yield writer.secret_row(wanted, outside, name)
    yield access.no_wider_secret_row(settings, outside)
    yield access.workflow_rights_row(settings, repository)


def passes(policy: Sequence[Ruleset], actor_type: str) -> bool:
    """Say whether the rules let any actor of *actor_type* pass."""
    return any(
        isinstance(actors := ruleset.tree.get("bypass_actors"), dict)
        and any(label.startswith(f"[{actor_type}") for label in actors)
        for ruleset in policy
    )


def _token(outside: Outside) -> Expectation:
    kind = outside.token_kind

    def ask() -> Answer:
        scopes = outside.repository.token_scopes()
        missing = tokens.missing_scopes(scopes) if scopes is not None else ()
        if missing:
            return Otherwise(
                detail=f"{kind} without {', '.join(missing)}",
                remedy=tokens.remedy_for_scopes(kind, missing),
            )
        return AsWanted(detail=": ".join(filter(None, (kind, tokens.limit_of(kind)))))

    return Expectation(
        name="token",
        item="token",
        reads=("GET /",),
        lost="a push of workflows is refused (workflow), images are not seen"
        " (read:packages)",
        ask=ask,
        watched="note",
    )


def _merging(policy: Sequence[Ruleset], repository: Repository) -> Expectation:
    """Expect that who opened a pull request is not the only one who may approve it."""
    needed = approvals(policy)

    def ask() -> Answer:
        if not needed:
            return AsWanted(detail="no approval is asked for")
        people = repository.pushers()
        if isinstance(people, Unknown):
            return people
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


def _settings(settings: Settings, repository: Repository) -> Expectation:
    wanted = settings.on_github

    def ask() -> Answer:
        there = repository.get_repository()
        hidden = [name for name in wanted if name not in there]
        if hidden:
            reason = f"GitHub leaves {', '.join(hidden)} out of its answer"
            return Unknown(reason=reason, hidden=True)
        wrong = [
            f"{name} is {_shown(there[name])}, not {_shown(value)}"
            for name, value in wanted.items()
            if there[name] != value
        ]
        if wrong:
            return Otherwise(detail="; ".join(wrong), remedy=INIT)
        return AsWanted(detail="as [settings] says")

    return Expectation(
        name="settings",
        item="settings",
        reads=("GET /",),
        writes=("PATCH /",),
        lost="the title that was checked is not the one that is merged, and a merge may"
        " delete an env/* branch",
        ask=ask,
        make=partial(repository.change_settings, wanted),
    )


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _environment(settings: Settings, repository: Repository, name: str) -> Expectation:
    branch = settings.default_branch

    def ask() -> Answer:
        found = repository.environment(name)
        if isinstance(found, Unknown):
            return found
        if found is None:
            return Otherwise(detail="is not there", remedy=INIT)
        if found.get("deployment_branch_policy") != environments.CHOSEN_BRANCHES:
            return Otherwise(detail="takes every branch", remedy=INIT)
        policies = repository.branch_policies(name)
        if isinstance(policies, Unknown):
            return policies
        return _limits(name, branch, policies)

    return Expectation(
        name=f"Environment {name}",
        item="environments",
        reads=(_ENVIRONMENT, f"GET {_POLICIES}"),
        writes=("PUT /environments/{name}", f"POST {_POLICIES}"),
        lost="a workflow of any branch can read its secrets",
        ask=ask,
        make=partial(environments.limit, repository, name, branch),
    )


def _limits(name: str, branch: str, policies: Sequence[str]) -> Answer:
    if branch not in policies:
        return Otherwise(detail=f"does not take {branch}", remedy=INIT)
    wider = ", ".join(each for each in policies if each != branch)
    if wider:
        return Otherwise(
            detail=f"also takes {wider}",
            remedy=f"if that is not meant, remove {wider} from Environment {name}",
        )
    return AsWanted(detail=f"{branch} only")


def _approval(repository: Repository, name: str) -> Expectation:
    def ask() -> Answer:
        found = repository.environment(name)
        if isinstance(found, Unknown):
            return found
        if environments.rules_of(found or {}).get("reviewers"):
            return AsWanted(detail="asks a reviewer")
        return Otherwise(
            detail="asks nobody for an approval",
            remedy=f"{INIT}, or reviewers = false in infra/platform.toml",
        )

    return Expectation(
        name=f"approval in {name}",
        item="reviewers",
        reads=(_ENVIRONMENT,),
        writes=("PUT /environments/{name}",),
        lost="a promotion waits for nobody",
        ask=ask,
        make=partial(environments.ask_somebody, repository, name),
    )


def _immutable(repository: Repository) -> Expectation:
    def ask() -> Answer:
        match repository.immutable_releases():
            case Unknown() as unknown:
                return unknown
            case True:
                return AsWanted(detail="on")
            case False:
                return Otherwise(
                    detail="off: what is published can be changed", remedy=INIT
                )

    return Expectation(
        name="immutable releases",
        item="immutable_releases",
        reads=("GET /immutable-releases",),
        writes=("PUT /immutable-releases",),
        lost="what is published can be changed",
        ask=ask,
        make=repository.enable_immutable_releases,
    )


def _classic(branch: str, repository: Repository) -> Expectation:
    def ask() -> Answer:
        match repository.classic_protection(branch):
            case Unknown() as unknown:
                return unknown
            case False:
                return AsWanted(detail="none")
            case True:
                return Otherwise(
                    detail=f"classic branch protection of {branch} stands beside the"
                    " rulesets",
                    remedy="GitHub asks for both: delete it once the rules are applied",
                )

    return Expectation(
        name="classic protection",
        item="classic_protection",
        reads=("GET /branches/{branch}/protection",),
        lost="merges wait for rules that stand in no file",
        ask=ask,
        watched="note",
    )


def _rules(
    settings: Settings, policy: Sequence[Ruleset], outside: Outside
) -> Expectation:
    def ask() -> Answer:
        reading = read_rulesets(policy, outside.rulesets, settings.optional_rules)
        wrong = [each.name for each in reading.comparisons if each.drifts]
        if wrong:
            return Otherwise(
                detail=f"not as infra/rulesets.json says: {', '.join(wrong)}",
                remedy="./inv policy.apply",
            )
        return AsWanted(detail="as infra/rulesets.json says")

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
