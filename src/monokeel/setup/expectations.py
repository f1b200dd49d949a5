"""What must be there on GitHub, as one table: how it is seen, made, and missed.

``init`` makes the rows, ``doctor`` reads them all, ``drift`` those that it watches, and
the page about permissions is written from them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from monokeel.ground.answers import Declined
from monokeel.ground.clone import Clone
from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.names import repository_of
from monokeel.ground.settings import Settings
from monokeel.policy.reading import read_rulesets
from monokeel.policy.refs import binds
from monokeel.policy.rulesets import Ruleset
from monokeel.setup import merging, permissions, ports, writer
from monokeel.setup.actions import action_rows
from monokeel.setup.environments import environment_rows
from monokeel.setup.rows import INIT, Answer, AsWanted, Expectation, Otherwise

MAIN = "default branch"


def expectations(at: ports.Connection) -> Iterator[Expectation]:
    """Yield every row, in the order in which they are made; the rules come last."""
    settings, repository, policy = at.settings, at.repository, at.policy
    if kind := at.token_kind:
        lost, ask = "workflows cannot be pushed", partial(_scopes, kind, repository)
        yield Expectation("token", "token", merging.SEE, lost, ask, watched="note")
    if at.clone is not None:
        yield _main(settings, at.clone)
    yield _settings(settings, repository)
    yield _default_branch(at)
    yield writer.writer_row(at)
    passing = (who for each in policy or () for who in each.passing)
    if any(who.startswith("DeployKey") for who in passing):
        yield writer.foreign_keys_row(at)
    yield from environment_rows(at)
    yield from writer.secret_rows(at)
    yield from action_rows(at)
    yield from _lasting(settings.default_branch, repository)
    if policy is not None:
        yield from merging.merge_rows(settings, policy, repository)
        yield merging.approver_row(policy, repository)
        yield _rules(at, policy)


def _scopes(kind: str, repository: ports.Repository) -> Answer:
    scopes = repository.token_scopes()
    has = permissions.SCOPES.keys() if scopes is None else {*scopes}
    missing = [x for x, wider in permissions.SCOPES.items() if not {x, wider} & has]
    if missing:
        remedy = "tick them at https://github.com/settings/tokens"
        if kind == permissions.KINDS["gho_"]:
            remedy = f"gh auth refresh -s {','.join(missing)}"
        return Otherwise(f"{kind} without {', '.join(missing)}", remedy)
    limit = permissions.LIMITS.get(kind)
    return AsWanted(f"{kind}: {limit}" if limit else kind)


def wrong_remote(settings: Settings, address: str | None) -> tuple[str, str] | None:
    """Return what is wrong with the remote *address*, and the command against it."""
    right = f"https://github.com/{settings.repository}.git"
    if address is None:
        return "this clone has no remote", f"git remote add origin {right}"
    there = repository_of(address)
    if there is not None and there.lower() == settings.repository.lower():
        return None
    problem = f"the remote is {there or 'no repository'}, not {settings.repository}"
    return problem, f"git remote set-url origin {right}"


def _main(settings: Settings, clone: Clone) -> Expectation:
    """Expect the clone's default branch on the remote, or one that came from it."""
    branch = settings.default_branch
    ref = f"refs/heads/{branch}"

    def make() -> None:
        here = clone.commit_of(ref)
        if here is None:
            if clone.commit_of("HEAD") is None:
                fix = "Run: git add -A && git commit"
                raise UsageError("nothing is committed here yet", fix=fix)
            problem = f"there is no branch {branch} here"
            raise UsageError(problem, fix=f"Run: git switch -c {branch}")
        old = clone.remote_refs((ref,)).get(ref)
        done = clone.move_ref(ref, old=old, new=here)
        if isinstance(done, Declined):  # else whoever made it asks again
            raise RefusedError(f"GitHub refused the push of {branch}: {done.reason}")

    lost, ask = "nothing can be merged or released", partial(_compared, settings, clone)
    row = Expectation(MAIN, "default_branch", merging.SEE, lost, ask, make=make)
    return replace(row, writes=(permissions.PUSH,), watched="elsewhere")


