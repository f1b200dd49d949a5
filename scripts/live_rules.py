"""What a live run tries of rulesets and of pushes: one function an assumption."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path

from live_place import CREATED, WORKFLOW, Live, Step, said

from monokeel.adapters.github import words_of
from monokeel.adapters.machine import Keys
from monokeel.adapters.process import run
from monokeel.adapters.session import Answer
from monokeel.ground.answers import Json, Moved, as_list, as_object
from monokeel.ground.errors import RefusedError

_FETCH = "update_allows_fetch_and_merge"
_KEY: Json = {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}
_UPDATE: Json = {"type": "update", "parameters": {_FETCH: False}}
DELETION: Json = {"type": "deletion"}
_QUEUE: Json = {
    "check_response_timeout_minutes": 60,
    "grouping_strategy": "ALLGREEN",
    "merge_method": "SQUASH",
    "max_entries_to_build": 5,
    "max_entries_to_merge": 5,
    "min_entries_to_merge": 1,
    "min_entries_to_merge_wait_minutes": 5,
}


@contextmanager
def ruled(
    live: Live, name: str, target: str, refs: Json, rules: Json
) -> Iterator[Answer]:
    """Give the answer to making a ruleset that the key passes; it goes afterwards.

    *refs* are the patterns that it names, or what the API calls ``ref_name``.
    """
    where: Json = {"include": refs, "exclude": []} if isinstance(refs, list) else refs
    body: Json = {
        "name": name,
        "target": target,
        "enforcement": "active",
        "bypass_actors": [_KEY],
        "conditions": {"ref_name": where},
        "rules": rules,
    }
    made = live.ask("POST", "/rulesets", body)
    try:
        yield made
    finally:
        if made.status == CREATED:
            live.ask("DELETE", f"/rulesets/{as_object(made.json())['id']}")


def deploy_key(live: Live) -> str:
    """Register the key by the API."""
    body: Json = {"title": "monokeel", "key": live.public_key, "read_only": False}
    answer = live.make("/keys", body, undo="/keys/{id}")
    return "" if answer.status == CREATED else said(answer)


def claims(live: Live) -> str:
    """Let the rules bind claims and see who may make one, and delete it."""
    rules: Json = [{"type": "creation"}, _UPDATE, DELETION]
    there: Json = ["refs/tags/monokeel-claim/*"]
    with ruled(live, "live-claims", "tag", there, rules) as made:
        if made.status != CREATED:
            return said(made)
        ref, head = "refs/tags/monokeel-claim/live", live.plain.head()
        if isinstance(live.push(live.plain, ref, None, head), Moved):
            return "a token passed the rules"
        claimed = live.writer.create_tag(ref, commit=head, message="live\n")
        if not isinstance(claimed, Moved):
            return f"the deploy key did not pass: {claimed}"
        gone = live.writer.move_ref(ref, old=claimed.now, new=None)
    return "" if isinstance(gone, Moved) else f"the claim stays: {gone}"


def writer_alone(live: Live) -> str:
    """Let the rules bind v* and env/*, and see who may make such a tag and branch."""
    head = live.plain.head()
    for target, ref in (("tag", "refs/tags/v"), ("branch", "refs/heads/env/")):
        rule: Json = [{"type": "creation"}]
        with ruled(live, "live-writer", target, [f"{ref}*"], rule) as made:
            if made.status != CREATED:
                return said(made)
            by_token = live.push(live.plain, f"{ref}0.0.1", None, head)
            by_key = live.push(live.writer, f"{ref}0.0.2", None, head)
        if isinstance(by_token, Moved):
            return f"a token passed the rule of {ref}*"
        if not isinstance(by_key, Moved):
            return f"the deploy key did not pass: {by_key}"
    return ""


def pointer(live: Live) -> str:
    """Move a branch with the key from a commit to one with other workflows."""
    file = live.clone / WORKFLOW
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}# other\n", encoding="utf-8")
    git = ["git", "-C", str(live.clone)]
    run([*git, "add", "-A"])
    tree = run([*git, "write-tree"]).stdout.strip()
    run([*git, "reset", "-q", "--hard"])
    head, other = live.plain.head(), live.commit("ci: other", tree)
    ref = "refs/heads/env/live"
    if not isinstance(live.push(live.writer, ref, None, head), Moved):
        return "the key may not make the branch"
    there = live.push(live.writer, ref, head, other)
    back = live.push(live.writer, ref, other, head)
    return "" if isinstance(back, Moved) else f"{there}, then {back}"


def kept_members(live: Live) -> str:
    """Send one member of a ruleset and see whether the others stay."""
    with ruled(live, "live-put", "branch", ["refs/heads/live/*"], [DELETION]) as made:
        if made.status != CREATED:
            return said(made)
        path = f"/rulesets/{as_object(made.json())['id']}"
        live.ask("PUT", path, {"enforcement": "disabled"})
        after = as_object(live.ask("GET", path).json())
    if after.get("enforcement") != "disabled":
        return "the write had no effect"
    return "" if after.get("rules") else "the rules are gone"


def bypass_edit(live: Live) -> str:
    """Edit the bypass list alone and compare ``updated_at``."""
    with ruled(
        live, "live-bypass", "branch", ["refs/heads/live/*"], [DELETION]
    ) as made:
        if made.status != CREATED:
            return said(made)
        before = as_object(made.json())
        path = f"/rulesets/{before['id']}"
        time.sleep(1.1)  # GitHub's times have seconds
        live.ask("PUT", path, {"bypass_actors": []})
        after = as_object(live.ask("GET", path).json())
    if after.get("bypass_actors") != []:
        return "the write had no effect"
    return "" if after["updated_at"] != before["updated_at"] else "it did not move"


def name_pattern(live: Live) -> str:
    """Apply a rule about names, which wants an Enterprise plan."""
    parameters: Json = {"operator": "regex", "pattern": "^.+$", "negate": False}
    rule: Json = [{"type": "branch_name_pattern", "parameters": parameters}]
    with ruled(live, "live-pattern", "branch", ["~ALL"], rule) as made:
        refused = "Invalid rule 'branch_name_pattern'" in words_of(made)
    return "" if made.status == CREATED or refused else said(made)


def prefixes(live: Live) -> str:
    """Let a rule keep every new branch away but some prefixes."""
    refs: Json = {"include": ["~ALL"], "exclude": ["refs/heads/feat/**/*"]}
    with ruled(live, "live-names", "branch", refs, [{"type": "creation"}]) as made:
        if made.status != CREATED:
            return said(made)
        head = live.plain.head()
        free = live.push(live.plain, "refs/heads/wip", None, head)
        named = live.push(live.plain, "refs/heads/feat/a/b", None, head)
    if isinstance(free, Moved):
        return "the branch wip was made"
    return "" if isinstance(named, Moved) else f"feat/a/b was not made: {named}"


