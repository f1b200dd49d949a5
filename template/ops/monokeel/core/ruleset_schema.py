"""A policy file checked against the table of rules, before anything is written.

Does what a JSON Schema check does and what that misses: a misspelt parameter, one on
a rule that has none, empty lists. The table itself is held to GitHub's OpenAPI
description by a test, so that no schema library is needed at run time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from monokeel.core.lookup import Json
from monokeel.core.ruleset_shape import Shape, Unset

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
    holds it already.
    """
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    if not known:
        problem = "is not known: nothing may stand here"
    elif near:
        problem = f"is not known; did you mean {near[0]}?"
    else:
        problem = f"is not known; known are {', '.join(known)}"
    return Finding(ruleset=ruleset, path=path, problem=problem, unknown=True)


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