def _compared(settings: Settings, clone: Clone) -> Answer:
    branch = settings.default_branch
    wrong = wrong_remote(settings, clone.written_address())
    if wrong is not None:
        return Otherwise(*wrong, blocks=True)
    ref = f"refs/heads/{branch}"
    there, here = clone.remote_refs((ref,)).get(ref), clone.commit_of(ref)
    if there is None:
        return Otherwise(f"{branch} is not there", INIT)
    if here not in (None, there):
        clone.fetch_commit(there)
    if here in (None, there) or clone.is_ancestor(here, there):
        return AsWanted(f"{branch} at {there[:12]}")
    if clone.is_ancestor(there, here):
        return Otherwise(f"{branch} is behind this clone", INIT)
    detail = f"{branch} ({there[:12]}) has commits that are not in this clone"
    pull = f"git pull --rebase --allow-unrelated-histories origin {branch}"
    return Otherwise(detail, f"{pull}, then {INIT}", blocks=True)


def _settings(settings: Settings, repository: ports.Repository) -> Expectation:
    def ask() -> Answer:
        there = merging.read_settings(repository, settings.on_github)
        wrong = [
            f"{name} is {there[name]}, not {value}"
            for name, value in settings.on_github.items()
            if there[name] != value
        ]
        if not wrong:
            return AsWanted("as [settings] says")
        # As TOML writes them.
        said = "; ".join(wrong).replace("True", "true").replace("False", "false")
        return Otherwise(said, INIT)

    lost = "the title that was checked is not the one that is merged, and a merge may"
    lost += " delete an env/* branch"
    make = partial(repository.write, "PATCH /", settings.on_github)
    row = Expectation("settings", "settings", merging.SEE_MERGING, lost, ask)
    return replace(row, writes=("PATCH /",), make=make)


def _default_branch(at: ports.Connection) -> Expectation:
    wanted, own = at.settings.default_branch, at.settings.repository

    def ask() -> Answer:
        there = at.repository.read("/").get("default_branch")
        if there == wanted:
            return AsWanted(wanted)
        ref = f"refs/heads/{there}"
        active = (each for each in at.policy or () if each.is_active)
        binding = ", ".join(x.name for x in active if binds(x, ref, str(there)))
        return Otherwise(
            f"GitHub's default branch is {there}, infra/platform.toml says {wanted}"
            f"; what binds {there}: {binding or 'no ruleset'}",
            f"gh api -X PATCH repos/{own} -f default_branch={wanted}",
            severe=True,
        )

    name, lost = "default branch on GitHub", "pull requests and schedules go there"
    return Expectation(name, "default_branch", merging.SEE, lost, ask)


def _lasting(branch: str, repository: ports.Repository) -> Iterator[Expectation]:
    yield Expectation(
        "immutable releases",
        "immutable_releases",
        ("GET /immutable-releases",),
        "what is published can be changed",
        lambda: (
            AsWanted("on")
            if repository.immutable_releases()
            else Otherwise("off", INIT, severe=True)
        ),
        writes=("PUT /immutable-releases",),
        make=partial(repository.write, "PUT /immutable-releases"),
    )
    beside = f"classic branch protection of {branch} stands beside the rulesets"
    both = "GitHub asks for both: delete it once the rules are applied"
    yield Expectation(
        "classic protection",
        "classic_protection",
        ("GET /branches/{branch}/protection",),
        "merges wait for rules that stand in no file",
        lambda: (
            Otherwise(beside, both)
            if repository.classic_protection(branch)
            else AsWanted("none")
        ),
        watched="note",
    )


def _rules(at: ports.Connection, policy: Sequence[Ruleset]) -> Expectation:
    says = "as infra/rulesets.json says"

    def ask() -> Answer:
        reading = read_rulesets(policy, at.rulesets, at.settings.policy)
        wrong = [each.name for each in reading.comparisons if each.drifts]
        if not wrong:
            return AsWanted(says)
        return Otherwise(f"not {says}: {', '.join(wrong)}", "./inv policy.apply")

    return Expectation(
        "rules",
        "rulesets",
        ("GET /rulesets/{id}",),
        "nothing holds anybody to a pull request",
        ask,
        writes=("POST /rulesets", "PUT /rulesets/{id}"),
        make=at.apply_rules,
        watched="elsewhere",
        after=(MAIN, writer.WRITER, merging.MERGING),
    )