def unknown_rule(live: Live) -> str:
    """Send a type of rule that nobody knows."""
    rule: Json = [{"type": "live_unknown"}]
    with ruled(live, "live-unknown", "branch", ["refs/heads/live/*"], rule) as made:
        refused = made.status == HTTPStatus.UNPROCESSABLE_ENTITY
    return "" if refused else said(made)


def queue_of_a_person(live: Live) -> str:
    """Ask for a merge queue where only an organization may have one."""
    owner = as_object(as_object(live.ask("GET", "").json()).get("owner"))
    if owner.get("type") != "User":
        return "not tried: needs a repository of a person"
    rule: Json = [{"type": "merge_queue", "parameters": _QUEUE}]
    with ruled(live, "live-queue", "branch", ["refs/heads/main"], rule) as made:
        refused = made.status == HTTPStatus.UNPROCESSABLE_ENTITY
    return "" if refused else said(made)


def bypass_of(live: Live) -> str:
    """Ask whether this token may pass a rule, and which ruleset a branch has."""
    with ruled(live, "live-pass", "branch", ["refs/heads/main"], [DELETION]) as made:
        if made.status != CREATED:
            return said(made)
        number = as_object(made.json())["id"]
        whole = as_object(live.ask("GET", f"/rulesets/{number}").json())
        rules = as_list(live.ask("GET", "/rules/branches/main").json())
    if "current_user_can_bypass" not in whole:
        return "current_user_can_bypass is left out"
    named = [as_object(each).get("ruleset_id") for each in rules]
    return "" if number in named else f"the rules of the branch name {named}"


def contents(live: Live) -> str:
    """Write a file to a branch that a rule protects."""
    head = live.plain.head()
    live.push(live.plain, "refs/heads/live/contents", None, head)
    with ruled(live, "live-put", "branch", ["refs/heads/live/*"], [_UPDATE]) as made:
        if made.status != CREATED:
            return said(made)
        body: Json = {"message": "x", "content": "eA==", "branch": "live/contents"}
        answer = live.ask("PUT", "/contents/x", body)
    return "" if answer.status == HTTPStatus.CONFLICT else said(answer)


def claim_is_shown(live: Live) -> str:
    """Push an annotated tag made from its bytes and read it over REST."""
    ref, text = "refs/tags/live-note", "live\n"
    made = live.writer.create_tag(ref, commit=live.plain.head(), message=text)
    if not isinstance(made, Moved):
        return f"it was not made: {made}"
    live.made.append(partial(live.writer.move_ref, ref, old=made.now, new=None))
    found = as_object(live.ask("GET", f"/git/tags/{made.now}").json())
    shown = str(found.get("message"))
    return "" if shown.strip() == text.strip() else f"its message is {shown!r}"


def read_only_key(live: Live) -> str:
    """Push with a key that may only read, without effect."""
    keys = Keys(live.folder / "read", root=live.clone)
    body: Json = {"title": "live-read", "key": keys.create("x"), "read_only": True}
    made = live.make("/keys", body, undo="/keys/{id}")
    if made.status != CREATED:
        return said(made)
    secret = Path(keys.file).read_text(encoding="utf-8")
    weak = live.with_key(secret)
    try:
        weak.require_writer()
    except RefusedError:
        return ""
    return "the push would have been taken"


# The key comes first: most of what follows needs it.
STEPS = (
    Step(row="the API registers a write deploy key", see=deploy_key),
    Step(row="A ruleset on `refs/tags/monokeel-claim/*`", see=claims),
    Step(row="`DeployKey` as bypass actor", see=writer_alone),
    Step(row="A deploy key may move a ref to a commit whose", see=pointer),
    Step(row="`git push --dry-run` asks GitHub", see=read_only_key),
    Step(row="An annotated tag made by `git hash-object`", see=claim_is_shown),
    Step(row="`PUT` of a ruleset replaces the keys", see=kept_members),
    Step(row="`updated_at` of a ruleset moves", see=bypass_edit),
    Step(row="`branch_name_pattern` is refused on plans", see=name_pattern),
    Step(row="A `creation` rule on `~ALL`", see=prefixes),
    Step(row="A member or a type of rule", see=unknown_rule),
    Step(row="`GET rulesets/ID` says", see=bypass_of),
    Step(row="Rules answer 409 to `PUT contents`", see=contents),
    Step(row="A merge queue of a repository that", see=queue_of_a_person),
)
