"""Try on a scratch repository what we only assume of GitHub, and say what was seen.

`./scripts/live.sh OWNER/NAME-monokeel-live` (or `nox -s live -- …`). The repository
must be empty and its name must end so: every other one is refused. Each step stands
alone; a failure is written down and the run goes on. What was made is removed again.
The report has a line for each row of docs/unconfirmed.md.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import live_jobs  # noqa: E402
import live_rules  # noqa: E402
import live_steps  # noqa: E402
from live_place import Live, Recording, Step, start  # noqa: E402

from monokeel.ground.errors import MonokeelError  # noqa: E402

_COST = (
    "About 150 requests and 30 pushes in 3 minutes, no money. Keys, Environments,"
    " rulesets, tags, releases and pull requests are made and removed; one tag name is"
    " burned. --packages pushes an image of 1 kB to the registry, --runs takes a minute"
    " of Actions."
)
STEPS = (*live_rules.STEPS, *live_jobs.STEPS, *live_steps.STEPS)
_TABLE = ROOT / "docs/unconfirmed.md"
# How a row of that table begins → why this run cannot try it.
NOT_TRIED: Mapping[str, str] = {
    "A commit's `deployments(environments:)`": "needs a commit with that many",
    "Artifacts of a run": "needs a second run that wants to",
    "Drafts are shown to the job's": "needs a job that may write contents",
    "`administration: read` does not": "needs a second token",
    "`copilot_code_review_analysis_tools`": "needs an account with Copilot",
    "A rule on `refs/tags/v*` does not": "needs a second token, of a member",
    "Who may write may delete": "needs a second token, of a member",
    "The ways to merge (": "needs a second token, of a member",
    "`concurrency.queue: max`": "needs runs that wait for each other",
    "Attestation with": "cannot be taken back",
    "Every action pin": "asks other repositories",
    "The merge queue accepts": "needs an organization that has one, and a run in it",
    "In which order GraphQL": "no order counts",
    "`kustomize.images` of Argo": "needs a cluster",
    "The preset `docker`": "needs Docker",
    "Dependabot sees": "takes a month",
    "A pattern of selected actions": "needs a run with selected actions",
    "A deploy key made by the API goes": "takes a day",
    "`enabled: false` in the list": "needs an owner of an organization",
    "An App as `Integration`": "needs an App",
    "`git pull --rebase": "is git's, and tried",
    "Dependabot's `exclude-paths`": "takes a month",
    "A job with `environment.deployment": "needs a secret that somebody sets",
    "A token of an App with": "needs an App",
    "`gh secret delete": "needs a secret that somebody sets",
    "The form of a fine-grained token": "needs a person at a browser",
    "`code_quality` has one": "needs an organization that has it",
    "`GET /orgs/{org}/installations`": "needs an owner of an organization",
    "A new branch that matches": "needs a run that reports a check",
    "A deployment branch policy with": "needs a run on a line",
    "`refs/pull/N/merge` has": "needs a run for a pull request",
    "`gh attestation verify oci": "cannot be taken back",
    "What ECR, Artifact Registry": "needs those registries",
    "`exclude-paths` and `ignore`": "takes a month",
    "An App's token with `repositories:`": "needs an App",
    "whom `activity` names": "needs a record of somebody else",
    "a renamed repository": "the scratch repository must keep its name",
}


def rows() -> tuple[str, ...]:
    """Return the statements of docs/unconfirmed.md, in its order."""
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    cells = [line[2:].split(" | ")[0] for line in lines if line.startswith("| ")]
    return tuple(cells[1:])


def try_all(live: Live) -> Iterator[tuple[Step, str]]:
    """Yield each step with what was seen; a failure is a sight like another."""
    for step in STEPS:
        try:
            seen = step.see(live)
        except MonokeelError as error:
            seen = error.problem
        yield step, seen


def undo(live: Live) -> None:
    """Remove what was made, newest first; what is gone already is fine."""
    while live.made:
        with suppress(MonokeelError):
            live.made.pop()()


def table(found: list[tuple[Step, str]]) -> str:
    """Return the report: a line for each row, and those that have none."""
    seen = {step.row: text or "as assumed" for step, text in found}
    reasons = {row: f"not tried: {why}" for row, why in NOT_TRIED.items()}
    lines = ["| what we rely on | seen |", "|---|---|"]
    for row in rows():
        known = [
            text for start, text in {**reasons, **seen}.items() if row.startswith(start)
        ]
        here = row.replace("](reference/", "](")  # the report stands in that folder
        lines.append(f"| {here} | {known[0] if known else 'not tried'} |")
    own = [row for row in seen if not any(each.startswith(row) for each in rows())]
    lines += [f"| {row} | {seen[row]} |" for row in own]
    return "\n".join(lines) + "\n"


_NAMES = (
    (re.compile(r"[0-9a-f]{40}"), "{sha}"),
    (re.compile(r"sha256:[0-9a-f]{64}"), "{digest}"),
    (re.compile(r"(?<=/)\d+(?=/|$|\?)"), "{id}"),
    (re.compile(r"^repos/[^/]+/[^/?]+"), "repos/OWNER/NAME"),
    (re.compile(r"/v2/.*-monokeel-live"), "/v2/OWNER/NAME"),
)


def shape(exchange: Mapping[str, object]) -> tuple[str, str, str, tuple[str, ...]]:
    """Return what two runs of one exchange have in common: call, status, members."""
    path = str(exchange["path"])
    for pattern, name in _NAMES:
        path = pattern.sub(name, path)
    members: tuple[str, ...] = ()
    with suppress(ValueError):
        body = json.loads(str(exchange["body"]))
        body = body[0] if isinstance(body, list) and body else body
        members = tuple(sorted(body)) if isinstance(body, dict) else ()
    return str(exchange["method"]), path, str(exchange["status"]), members


def main() -> int:
    """Run all steps; exit 2 when one is otherwise than assumed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", metavar="OWNER/NAME")
    parser.add_argument("--packages", action="store_true", help="push to the registry")
    parser.add_argument("--runs", action="store_true", help="run a workflow")
    parser.add_argument("--report", type=Path, help="write the table here")
    parser.add_argument("--record", type=Path, help="write the exchanges here (JSON)")
    asked = parser.parse_args()
    sys.stderr.write(f"{asked.repository}: {_COST}\n")
    session = Recording()
    with tempfile.TemporaryDirectory(prefix="monokeel-live-") as folder:
        live = start(asked.repository, Path(folder), session, live_jobs.TEXT)
        live.packages, live.runs = asked.packages, asked.runs
        try:
            found = list(try_all(live))
        finally:
            undo(live)
    sys.stdout.write(table(found))
    if asked.report:
        asked.report.write_text(table(found), encoding="utf-8")
    if asked.record:
        text = json.dumps(session.exchanges, indent=1)
        asked.record.write_text(text, encoding="utf-8")
    differs = [text for _, text in found if text and not text.startswith("not tried")]
    return 2 if differs else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MonokeelError as error:
        sys.exit(f"error: {error.problem}\nfix: {error.fix}")
