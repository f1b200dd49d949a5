"""What init did, as a report."""

from monokeel.commands.init.needs import Step
from monokeel.core.report import Report, Section, Table
from monokeel.core.settings import Settings


def init_report(settings: Settings, steps: tuple[Step, ...]) -> Report:
    """Return the report of all *steps*."""
    changed = [step for step in steps if step.state == "done"]
    left = [step for step in steps if step.state == "left to you"]
    if changed:
        headline = f"{settings.repository}: {len(changed)} thing(s) set up"
    else:
        headline = f"{settings.repository}: nothing had to be changed"
    rows = tuple((step.name, step.state, step.detail) for step in steps)
    sections = [
        Section(heading="", table=Table(("step", "state", "detail"), rows)),
    ]
    if left:
        lines = tuple(step.to_do for step in left)
        sections.append(Section(heading="Left to you", lines=lines))
    return Report(
        headline=headline,
        sections=tuple(sections),
        data={
            "verdict": "incomplete" if left else "connected",
            "changed": len(changed),
            "steps": [
                {
                    "name": s.name,
                    "state": s.state,
                    "detail": s.detail,
                    "to_do": s.to_do,
                }
                for s in steps
            ],
        },
    )
