"""Follow the template: is there a newer one, bring it in, verify what it delivered."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from monokeel.ground.errors import NO_ANSWER, ServiceError, UsageError
from monokeel.tasks import wiring
from monokeel.tasks.command import About, Reports

if TYPE_CHECKING:
    from monokeel.adapters.copier import Template
    from monokeel.adapters.objects import Objects
    from monokeel.adapters.template import TemplateRepository
    from monokeel.ground.answers import Json
    from monokeel.setup.doctor import Diagnosis
    from monokeel.updates.propose import Places
    from monokeel.updates.update import UpdatePlan

    Answers = Mapping[str, Json]
T = TypeVar("T", bound="TemplateRepository")
_READ_BY = ("MONOKEEL_TEMPLATE_TOKEN", "MONOKEEL_TEMPLATE_KEY")
_About = partial(
    About,
    group="Template",
    variables=("TEMPLATE_SOURCE", *_READ_BY, "GITHUB_TOKEN"),
    section="Template Updates",
)
_NEWER = "a newer one is there, or something of earlier ones was not taken"
_REST = "not all was taken: the branch has the rest; or refused"
_SOURCE = "OWNER/REPO or an address, instead of the recorded one (TEMPLATE_SOURCE)"


@_About(
    examples=("./inv template.check", "./inv template.check --issue"),
    exits={0: "the newest is here, whole", 1: "", 2: _NEWER, 3: "", 4: ""},
    options={
        "source": _SOURCE,
        "issue": "open, refresh or close the one issue on GitHub",
    },
)
def check(*, source: str = "", issue: bool = False) -> Reports:
    """Say whether a newer template is there, and what is new."""
    from monokeel.adapters.copier import Template
    from monokeel.adapters.issues import Issues
    from monokeel.updates import propose

    issues = Issues(wiring.make_github()) if issue else None
    try:
        with _opened(Template, source) as template:
            offered = propose.check(template)
    except ServiceError as error:
        if issues is None:
            raise
        yield propose.unreadable(error, issues)
        return
    try:
        followed = [propose.keep_offer_issue(offered, issues)] if issues else []
    except NO_ANSWER:
        yield propose.check_report(offered)  # told, whatever becomes of the issue
        raise
    yield propose.check_report(offered, *followed)


@_About(
    examples=(
        "./inv template.update --dry-run",
        "./inv template.update",
        "./inv template.update --to 1.4.0 --answer required_reviews=2",
    ),
    exits={0: "", 1: "", 3: _REST, 4: ""},
    options={
        "source": _SOURCE,
        "to": "version, such as 1.4.0 (the newest; with --answer the one here)",
        "answer": "NAME=VALUE (lists as YAML), to change; may be given several times",
        "adopt": "version of a repository whose answers file is lost: write it again",
        "pr": "push the branch and open one pull request, otherwise one issue",
        "dry_run": "say what would be done and change nothing",
    },
    iterable=("answer",),
)
def update(
    *,
    source: str = "",
    to: str = "",
    answer: list[str] | None = None,
    adopt: str = "",
    pr: bool = False,
    dry_run: bool = False,
) -> Reports:
    """Update from the template, on a branch; loses no edit."""
    from monokeel.adapters.copier import Template
    from monokeel.adapters.issues import Issues
    from monokeel.adapters.objects import Objects
    from monokeel.updates import propose
    from monokeel.updates.update import UpdateChoice, plan_update

    answers = _answers(answer or [])
    choice = UpdateChoice(version=adopt or to, answers=answers)
    with _opened(Template, source, adopt, answers) as template:
        objects = Objects(wiring.root(), work=template.work)
        try:
            plan = plan_update(objects, template, choice)
        except ServiceError as error:
            if not pr or dry_run:
                raise
            yield propose.unreadable(error, Issues(wiring.make_github()))
            return
        yield from _carried_out(plan, objects, template, pr=pr, dry_run=dry_run)


def _carried_out(
    plan: "UpdatePlan | None",
    objects: "Objects",
    template: "Template",
    *,
    pr: bool,
    dry_run: bool,
) -> Reports:
    from monokeel.updates import propose
    from monokeel.updates.update import commit_update, require_taken

    if plan is None:
        yield propose.current_report(template.recorded().commit)
        return
    declined = propose.rejected(plan, _places(objects).pulls) if pr else None
    if declined is not None or dry_run:
        yield propose.preview(plan, declined)
        return
    commit, more = commit_update(plan, objects), []
    if commit is not None and pr:
        more.append(_propose(plan, commit, objects, template))
    elif commit is not None:
        objects.point(plan.branch, commit, old=plan.before)
    yield propose.update_report(plan, commit, *more)
    if not pr:
        require_taken(plan)


@_About(
    examples=("./inv template.verify", "./inv template.verify --rebuild"),
    exits={
        0: "as delivered",
        1: "",
        2: "managed files differ",
        3: "the change takes another template than its base",
        4: "not verified: the template cannot be read",
    },
    options={
        "source": _SOURCE,
        "rebuild": "build the release's wheel from its sources, too (runs its backend)",
        "base": "commit that a change starts from: holds if the template is unreadable",
    },
)
def verify(*, source: str = "", rebuild: bool = False, base: str = "") -> Reports:
    """Hold the managed files against the recorded release."""
    from monokeel.adapters.objects import MergedFiles, Objects, Worktree
    from monokeel.adapters.template import TemplateRepository, address_of
    from monokeel.ground.report import Report
    from monokeel.updates import verify as managed

    if _is_the_template(base):
        yield Report(headline="This is the template itself: nothing was delivered.")
        return
    edited, root, start = wiring.read_settings().edited, wiring.root(), None
    with _opened(TemplateRepository, source) as template:
        if base:
            objects = Objects(root, work=template.work)
            commit = objects.commit_of(base)
            trusted = wiring.variable("TEMPLATE_SOURCE")
            start = managed.Base(
                was=template.recorded_at(commit),
                now=template.recorded(),
                files=MergedFiles(objects, commit),
                trusted=address_of(trusted) if trusted else "",
            )
        rebuilt = template.rebuilt if rebuild else None
        files = Worktree(root)
        yield managed.verify(
            files, template, edited=edited, rebuilt=rebuilt, base=start
        )


def diagnose_template() -> "Iterator[Diagnosis]":
    """Yield what doctor says of the template's files here, and of its repository."""
    from monokeel.adapters.objects import Objects, Worktree
    from monokeel.adapters.template import TemplateRepository
    from monokeel.setup.doctor import Diagnosis
    from monokeel.updates import records, verify

    files = Worktree(wiring.root())

    def repository() -> str:
        Objects(files.root, work=files.root).head()  # raises for a folder inside of one
        return ""

    def managed_files() -> str:
        text = files.read([verify.MANIFEST]).get(verify.MANIFEST)
        found = verify.kept_out(files, verify.parse_manifest(text))
        return "; ".join(verify.advice(found))

    def template() -> str:
        # Only template.* tasks have Copier, and nothing is rendered here.
        with _opened(TemplateRepository, "") as found:
            return "" if found.versions() else "it has no version"

    def tags() -> str:
        odd = " ".join(records.misleading_tags(wiring.make_git().tags()))
        return f"Copier takes them for releases: git tag -d {odd}" if odd else ""

    delivered = (managed_files, template)
    for ask in (repository, *((tags,) if _is_the_template() else delivered)):
        what = ask.__name__.replace("_", " ")
        try:
            fix = ask()
            yield Diagnosis("clone", what, "missing" if fix else "ok", fix)
        except UsageError as error:
            yield Diagnosis("clone", what, "missing", f"{error.problem}: {error.fix}")
        except ServiceError as error:
            yield Diagnosis("clone", what, "unknown", f"{error.problem}. {error.fix}")


