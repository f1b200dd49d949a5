"""Is there a newer template, bring it in on a branch, verify managed files."""

from monokeel.commands.template.check import check, check_report, follow_up
from monokeel.commands.template.plan import Wanted, plan_update
from monokeel.commands.template.propose import already_proposed, propose
from monokeel.commands.template.update import (
    Update,
    carry_out,
    current_report,
    proposed_report,
    require_settled,
    update_report,
)
from monokeel.commands.template.verify import verify

__all__ = [
    "Update",
    "Wanted",
    "already_proposed",
    "carry_out",
    "check",
    "check_report",
    "current_report",
    "follow_up",
    "plan_update",
    "propose",
    "proposed_report",
    "require_settled",
    "update_report",
    "verify",
]
