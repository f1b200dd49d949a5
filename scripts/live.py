"""Try on a scratch repository what we only assume of GitHub, and say what was seen.

`./scripts/live.sh OWNER/NAME-monokeel-live` (or `nox -s live -- …`). The repository
must be empty and its name must end so: every other one is refused. Each step stands
alone; a failure is written down and the run goes on. What was made is removed again.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

from monokeel.adapters.credentials import Credentials
from monokeel.adapters.git import Git
from monokeel.adapters.github import GitHub, words_of
from monokeel.adapters.keys import Keys
from monokeel.adapters.process import run
from monokeel.adapters.session import Answer, Session
from monokeel.ground.answers import Json, Moved, as_list, as_number, as_object
from monokeel.ground.errors import MonokeelError
from monokeel.setup.permissions import PERMISSIONS

ENDING = "-monokeel-live"
_COST = (
    "About 90 requests and 15 pushes in 2 minutes; no Actions minutes, no packages, no"
    " money. Keys, Environments, rulesets, tags and releases are made and removed."
)
_SHOWN = 300
_FETCH = "update_allows_fetch_and_merge"
OK, CREATED = HTTPStatus.OK, HTTPStatus.CREATED
_KEY: Json = {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}


class Recording(Session):
    """A session that writes down every exchange, without credentials."""

    def __init__(self) -> None:
        super().__init__(tries=2)
        self.exchanges: list[dict[str, Json]] = []

    def request(self, method: str, url: str, **rest: object) -> Answer:
        """Send one request and keep what was asked and answered."""
        answer = super().request(method, url, **rest)  # type: ignore[arg-type]
        kept = ("X-Accepted-GitHub-Permissions", "X-GitHub-Request-Id")
        self.exchanges.append(
            {
                "method": method,
                "path": url.partition("//")[2].partition("/")[2],
                "status": answer.status,
                "headers": {n: answer.headers[n] for n in kept if n in answer.headers},
                "body": answer.text[:_SHOWN],
            }
        )
        return answer


@dataclass(slots=True, kw_only=True)
class Live:
    """The scratch repository: its API, a clone, a deploy key; *made* is undone."""

    github: GitHub
    plain: Git
    writer: Git
    clone: Path
    public_key: str
    made: list[Callable[[], object]] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Json = None) -> Answer:
        """Send one call and return the answer, whatever its status."""
        return self.github.request(method, path, json=body, expect=range(600))

    def make(self, path: str, body: Json, *, undo: str = "") -> Answer:
        """Make something; *undo* is the path that removes it, ``{id}`` put in."""
        answer = self.ask("POST", path, body)
        if answer.status in (OK, CREATED) and undo:
            number = as_object(answer.json()).get("id")
            self.made.append(partial(self.ask, "DELETE", undo.format(id=number)))
        return answer

    def push(self, git: Git, ref: str, old: str | None, new: str | None) -> object:
        """Move *ref* by compare-and-swap; remember to remove it."""
        if new is not None and old is None:
            self.made.append(partial(self.writer.move_ref, ref, old=new, new=None))
        return git.move_ref(ref, old=old, new=new)

    def commit(self, message: str) -> str:
        """Make a commit on top of main and return it; nothing here moves."""
        args = ["git", "-C", str(self.clone), "commit-tree", "HEAD^{tree}"]
        return run([*args, "-p", "HEAD", "-m", message]).stdout.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One assumption: what we rely on, and how it is tried.

    *see* returns "" when it is as assumed, else what was seen.
    """

    assumed: str
    see: Callable[[Live], str]


def _said(answer: Answer) -> str:
    return f"GitHub answered {answer.status}: {words_of(answer)}"


def permissions(live: Live) -> str:
    """Compare the header of each GET with our table."""
    wrong = []
    for call, ours in PERMISSIONS.items():
        method, _, path = call.partition(" ")
        if method != "GET" or "{" in path:
            continue
        answer = live.ask("GET", path.rstrip("/"))
        theirs = answer.headers.get("X-Accepted-GitHub-Permissions")
        if theirs is not None and ours not in theirs.replace(" ", "").split(";"):
            wrong.append(f"{call} takes {theirs}, not {ours}")
    return "; ".join(wrong)


def deploy_key(live: Live) -> str:
    """Register the key by the API."""
    body: Json = {"title": "monokeel", "key": live.public_key, "read_only": False}
    answer = live.make("/keys", body, undo="/keys/{id}")
    return "" if answer.status == CREATED else _said(answer)


def branch_policy(live: Live) -> str:
    """Make an Environment that is limited to one branch."""
    policy: Json = {"protected_branches": False, "custom_branch_policies": True}
    path = "/environments/live"
    answer = live.ask("PUT", path, {"deployment_branch_policy": policy})
    live.made.append(partial(live.ask, "DELETE", path))
    return "" if answer.status == OK else _said(answer)


