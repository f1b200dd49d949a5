"""Compare live rulesets, settings, environments and images with what was asked for."""

from monokeel.commands.drift.look import Look, follow_up, look
from monokeel.commands.drift.needs import (
    SECTIONS,
    Outside,
    Wanted,
    parse_allowed,
    parse_sections,
)
from monokeel.commands.drift.report import drift_report

__all__ = [
    "SECTIONS",
    "Look",
    "Outside",
    "Wanted",
    "drift_report",
    "follow_up",
    "look",
    "parse_allowed",
    "parse_sections",
]
