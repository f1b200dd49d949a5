"""Your team's own tasks: `./inv --list` shows them beside those of the template.

A template update never touches this file.
"""

from invoke import Context, task


@task
def hello(_: Context) -> None:
    """Show that a task of your own works; put yours in its place."""
    print("hello")