def _ruleset(live: Live, name: str, target: str, pattern: str, rules: Json) -> Answer:
    refs: Json = {"include": [pattern], "exclude": []}
    body: Json = {
        "name": name,
        "target": target,
        "enforcement": "active",
        "bypass_actors": [_KEY],
        "conditions": {"ref_name": refs},
        "rules": rules,
    }
    return live.make("/rulesets", body, undo="/rulesets/{id}")


def claims(live: Live) -> str:
    """Let the rules bind claims and see who may make one, and delete it."""
    update: Json = {"type": "update", "parameters": {_FETCH: False}}
    rules: Json = [{"type": "creation"}, update, {"type": "deletion"}]
    made = _ruleset(live, "live-claims", "tag", "refs/tags/monokeel-claim/*", rules)
    if made.status != CREATED:
        return _said(made)
    ref, head = "refs/tags/monokeel-claim/live", live.plain.head()
    if isinstance(live.push(live.plain, ref, None, head), Moved):
        return "a token passed the rules"
    claimed = live.writer.create_tag(ref, commit=head, message="live\n")
    if not isinstance(claimed, Moved):
        return f"the deploy key did not pass: {claimed}"
    live.made.append(partial(live.writer.move_ref, ref, old=claimed.now, new=None))
    gone = live.writer.move_ref(ref, old=claimed.now, new=None)
    live.ask("DELETE", f"/rulesets/{as_object(made.json())['id']}")
    return "" if isinstance(gone, Moved) else f"the claim stays: {gone}"


def writer_alone(live: Live) -> str:
    """Let the rules bind v* and see who may make such a tag."""
    creation: Json = [{"type": "creation"}]
    made = _ruleset(live, "live-tags", "tag", "refs/tags/v*", creation)
    if made.status != CREATED:
        return _said(made)
    head, number = live.plain.head(), as_object(made.json())["id"]
    by_token = live.push(live.plain, "refs/tags/v0.0.1", None, head)
    by_key = live.push(live.writer, "refs/tags/v0.0.2", None, head)
    live.ask("DELETE", f"/rulesets/{number}")
    if isinstance(by_token, Moved):
        return "a token passed the rule"
    return "" if isinstance(by_key, Moved) else f"the deploy key did not pass: {by_key}"


def kept_members(live: Live) -> str:
    """Send one member of a ruleset and see whether the others stay."""
    deletion: Json = [{"type": "deletion"}]
    made = _ruleset(live, "live-put", "branch", "refs/heads/live/*", deletion)
    if made.status != CREATED:
        return _said(made)
    path = f"/rulesets/{as_object(made.json())['id']}"
    live.ask("PUT", path, {"enforcement": "disabled"})
    after = as_object(live.ask("GET", path).json())
    if after.get("enforcement") != "disabled":
        return "the write had no effect"
    return "" if after.get("rules") else "the rules are gone"


def bypass_edit(live: Live) -> str:
    """Edit the bypass list alone and compare ``updated_at``."""
    deletion: Json = [{"type": "deletion"}]
    made = _ruleset(live, "live-bypass", "branch", "refs/heads/live/*", deletion)
    if made.status != CREATED:
        return _said(made)
    before = as_object(made.json())
    path = f"/rulesets/{before['id']}"
    live.ask("PUT", path, {"bypass_actors": []})
    after = as_object(live.ask("GET", path).json())
    if after.get("bypass_actors") != []:
        return "the write had no effect"
    return ""


def name_pattern(live: Live) -> str:
    """Apply a rule about names, which wants an Enterprise plan."""
    parameters: Json = {"operator": "regex", "pattern": "^.+$", "negate": False}
    rule: Json = [{"type": "branch_name_pattern", "parameters": parameters}]
    made = _ruleset(live, "live-names", "branch", "~ALL", rule)
    refused = "Invalid rule 'branch_name_pattern'" in words_of(made)
    return "" if made.status == CREATED or refused else _said(made)


def drafts(live: Live) -> str:
    """Make a draft and list it at once."""
    body: Json = {"tag_name": "live-draft", "draft": True}
    made = live.make("/releases", body, undo="/releases/{id}")
    if made.status != CREATED:
        return _said(made)
    number = as_object(made.json())["id"]
    found = as_list(live.ask("GET", "/releases").json())
    listed = [as_object(each)["id"] for each in found]
    return "" if number in listed else "it was not listed at once"


def second_draft(live: Live) -> str:
    """Make two drafts of one tag."""
    body: Json = {"tag_name": "live-twice", "draft": True}
    for _ in range(2):
        made = live.make("/releases", body, undo="/releases/{id}")
        if made.status != CREATED:
            return _said(made)
    return ""


