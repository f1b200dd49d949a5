"""The shape of a ruleset's JSON values, what they are called, and what is misshapen.

The check does what a JSON Schema check does and what that misses: a misspelt
parameter, one on a rule that has none, empty lists. The table itself is held to
GitHub's OpenAPI description by a test, so that no schema library is needed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from monokeel.ground.answers import Json

# Repository roles, from the source of otterdog 1.7.0. A livestore change took 5 for
# "write" (livestorejs/livestore#1214), which is why numbers never stand alone.
ROLES = {2: "maintain", 4: "write", 5: "admin"}
GITHUB_ACTIONS = 15368
APPS = {GITHUB_ACTIONS: "github-actions"}
# GitHub sends null for these whatever was written (terraform-provider-github#2536).
# EnterpriseOwner exists on GitHub Enterprise only.
ID_LESS_ACTORS = ("DeployKey", "OrganizationAdmin", "EnterpriseOwner")


def actor_label(actor: Json) -> str:
    """Return the key of a bypass actor, such as ``[RepositoryRole 5 (admin)]``.

    Actors that have no id of their own are named by their type alone.
    """
    if not isinstance(actor, dict):
        return f"[{json.dumps(actor, sort_keys=True)}]"
    kind, number = str(actor.get("actor_type")), actor.get("actor_id")
    if kind in ID_LESS_ACTORS or number is None:
        return f"[{kind}]"
    return f"[{kind} {number}{_name(kind, number)}]"


def item_label(item: Json, identity: tuple[str, ...]) -> str:
    """Return the key of *item* in its array: ``[all-green, app 15368 (…)]``."""
    if isinstance(item, str):
        return f"[{item}]"
    if not isinstance(item, dict):
        return f"[{json.dumps(item, sort_keys=True)}]"
    parts = [_part(key, item[key]) for key in identity if item.get(key) is not None]
    if not parts:
        return f"[{json.dumps(item, sort_keys=True)}]"
    separator = " " if identity == ("type", "id") else ", "
    return f"[{separator.join(parts)}]"


def _part(key: str, value: Json) -> str:
    if key == "integration_id":
        return f"app {value}{_name('Integration', value)}"
    if key == "repository_id":
        return f"repository {value}"
    if isinstance(value, dict):  # a reviewer: {"id": 7, "type": "Team"}
        return f"{value.get('type')} {value.get('id')}"
    return str(value)


def _name(kind: str, number: Json) -> str:
    known = {"RepositoryRole": ROLES, "Integration": APPS}.get(kind, {})
    name = known.get(number) if isinstance(number, int) else None
    return f" ({name})" if name else ""


Kind = Literal["boolean", "integer", "string", "array", "object"]


class Unset:
    """No default: an absent member is then not the same as any value."""

    def __repr__(self) -> str:
        """Name the value in a traceback."""
        return "UNSET"


UNSET = Unset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One JSON value: its type, its limits, and what an absent one means.

    *identity* names the members that tell two items of an array apart (none: the item
    itself); an *ordered* array is compared as a sequence, any other as a set.
    """

    kind: Kind
    required: bool = False
    default: Json | Unset = UNSET
    allowed: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    item: "Shape | None" = None
    identity: tuple[str, ...] = ()
    ordered: bool = False
    empty: bool = True
    members: Mapping[str, "Shape"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleType:
    """A rule type: its parameters and the targets it may stand in."""

    targets: tuple[str, ...]
    parameters: Mapping[str, Shape] = field(default_factory=dict)


def flag(*, required: bool = False, default: bool = False) -> Shape:
    """Return a boolean: *required*, or false (or *default*) when absent."""
    return Shape(
        kind="boolean", required=required, default=UNSET if required else default
    )


def count(least: int, most: int) -> Shape:
    """Return a required integer from *least* to *most*, both included."""
    return Shape(kind="integer", required=True, least=least, most=most)


def choice(*allowed: str) -> Shape:
    """Return a required string out of *allowed*."""
    return Shape(kind="string", required=True, allowed=allowed)


def texts(*, required: bool = True, empty: bool = True) -> Shape:
    """Return a set of strings; *empty* says whether it may be empty."""
    return Shape(kind="array", required=required, item=TEXT, empty=empty)


TEXT = Shape(kind="string")


# GitHub docs, "Available rules for rulesets": at most 200 entries of 200 characters.
MOST_PATHS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong at *path* of *ruleset*; a *warning* does not stop a write.

    *unknown* marks a rule type or a member that is not in the table: GitHub may well
    know it, so it is let through where GitHub already holds it.
    """

    ruleset: str
    path: str
    problem: str
    warning: bool = False
    unknown: bool = False

    @property
    def line(self) -> str:
        """The finding in one line."""
        return f"{self.ruleset}: {self.path} {self.problem}"


def check_members(
    ruleset: str, path: str, value: Mapping[str, Json], shapes: Mapping[str, Shape]
) -> Iterator[Finding]:
    """Yield what is wrong with the members of one object."""
    for key, shape in shapes.items():
        where = f"{path}.{key}"
        if key not in value:
            if shape.required:
                yield Finding(ruleset=ruleset, path=where, problem="is missing")
        elif value[key] is None:
            yield Finding(
                ruleset=ruleset, path=where, problem="is null: leave it out instead"
            )
        else:
            yield from check_value(ruleset, where, value[key], shape)
    for key in value:
        if key not in shapes:
            yield unknown_name(ruleset, f"{path}.{key}", key, shapes)


def check_value(
    ruleset: str, path: str, value: Json, shape: Shape
) -> Iterator[Finding]:
    """Yield what is wrong with one value: its type, its limits, its items."""
    problem = _wrong_type(value, shape) or _out_of_limits(value, shape)
    if problem:
        yield Finding(ruleset=ruleset, path=path, problem=problem)
    elif isinstance(value, dict):
        yield from check_members(ruleset, path, value, shape.members)
    elif isinstance(value, list) and shape.item is not None:
        for index, item in enumerate(value):
            yield from check_value(ruleset, f"{path}[{index}]", item, shape.item)


def unknown_name(
    ruleset: str, path: str, name: str, known: Mapping[str, object]
) -> Finding:
    """Return the finding for *name*, which is none of *known*: a slip, or new.

    A name that looks like a known one is a slip and stops the write, unless GitHub
    holds it already. Any other is sent, and GitHub decides: it grows faster than the
    table of rules.
    """
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    if not known:
        problem = "is not known: nothing may stand here"
    elif near:
        problem = f"is not known; did you mean {near[0]}?"
    else:
        problem = "is not known here: it is sent as it is, and GitHub decides"
    return Finding(
        ruleset=ruleset,
        path=path,
        problem=problem,
        warning=bool(known and not near),
        unknown=True,
    )


_TYPES: Mapping[str, tuple[type, str]] = {
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "string": (str, "a string"),
    "array": (list, "a list"),
    "object": (dict, "an object"),
}


def _wrong_type(value: Json, shape: Shape) -> str:
    kind, name = _TYPES[shape.kind]
    right = isinstance(value, kind)
    if shape.kind == "integer" and isinstance(value, bool):
        right = False  # Python counts true as a number, JSON does not
    return "" if right else f"is {value!r}, not {name}"


def _out_of_limits(value: Json, shape: Shape) -> str:
    if isinstance(value, str):
        if shape.allowed and value not in shape.allowed:
            return f"is {value!r}, not one of {', '.join(shape.allowed)}"
        return ""
    if isinstance(value, list):
        if not value and not shape.empty:
            return "is an empty list"
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        least, most = shape.least, shape.most
        if (least is not None and value < least) or (most is not None and value > most):
            return f"is {value}, not from {least} to {most}"
    return ""


def has_default(shape: Shape) -> bool:
    """Say whether an absent member of *shape* has a meaning of its own."""
    return not isinstance(shape.default, Unset)