def _is_the_template(base: str = "") -> bool:
    """Say whether there is copier.yml and no answers, nor had *base* any."""
    from monokeel.adapters.objects import text_of
    from monokeel.updates.records import ANSWERS_FILE

    root = wiring.root()
    if (root / ANSWERS_FILE).exists() or not (root / "copier.yml").exists():
        return False
    return not base or text_of(base, ANSWERS_FILE, root) is None


@contextmanager
def _opened(
    kind: type[T], source: str, adopt: str = "", answers: "Answers | None" = None
) -> Iterator[T]:
    """Give the template; *adopt* is the version of lost *answers*, which it records."""
    from monokeel.adapters.template import address_of
    from monokeel.updates.records import Recorded, answers_in, as_ref

    source = source or wiring.variable("TEMPLATE_SOURCE") or ""
    # UsageError for none, whatever else is wrong here.
    address, adopted = address_of(source) if source else "", None
    if adopt and not source:
        problem = "--adopt needs to know the template"
        raise UsageError(problem, fix="Name it: --source OWNER/REPO")
    if adopt:
        wiring.read_settings()  # UsageError for a file that is broken
        known = answers_in(wiring.read_text("infra/platform.toml"))
        version, known = as_ref(adopt.removeprefix("v")), {**known, **(answers or {})}
        adopted = Recorded(source=address, commit=version, answers=known)
    with tempfile.TemporaryDirectory(prefix="monokeel-template-") as work:
        yield kind(
            wiring.root(),
            work=Path(work).resolve(),
            source=source,
            credentials=wiring.make_credentials(template=True),
            adopted=adopted,
        )


