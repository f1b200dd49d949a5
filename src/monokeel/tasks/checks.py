"""What the workflows ask: the services, and the names of branches and titles."""

from collections.abc import Iterator

from monokeel.ground.errors import UsageError
from monokeel.ground.report import Report
from monokeel.tasks import wiring
from monokeel.tasks.command import About, command
from monokeel.tasks.policy import POLICY
from monokeel.tasks.wiring import read_settings, read_text


@command(
    About(
        group="Workflows",
        examples=("./inv services", "./inv services --changed-since origin/main"),
        exits={0: "", 1: ""},
    ),
    {"changed_since": "only those that changed since a ref, such as origin/main"},
)
def services(*, changed_since: str = "") -> Iterator[Report]:
    """List the services of infra/platform.toml."""
    from monokeel.release.services import list_services

    settings = read_settings()
    for each in settings.services:
        if not (wiring.root() / each.path).is_dir():
            raise UsageError(
                f"service {each.name}: there is no folder {each.path}",
                fix="Make it, or correct path in infra/platform.toml.",
            )
    yield list_services(settings, wiring.make_git(), since=changed_since)


@command(
    About(
        group="Workflows",
        examples=("./inv check.branch", "./inv check.branch --name feat/search"),
        exits={0: "allowed", 1: "", 3: "not allowed"},
    ),
    {"name": "the branch, such as feat/search (the one that is checked out)"},
    json=False,
)
def branch(*, name: str | None = None) -> Iterator[Report]:
    """Check the name of a branch by infra/rulesets.json."""
    from monokeel.policy.branches import branch_pattern, judge_branch
    from monokeel.policy.rulesets import parse_policy

    if name is None:
        name = wiring.make_git().branch() or ""
    pattern = branch_pattern(parse_policy(read_text(POLICY)))
    yield judge_branch(name, pattern)


@command(
    About(
        group="Workflows",
        examples=('./inv check.title --title "feat: search"',),
        exits={0: "good", 1: "", 3: "not a title that releases understand"},
    ),
    {
        "title": "the title of the pull request",
        "since": "where it starts: its commits count as well, where they land",
    },
    json=False,
)
def title(*, title: str = "", since: str = "") -> Iterator[Report]:
    """Check the title of a pull request."""
    from monokeel.policy.rulesets import parse_policy
    from monokeel.release.titles import judge_commits, judge_title
    from monokeel.setup.merging import title_decides

    settings = read_settings()
    yield judge_title(title, settings)
    if since and not title_decides(settings, parse_policy(read_text(POLICY))):
        git = wiring.make_git()
        start = git.commit_of(since)
        if start is None:
            raise UsageError(f"there is no commit {since!r}", fix="Run: git fetch")
        yield judge_commits(git.log(start, git.head()), settings)


TASKS = (services,)
GROUPS = {"check": (branch, title)}
