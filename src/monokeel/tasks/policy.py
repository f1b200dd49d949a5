"""Policy: the repository's rules as code, and what has drifted from them."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from monokeel.ground.errors import NO_ANSWER, RefusedError, UsageError
from monokeel.tasks import wiring
from monokeel.tasks.command import About, Reports, require_yes, show

if TYPE_CHECKING:
    from monokeel.ground.report import Report
    from monokeel.policy.plan import Plan
    from monokeel.policy.reading import Policy

_About = partial(About, group="Rules", section="Policy Enforcement")
_SAID = "OWNER/NAME, the one that is written to, whatever origin says"
_NEEDS = "administration: write"
_FIRST = "./inv init pushes it, then applies them; --from-working-tree does so now."
_ALLOW = "what may stay unverified, such as bypass_actors; several with commas"


@_About(
    examples=("./inv policy.lint",),
    exits={0: "nothing wrong", 1: "something is wrong in the file"},
)
def lint() -> Reports:
    """Say what is wrong in infra/rulesets.json; needs no network."""
    from monokeel.policy.lint import absent_branch, lint_report, refuse_errors
    from monokeel.policy.lint import lint as find_faults

    policy = _policy()
    findings = find_faults(policy.desired, policy.jobs, settings=policy.settings)
    findings += absent_branch(wiring.read_settings(), policy.refs)
    refuse_errors(findings)
    yield lint_report(policy.desired, findings)


@_About(
    examples=("./inv policy.plan", "./inv policy.plan --delete-unmanaged"),
    exits={0: "equal", 1: "", 2: "different", 4: ""},
    options={
        "allow_unverified": _ALLOW,
        "delete_unmanaged": "plan to delete rulesets that the file does not name",
        "preview": "for a pull request: show it and end with 0, whatever it says",
    },
    variables=("GITHUB_TOKEN",),
)
def plan(
    *, allow_unverified: str = "", delete_unmanaged: bool = False, preview: bool = False
) -> Reports:
    """Show what policy.apply would write, value by value."""
    from monokeel.drift.sections import parse_allowed
    from monokeel.policy.plan import plan_report

    allowed = parse_allowed(allow_unverified)
    report = plan_report(_plan(delete_unmanaged=delete_unmanaged), allowed)
    yield replace(report, outcome="done", problems=()) if preview else report


@_About(
    examples=(
        "./inv policy.apply --dry-run",
        "./inv policy.apply",
        "./inv policy.apply --delete-unmanaged --yes",
    ),
    exits={0: "", 1: "", 2: "written, and something still differs", 3: "", 4: ""},
    options={
        "delete_unmanaged": "delete rulesets that the file does not name",
        "dry_run": "show the plan and change nothing",
        "from_working_tree": "also what loosens a rule and was not merged",
        "repository": _SAID,
        "yes": "with --delete-unmanaged: delete without asking",
    },
    variables=("GITHUB_TOKEN",),
)
def apply(
    *,
    delete_unmanaged: bool = False,
    dry_run: bool = False,
    from_working_tree: bool = False,
    repository: str = "",
    yes: bool = False,
) -> Reports:
    """Write infra/rulesets.json to GitHub.

    What nobody knows is never erased: a ruleset that the file does not name is
    deleted only with --delete-unmanaged, a rule of an unknown type never.
    """
    wiring.require_token(_NEEDS)
    wiring.require_this_repository(repository)
    planned = _plan(delete_unmanaged=delete_unmanaged)
    if not from_working_tree and not dry_run:
        _require_merged(*_reviewed())
    yield from [_preview(planned)] if dry_run else _write(planned, yes=yes)


@_About(
    examples=("./inv policy.export > rulesets.new.json",),
    exits={0: "", 1: "", 3: "", 4: ""},
    variables=("GITHUB_TOKEN",),
    section="Ruleset Recovery",
    json=False,
)
def export() -> Reports:
    """Print GitHub's rulesets as the text of that file."""
    from monokeel.policy.reading import export as exported

    wiring.require_token(_NEEDS)
    print(exported(wiring.make_rulesets()), end="")
    return ()


@_About(
    examples=(
        "./inv policy.rollback --ruleset main --dry-run",
        "./inv policy.rollback --ruleset main --to 7",
    ),
    exits={0: "", 1: "", 2: "written, and something still differs", 3: "", 4: ""},
    options={
        "ruleset": "the ruleset's name, such as main",
        "to": "the version in its history (default: the one before the newest)",
        "repository": _SAID,
        "dry_run": "show the plan and change nothing",
    },
    variables=("GITHUB_TOKEN",),
    section="Ruleset Recovery",
)
def rollback(
    *, ruleset: str = "", to: str = "", repository: str = "", dry_run: bool = False
) -> Reports:
    """Take one ruleset back to an earlier version of its history."""
    from monokeel.policy.plan import history_version, plan_rollback

    wiring.require_token(_NEEDS)
    wiring.require_this_repository(repository)
    rulesets = wiring.make_rulesets()
    version = history_version(to)
    planned = plan_rollback(ruleset, version, rulesets, wiring.read_policy())
    yield from [_preview(planned)] if dry_run else _write(planned)


