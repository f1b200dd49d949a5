"""Plan, apply, export and roll back rulesets; re-read before, read back after."""

from monokeel.commands.policy.apply import Applied, apply
from monokeel.commands.policy.plan import (
    Action,
    Plan,
    Policy,
    Rulesets,
    export,
    make_plan,
    parse_version,
    plan_rollback,
    refuse_findings,
)
from monokeel.commands.policy.report import (
    applied_report,
    lint_report,
    plan_report,
    plan_verdict,
)

__all__ = [
    "Action",
    "Applied",
    "Plan",
    "Policy",
    "Rulesets",
    "applied_report",
    "apply",
    "export",
    "lint_report",
    "make_plan",
    "parse_version",
    "plan_report",
    "plan_rollback",
    "plan_verdict",
    "refuse_findings",
]
