"""What the values in a ruleset's JSON are called, and what is misshapen.

The check does what a JSON Schema check does and what that misses: a misspelt
parameter, one on a rule that has none, empty lists. The table itself is held to
GitHub's OpenAPI description by a test, so that no schema library is needed.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from difflib import get_close_matches

from monokeel.ground.answers import Json
from monokeel.policy.rule_types import Shape

GITHUB_ACTIONS = 15368
# Numbers never stand alone: a livestore change took role 5 for "write"
# (livestorejs/livestore#1214). Roles: source of otterdog 1.7.0.
_NAMES: Mapping[str, Mapping[int, str]] = {
    "RepositoryRole": {2: "maintain", 4: "write", 5: "admin"},
    "Integration": {GITHUB_ACTIONS: "github-actions"},
}
# GitHub sends null for these whatever was written (terraform-provider-github#2536).
# EnterpriseOwner exists on GitHub Enterprise only.
ID_LESS_ACTORS = ("DeployKey", "OrganizationAdmin", "EnterpriseOwner")


def actor_label(actor: Json) -> str:
    """Return the key of a bypass actor, such as ``[RepositoryRole 5 (admin)]``."""
    if not isinstance(actor, dict):
        return f"[{json.dumps(actor, sort_keys=True)}]"
    kind, number = str(actor.get("actor_type")), actor.get("actor_id")
    if kind in ID_LESS_ACTORS or number is None:
        return f"[{kind}]"
    return f"[{kind} {_named(kind, number)}]"


def item_label(item: Json, identity: tuple[str, ...]) -> str:
    """Return the key of *item* in its array: ``[all-green, app 15368 (…)]``."""
    if isinstance(item, str):
        return f"[{item}]"
    members, parts = item if isinstance(item, dict) else {}, list[str]()
    for key in identity:
        value = members.get(key)
        if key == "integration_id" and value is not None:
            parts.append(f"app {_named('Integration', value)}")
        elif isinstance(value, dict):  # a reviewer: {"id": 7, "type": "Team"}
            parts.append(f"{value.get('type')} {value.get('id')}")
        elif value is not None:
            parts.append(f"{'repository ' * (key == 'repository_id')}{value}")
    separator = " " if identity == ("type", "id") else ", "
    return f"[{separator.join(parts) or json.dumps(item, sort_keys=True)}]"


def _named(kind: str, number: Json) -> str:
    name = _NAMES.get(kind, {}).get(number) if isinstance(number, int) else None
    return f"{number} ({name})" if name else str(number)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong at *path* of *ruleset*; a *warning* does not stop a write.

    *unknown* marks a rule type or a member that is not in the table: GitHub may well
    know it, so it is let through where GitHub already holds it.
    """

    path: str
    problem: str
    _: KW_ONLY
    ruleset: str = ""
    warning: bool = False
    unknown: bool = False

    @property
    def line(self) -> str:
        """The finding in one line."""
        return f"{self.ruleset}: {self.path} {self.problem}"


def repeated(names: list[str]) -> list[str]:
    """Return those of *names* that stand there more than once, sorted."""
    return sorted({name for name in names if names.count(name) > 1})


def check_members(
    path: str, value: Mapping[str, Json], shapes: Mapping[str, Shape]
) -> Iterator[Finding]:
    """Yield what is wrong with the members of one object."""
    for key, shape in shapes.items():
        where = f"{path}.{key}"
        if key not in value:
            if shape.required:
                yield Finding(where, "is missing")
        elif value[key] is None:
            yield Finding(where, "is null: leave it out instead")
        else:
            yield from _check(where, value[key], shape)
    for key in value:
        if key not in shapes:
            yield unknown_name(f"{path}.{key}", key, shapes)


def _check(path: str, value: Json, shape: Shape) -> Iterator[Finding]:
    if problem := _problem(value, shape):
        yield Finding(path, problem)
    elif isinstance(value, dict):
        yield from check_members(path, value, shape.members)
    elif isinstance(value, list) and shape.item is not None:
        labels = [item_label(each, shape.identity) for each in value]
        for twice in [] if shape.ordered else repeated(labels):
            yield Finding(f"{path}{twice}", "is there twice")
        for index, item in enumerate(value):
            yield from _check(f"{path}[{index}]", item, shape.item)


def unknown_name(path: str, name: str, known: Collection[str]) -> Finding:
    """Return the finding for *name*, which is none of *known*: a slip, or new.

    A name that looks like a known one is a slip and stops the write, unless GitHub
    holds it already. Any other is sent, and GitHub decides: it grows faster than the
    table of rules.
    """
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    problem = "is not known here: it is sent as it is, and GitHub decides"
    if not known:
        problem = "is not known: nothing may stand here"
    elif near:
        problem = f"is not known; did you mean {near[0]}?"
    new = bool(known and not near)
    return Finding(path, problem, warning=new, unknown=True)


_TYPES: Mapping[str, tuple[type, str]] = {
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "string": (str, "a string"),
    "array": (list, "a list"),
    "object": (dict, "an object"),
}


def _problem(value: Json, shape: Shape) -> str:
    kind, name = _TYPES[shape.kind]
    # Python counts true as a number, JSON does not.
    bad_flag = shape.kind == "integer" and isinstance(value, bool)
    if bad_flag or not isinstance(value, kind):
        shown = repr(value) if isinstance(value, str) else json.dumps(value)
        return f"is {shown}, not {name}"
    if isinstance(value, str) and shape.allowed and value not in shape.allowed:
        return f"is {value!r}, not one of {', '.join(shape.allowed)}"
    if value == [] and not shape.empty:
        return "is an empty list"
    if shape.limits and isinstance(value, int):
        least, most = shape.limits
        outside = f"is {value}, not from {least} to {most}"
        return "" if least <= value <= most else outside
    return ""
