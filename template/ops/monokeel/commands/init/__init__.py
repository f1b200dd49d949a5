"""Connect a new repository to GitHub, step by step, repeatable."""

from monokeel.commands.init.connect import KEY_TITLE, SECRET, init
from monokeel.commands.init.needs import Outside, Step
from monokeel.commands.init.report import init_report

__all__ = ["KEY_TITLE", "SECRET", "Outside", "Step", "init", "init_report"]