def _answers(given: list[str]) -> "dict[str, Json]":
    """Return name → text: what it is, its question says; but quotes are YAML's."""
    from monokeel.ground.parsers import parse_yaml

    changed: dict[str, Json] = {}
    for answer in given:
        name, separator, value = answer.partition("=")
        if not separator:
            fix = "Write it as --answer required_reviews=2"
            raise UsageError(f"--answer {answer!r} is not NAME=VALUE", fix=fix)
        try:
            changed[name] = parse_yaml(value) if value[:1] in {"'", '"'} else value
        except ValueError as error:
            shown = f"{answer[:80]!r} is not YAML: {error}"
            raise UsageError(f"--answer {shown}") from error
    return changed


def _places(objects: "Objects") -> "Places":
    from monokeel.adapters.issues import Issues, Pulls
    from monokeel.updates.propose import Places

    github, base = wiring.make_github(), wiring.read_settings().default_branch
    return Places(
        remote=wiring.make_git(),
        commits=objects,
        pulls=Pulls(github, base=base),
        issues=Issues(github),
    )


def _propose(
    plan: "UpdatePlan", commit: str, objects: "Objects", template: "Template"
) -> str:
    from monokeel.updates.propose import proposal_body, propose

    body = proposal_body(
        plan,
        notes=template.notes(plan.current, plan.version),
        stat=template.stat(plan.old, plan.new),
        checks=_checks(plan, commit, objects, template),
    )
    return propose(plan, commit, _places(objects), body=body)


def _checks(
    plan: "UpdatePlan", commit: str, objects: "Objects", template: "Template"
) -> list[str]:
    """Return what verify and the lint of rules and workflows say of *commit*."""
    from monokeel.policy.checks import jobs_of
    from monokeel.policy.lint import lint
    from monokeel.policy.rulesets import parse_policy

    listed, wanted = objects.listed(commit), template.delivered(plan.ref)
    edited = sorted(path for path in wanted if listed.get(path) != wanted[path])
    said = [f"template.verify: {len(wanted)} files, edited: {', '.join(edited) or 0}"]
    workflows = [p for p in listed if p.startswith(".github/workflows/")]
    texts = {
        path: file.content.decode("utf-8", errors="replace")
        for path, file in objects.files(commit, [*workflows, wiring.POLICY]).items()
    }
    try:
        findings = lint(parse_policy(texts.pop(wiring.POLICY, "[]")), jobs_of(texts))
        found = [f"{each.ruleset}: {each.problem}" for each in findings]
    except UsageError as error:
        found = [error.problem]
    return [*said, f"policy.lint: {'; '.join(found) or 'nothing wrong'}"]


GROUPS = {"template": (check, update, verify)}
