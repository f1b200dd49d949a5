"""The one issue that is open while drift lasts."""

from monokeel.drift.ports import Issues
from monokeel.drift.reading import DriftReading

MARKER = "policy-drift"


def follow_up(found: DriftReading, body: str, issues: Issues) -> str:
    """Keep one issue open while drift lasts, close it after; return what was done.

    A run that could not verify everything changes nothing: nobody knows.
    """
    match found.verdict:
        case "drift":
            title = "Policy drift: GitHub is not as the files say"
            number = issues.keep_open(MARKER, title=title, body=body)
            return f"issue #{number} is open"
        case "in_sync":
            closed = issues.close(MARKER, comment="Everything is in sync again.")
            return f"issue #{closed} is closed" if closed else "no issue is open"
        case "unverifiable":
            return "the issue is left as it is: not everything could be verified"
