"""The program: what ``./inv`` and ``monokeel`` run."""

import importlib.util
import logging
import sys
from pathlib import Path

from invoke import Collection, Exit, ParseResult
from invoke import Program as InvokeProgram

from monokeel.ground import errors
from monokeel.tasks import help as helping
from monokeel.tasks import policy, promote, release, screen, setup, template
from monokeel.tasks.arguments import Tasks, parse_call
from monokeel.tasks.command import Command, OurConfig, ending, exit_on_error
from monokeel.tasks.wiring import root


class Program(InvokeProgram):
    """invoke's program with our reading of the command line and our help.

    No option of invoke's own is honoured: with tasks that write by git and over HTTP,
    ``--dry`` would be a promise that nobody keeps.
    """

    def parse_core(self, argv: list[str] | None) -> None:
        """Keep *argv*: everything is read at once, when the tasks are known."""
        self.normalize_argv(argv)
        self.core = ParseResult([self.initial_context])

    def parse_tasks(self) -> None:
        """Find the one task to run, or print what else was asked for and end."""
        words = self.argv[1:]
        if words[:2] == ["completion", "--"]:
            print("\n".join(helping.candidates(words[2:], self.collection)))
            raise Exit
        tasks = _tasks(self.collection)
        call = parse_call(words, tasks)
        if call.act == "run":
            if call.debug:
                logging.basicConfig()
                logging.getLogger("monokeel").setLevel(logging.DEBUG)
            self.core.remainder = " ".join(call.rest)
            self.tasks = ParseResult([call.context])
            return
        if call.act == "list":
            said = helping.listing(self.collection, call.name)
        elif call.act == "explain":
            task, context = self.collection[call.name], tasks.contexts[call.name]
            said = helping.explanation(call.name, task, context)
        else:
            said = f"Monokeel {_version()}"
        with exit_on_error():
            print(said, flush=True)
        raise Exit

    def parse_cleanup(self) -> None:
        """Leave out what invoke does here for options that are not honoured."""


def collection(root: Path) -> Collection:
    """Return all tasks, with those of *root*'s ``tasks_local.py`` if there is one.

    A local task may not take the name of one of ours: UsageError.
    """
    groups = {**policy.GROUPS, **template.GROUPS, **setup.GROUPS}
    own = (*release.TASKS, *policy.TASKS, *promote.TASKS, *setup.TASKS)
    below = (Collection(name, *members) for name, members in groups.items())
    tasks = Collection(*own, helping.completion, *below)
    local = root / "tasks_local.py"
    if local.exists():
        _add_local(tasks, local)
    return tasks


def main() -> None:
    """Run the task that the command line names, and end with its exit code."""
    screen.take_any_text()
    try:
        Program(
            name="Monokeel",
            binary="./inv",
            namespace=collection(root()),
            config_class=OurConfig,
        ).run()
    except (errors.MonokeelError, BrokenPipeError) as error:
        raise ending(error) from None
    finally:
        screen.flush()


def for_invoke() -> Collection:
    """Return the tasks for whoever loads ``tasks.py``.

    If that is invoke's own program, ours takes its place on the same command line:
    there, ``--dry`` would be taken and mean nothing. Never returns then.
    """
    started = Path(sys.argv[0])
    named = started.parent.name if started.name == "__main__.py" else started.name
    if named in {"invoke", "inv"} and "--complete" not in sys.argv[1:2]:
        main()
        raise SystemExit(0)
    return collection(root())


def _add_local(tasks: Collection, path: Path) -> None:
    spec = importlib.util.spec_from_file_location("tasks_local", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True  # a __pycache__ beside it makes a clone unclean
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        problem = f"tasks_local.py cannot be loaded: {type(error).__name__}: {error}"
        fix = "Mend it, or move it away; ./inv --debug shows where it fails."
        raise errors.UsageError(problem, fix=fix) from error
    local = Collection.from_module(module)
    for name in {*local.tasks, *local.collections}:
        if name in tasks.tasks or name in tasks.collections:
            problem = f"tasks_local.py has a task {name!r}, as Monokeel has"
            fix = "Give it another name: it would stand in for ours."
            raise errors.UsageError(problem, fix=fix)
    for task in local.tasks.values():
        tasks.add_task(task)
    for group in local.collections.values():
        tasks.add_collection(group)


def _tasks(tasks: Collection) -> Tasks:
    contexts = {
        name: context
        for context in tasks.to_contexts()
        for name in (str(context.name), *context.aliases)
    }
    examples = {
        name: task.about.examples[0]
        for name in contexts
        if isinstance(task := tasks[name], Command)
    }
    groups = tuple(tasks.collections)
    return Tasks(contexts=contexts, groups=groups, examples=examples)


def _version() -> str:
    """Return the version of the installed package; read only when it is asked for."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("monokeel")
    except PackageNotFoundError:
        return "(not installed)"