def deployments(live: Live) -> str:
    """Record deployments and read their order and their Environment."""
    body: dict[str, Json] = {"ref": live.plain.branch(), "environment": "live-record"}
    body |= {"auto_merge": False, "required_contexts": []}
    made = [live.ask("POST", "/deployments", body) for _ in range(4)]
    live.made.append(partial(live.ask, "DELETE", "/environments/live-record"))
    if any(each.status != CREATED for each in made):
        return _said(made[-1])
    listed = as_list(live.ask("GET", "/deployments").json())
    ids = [as_number(as_object(each)["id"]) for each in listed]
    if ids != sorted(ids, reverse=True):
        return "they are not listed newest first"
    there = live.ask("GET", "/environments/live-record").status
    return "" if there == OK else "no Environment was made"


def squash(live: Live) -> str:
    """Squash a pull request of one commit, as a new repository does by default."""
    head = live.commit("wip")
    moved = live.push(live.plain, "refs/heads/feat/live", None, head)
    body: Json = {"title": "feat: live", "head": "feat/live", "base": "main"}
    made = live.ask("POST", "/pulls", body)
    if made.status != CREATED:
        return f"{_said(made)} ({moved})"
    number = as_object(made.json())["number"]
    merged = live.ask("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})
    if merged.status != OK:
        return _said(merged)
    tip = as_object(live.ask("GET", "/commits/main").json())
    message = str(as_object(tip["commit"])["message"])
    return "" if message.startswith("wip") else f"it is {message.splitlines()[0]!r}"


STEPS = (
    Step(assumed="each GET needs the permission of our table", see=permissions),
    Step(assumed="the API registers a write deploy key", see=deploy_key),
    Step(assumed="an Environment may be limited to a branch", see=branch_policy),
    Step(assumed="the deploy key alone makes and deletes claims", see=claims),
    Step(assumed="DeployKey passes a rule of v*, a token does not", see=writer_alone),
    Step(assumed="PUT of a ruleset keeps what is not sent", see=kept_members),
    Step(assumed="the bypass list can be edited alone", see=bypass_edit),
    Step(assumed="a name pattern is taken, or refused in our words", see=name_pattern),
    Step(assumed="a draft is listed at once", see=drafts),
    Step(assumed="a second draft of a tag is taken", see=second_draft),
    Step(assumed="deployments: newest first, making Environments", see=deployments),
    Step(assumed="a squash of one commit takes its message by default", see=squash),
)
# Of the ordered list: what this run cannot try, and why.
NOT_TRIED: Mapping[str, str] = {
    "tokens that expire, are deleted or regenerated": "takes a day",
    "GHCR: lag, visibility, kinds of tokens": "needs packages of an account",
    "release.yml, deploy.yml and the scheduled workflows": "needs Actions minutes",
    "burned tag names of immutable releases": "cannot be undone",
    "merge queue, SAML, lists of addresses, GHE.com": "needs such an organization",
}


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
    """Return the report: one line an assumption."""
    lines = ["| we assume | seen |", "|---|---|"]
    lines += [f"| {s.assumed} | {seen or 'as assumed'} |" for s, seen in found]
    lines += [f"| {what} | not tried: {why} |" for what, why in NOT_TRIED.items()]
    return "\n".join(lines) + "\n"


def start(repository: str, folder: Path, session: Session) -> Live:
    """Check that *repository* may be used, and make clone, key and first push."""
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    token = os.environ.get("GITHUB_TOKEN", "")
    github = GitHub(session, api=api, repository=repository, token=token)
    if not repository.endswith(ENDING):
        raise SystemExit(f"error: {repository} does not end with {ENDING}")
    if github.pages("/branches") or github.pages("/releases"):
        raise SystemExit(f"error: {repository} is not empty")
    clone = folder / "clone"
    address = f"https://github.com/{repository}.git"
    for args in (
        ["init", "-q", "-b", "main", str(clone)],
        ["-C", str(clone), "commit", "-q", "--allow-empty", "-m", "feat: live"],
        ["-C", str(clone), "remote", "add", "origin", address],
    ):
        run(["git", *args])
    keys = Keys(folder / "key", root=clone)
    public = keys.create("monokeel-live")
    host = server.partition("//")[2]
    own = Credentials(token=token, server=host)
    secret = Path(keys.file).read_text(encoding="utf-8")
    key = Credentials(token=token, server=host, deploy_key=secret)
    plain, writer = Git(clone, credentials=own), Git(clone, credentials=key)
    plain.move_ref("refs/heads/main", old=None, new=plain.head())
    return Live(
        github=github, plain=plain, writer=writer, clone=clone, public_key=public
    )


def main() -> int:
    """Run all steps; exit 2 when one is otherwise than assumed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", metavar="OWNER/NAME")
    parser.add_argument("--report", type=Path, help="write the table here")
    parser.add_argument("--record", type=Path, help="write the exchanges here (JSON)")
    asked = parser.parse_args()
    sys.stderr.write(f"{asked.repository}: {_COST}\n")
    session = Recording()
    with tempfile.TemporaryDirectory(prefix="monokeel-live-") as folder:
        live = start(asked.repository, Path(folder), session)
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
    return 2 if any(seen for _, seen in found) else 0


if __name__ == "__main__":
    sys.exit(main())
