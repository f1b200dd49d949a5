"""The page of what ``--json`` prints, written from what the tasks really print.

    python -m tests.e2e.json_page

writes it; a test compares.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from monokeel.adapters.github import GitHub
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from sandbox.demo.lived import Lived, lived
from sandbox.server import Sandbox

PAGE = Path(__file__).parents[2] / "docs/reference/json.md"
_HEAD = """\
# What `--json` prints

<!-- made by python -m tests.e2e.json_page -->

One object on one line of stdout; everything else goes to stderr. `schema` is 1 as long
as no field named here goes or changes its meaning; new ones may come. A field can also
be `null` where nobody knows. `x[]` is a list of such, `x.y` a field of an object.
"""
CALLS = (
    "release --dry-run",
    "release",
    "release --abandon 9.9.9 --dry-run",
    "release --abandon 9.9.9 --yes",
    "build --service api --dry-run",
    "build --service api",
    "guard --version 9.9.9",
    "promote --env staging --version 1.0.1 --dry-run",
    "promote --env staging --version 1.0.1",
    "promote --auto --dry-run",
    "status",
    "history --env dev",
    "policy.lint",
    "policy.plan",
    "policy.apply --dry-run",
    "policy.apply",
    "policy.rollback --ruleset main --dry-run",
    "policy.rollback --ruleset main",
    "drift",
    "init --dry-run",
    "doctor",
    "services",
    "template.check",
    "template.update --dry-run",
    "template.verify",
    "template.update",
)
_DEEPEST = 2


def page(place: Lived) -> str:
    """Return the page: for each call the fields of its answer."""
    parts = [_HEAD]
    for call in CALLS:
        if call.startswith("policy.rollback") and call.endswith("--dry-run"):
            _disable_a_ruleset(place.box)
        done = place.run(*call.split(), "--json")
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"{call}: {done.stdout}{done.stderr}") from None
        kinds: dict[str, dict[str, None]] = {}
        for name, kind in sorted(fields(answer)):
            kinds.setdefault(name, {})[kind] = None
        rows = "\n".join(f"| `{n}` | {' or '.join(k)} |" for n, k in kinds.items())
        parts.append(f"## `./inv {call}`\n\n| field | value |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


def _disable_a_ruleset(box: Sandbox) -> None:
    """Disable the ruleset main as somebody with a mouse does: it gets a history."""
    token = box.tokens["admin"]
    github = GitHub(Session(), api=box.url, repository=box.repository, token=token)
    [number] = [x["id"] for x in github.pages("/rulesets") if x["name"] == "main"]
    body: Json = {"enforcement": "disabled"}
    github.request("PUT", f"/rulesets/{number}", json=body)


def fields(value: object, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield path and kind of each field of *value*, two levels deep."""
    if isinstance(value, dict) and depth < _DEEPEST and _is_record(value):
        for key, inner in value.items():
            yield from fields(inner, f"{name}.{key}".lstrip("."), depth + 1)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for each in value:
            yield from fields(each, f"{name}[]", depth)
    else:
        yield name, _kind(value)


def _is_record(value: dict[str, object]) -> bool:
    return bool(value) and all(key.isidentifier() for key in value)


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "number", float: "number", str: "text"}
    names |= {list: "list", dict: "object", type(None): "null"}
    return names[type(value)]


def main() -> None:
    """Write the page."""
    with lived() as place:
        PAGE.write_text(page(place), encoding="utf-8")


if __name__ == "__main__":
    main()
