"""The program: what ``./inv`` and ``monokeel`` run."""

from invoke import Program

from monokeel.tasks import namespace


def main() -> None:
    """Run the tasks that the command line names."""
    Program(
        name="Monokeel", binary="inv", binary_names=["inv"], namespace=namespace
    ).run()