@_About(
    examples=("./inv drift", "./inv drift --only rulesets,pointers"),
    exits={0: "in sync", 1: "", 2: "", 3: "", 4: ""},
    options={
        "only": "rulesets, settings, pointers, releases; several with commas",
        "issue": "keep one issue open while drift lasts, close it after",
        "allow_unverified": _ALLOW,
    },
    variables=("GITHUB_TOKEN", *wiring.LOGIN),
    section="Drift Detection",
)
def drift(
    *, only: str = "", issue: bool = False, allow_unverified: str = ""
) -> Reports:
    """Say where GitHub is not as the files say.

    Compares rulesets, settings, environment branches and images; changes
    nothing, but for the one issue of --issue.
    """
    from monokeel.adapters.issues import Issues
    from monokeel.adapters.releases import Releases
    from monokeel.adapters.repository import Repository
    from monokeel.drift import sections as asked
    from monokeel.drift.issue import keep_issue
    from monokeel.drift.ports import Outside
    from monokeel.drift.report import drift_report, read_drift
    from monokeel.ground.report import Report, as_markdown
    from monokeel.policy.lint import disagreements

    policy, settings = wiring.read_policy(), wiring.read_settings()
    github = wiring.make_github()
    wanted = asked.Wanted(
        repository=github.repository,
        policy=policy,
        settings=settings,
        sections=asked.parse_sections(only),
        allowed=asked.parse_allowed(allow_unverified),
        disagreements=tuple(disagreements(settings, policy)),
    )
    outside = Outside(
        rulesets=wiring.make_rulesets(),
        repository=Repository(github),
        versions_of=wiring.make_git().versions_of,
        copy_of=Releases(github).copy_of,
        promotion=wiring.make_promotion(),
    )
    found = read_drift(wanted, outside)
    report = drift_report(found)
    yield report
    if issue:  # last: what an issue cannot hold must not keep the report back
        labels, people = settings.policy.issue_labels, settings.policy.issue_assignees
        issues = Issues(github, labels=labels, assignees=people)
        done = keep_issue(found, as_markdown(report), issues, wiring.run_address())
        yield Report(headline=done)


def write_rules() -> None:
    """Apply the policy file for ``init``, as apply does; reports go to stderr."""
    planned = _plan()
    _require_merged(*_reviewed())
    for report in _write(planned):
        show(report, aside=True)


def _policy() -> "Policy":
    from monokeel.policy.checks import jobs_of
    from monokeel.policy.reading import Policy

    settings = wiring.read_settings()
    return Policy(
        desired=wiring.read_policy(),
        settings=settings,
        keys=settings.policy,
        refs=wiring.make_git().known_refs(),
        jobs=jobs_of(wiring.read_workflows()),
    )


def _plan(*, delete_unmanaged: bool = False) -> "Plan":
    from monokeel.policy.plan import make_plan

    policy = replace(_policy(), delete_unmanaged=delete_unmanaged)
    planned, file = make_plan(policy, wiring.make_rulesets()), wiring.POLICY
    if not planned.writes:
        return planned
    try:
        where, reviewed = _reviewed()
    except NO_ANSWER as error:
        said = f"nobody can tell whether {file} is merged: {error.problem}"
    else:
        if reviewed in (None, wiring.read_text(file)):
            return planned
        said = f"{file} here is not the one of {where}: apply writes this one"
        try:
            _require_merged(where, reviewed)
        except RefusedError as error:
            said = f"apply refuses this: {error.problem} ({error.fix.rstrip('.')})"
    return replace(planned, notes=(*planned.notes, said))


def _reviewed() -> tuple[str, str | None]:
    """Return where the merged policy stands, and its text; ``None`` without one.

    Raises RefusedError where origin is not the repository that is written to, and
    before the branch is there.
    """
    try:
        wiring.require_this_repository()
    except RefusedError as error:
        problem = f"what was merged cannot be read here: {error.problem}"
        fix = "./inv policy.apply --from-working-tree applies the file as it is."
        raise RefusedError(problem, fix=fix) from error
    git, branch = wiring.make_git(), wiring.read_settings().default_branch
    ref = f"refs/heads/{branch}"
    commit = git.remote_refs((ref,)).get(ref)
    if commit is None:
        problem = f"GitHub has no branch {branch} yet: under the rules nobody could"
        raise RefusedError(f"{problem} push the first commit", fix=_FIRST)
    git.fetch_commit(commit)
    return f"{branch} ({commit[:12]})", git.file_at(commit, wiring.POLICY)


def _require_merged(where: str, reviewed: str | None) -> None:
    """Raise RefusedError where the file loosens the *reviewed* one.

    Without a file on the default branch there nothing was reviewed yet.
    """
    from monokeel.policy.comparison import loosened
    from monokeel.policy.rulesets import parse_policy

    as_it_is = "./inv policy.apply --from-working-tree applies it as it is."
    try:
        merged = parse_policy(reviewed) if reviewed is not None else ()
    except UsageError as error:
        problem = f"{error.problem}, as {where} has it"
        raise RefusedError(problem, fix=f"Merge the one here; {as_it_is}") from error
    if loose := ", ".join(loosened(merged, wiring.read_policy())):
        problem = f"{wiring.POLICY} here loosens the one of {where}, which was reviewed"
        fix = f"Merge it first, or git pull if it is an older one; {as_it_is}"
        raise RefusedError(f"{problem}: {loose}", fix=fix)


def _preview(planned: "Plan") -> "Report":
    from monokeel.policy.plan import plan_report

    return replace(plan_report(planned), outcome="done")  # as asked: nothing written


def _write(planned: "Plan", *, yes: bool = False) -> Reports:
    from monokeel.policy.apply import apply
    from monokeel.policy.wording import edged

    if planned.writes:  # else the report below says it all
        show(_preview(planned), aside=True)
    if deleted := [edged(x.name) for x in planned.writes if x.verb == "delete"]:
        require_yes(f"delete {', '.join(deleted)} on GitHub", yes=yes)
    yield apply(planned, wiring.make_rulesets())


TASKS = (drift,)
GROUPS = {"policy": (plan, apply, export, rollback, lint)}
