"""The shape of one JSON value of a ruleset: type, limits, default, identity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from monokeel.core.lookup import Json

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
