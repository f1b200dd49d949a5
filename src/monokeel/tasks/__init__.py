"""The commands as invoke shows them: arguments, environment, wiring, exit codes."""

import importlib.util
from pathlib import Path

from invoke import Collection

from monokeel.ground.errors import UsageError
from monokeel.tasks import policy, promote, release, setup, template
from monokeel.tasks.wiring import exit_on_error, root


def collection(root: Path) -> Collection:
    """Return all tasks, with those of *root*'s ``tasks_local.py`` if there is one.

    A local task may not take the name of one of ours: that ends with 1.
    """
    tasks = Collection()
    for module in (release, policy, promote, setup):
        for task in module.TASKS:
            tasks.add_task(task)
    for name, members in {**policy.GROUPS, **template.GROUPS, **setup.GROUPS}.items():
        group = Collection(name)
        for task in members:
            group.add_task(task)
        tasks.add_collection(group)
    local = root / "tasks_local.py"
    if local.exists():
        _add_local(tasks, local)
    return tasks


def _add_local(tasks: Collection, path: Path) -> None:
    spec = importlib.util.spec_from_file_location("tasks_local", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    local = Collection.from_module(module)
    with exit_on_error():
        for name in {*local.tasks, *local.collections}:
            if name in tasks.tasks or name in tasks.collections:
                raise UsageError(
                    f"tasks_local.py has a task {name!r}, as Monokeel has",
                    fix="Give it another name: it would stand in for ours.",
                )
    for task in local.tasks.values():
        tasks.add_task(task)
    for group in local.collections.values():
        tasks.add_collection(group)


namespace = collection(root())
