"""What the program says of itself: the list of tasks, and the help of each."""

import inspect
import shutil
import textwrap
from collections.abc import Mapping, Sequence

from invoke import Collection, ParserContext, Task

from monokeel.tasks.command import EXITS, Command

# The headings of the list, in this order; what is in no group of ours is the team's.
GROUPS = ("Releases", "Environments", "Rules", "Set-up", "Template", "Workflows")
_OWN = "Your own (tasks_local.py)"
_WIDEST = 100
_HEAD = """\
Usage: ./inv TASK [options]
"""
_FOOT = """\
./inv TASK --help   options, examples and exit codes of one task
./inv --debug TASK  the same task, with its programs, requests and tracebacks
./inv --version     the version of Monokeel"""
VARIABLES: Mapping[str, str] = {
    "GITHUB_TOKEN": "token for GitHub and its registry (also GH_TOKEN)",
    "MONOKEEL_DEPLOY_KEY": "private key for what the rules protect: tags, env/*",
    "MONOKEEL_WRITER_KEY": "or that of the GitHub App, where one writes",
    "MONOKEEL_BUILD": "docker, buildah or a command line that builds and pushes",
    "MONOKEEL_REGISTRY_USER": "user for the registry",
    "MONOKEEL_REGISTRY_PASSWORD": "password for the registry",
    "PROMOTE_HOLD": "if not empty, the reason why nothing is promoted",
    "TEMPLATE_SOURCE": "where the template is, as OWNER/REPO or an address",
    "MONOKEEL_TEMPLATE_TOKEN": "a token that reads a private template",
    "MONOKEEL_TEMPLATE_KEY": "or the text of an SSH key that does",
}


def listing(tasks: Collection, group: str = "") -> str:
    """Return the list of *tasks* under their headings, or of one *group* of them."""
    rows: dict[str, list[tuple[str, str]]] = {name: [] for name in (*GROUPS, _OWN)}
    for name in tasks.task_names:
        task: Task = tasks[name]  # type: ignore[type-arg]
        if not group or name == group or name.startswith(f"{group}."):
            heading = task.about.group if isinstance(task, Command) else _OWN
            first_line = (inspect.getdoc(task) or "").partition("\n")[0]
            rows[heading].append((name, first_line))
    names = [name for listed in rows.values() for name, _ in listed]
    first = max(map(len, names), default=0)
    blocks = [f"{h}\n{_columns(each, first)}\n" for h, each in rows.items() if each]
    return "\n".join([_HEAD, *blocks, _FOOT])


def explanation(name: str, task: Task, context: ParserContext) -> str:  # type: ignore[type-arg]
    """Return the help of the task *name*, whose options are those of *context*."""
    inverse = {plain: no for no, plain in context.inverse_flags.items()}
    options = []
    for flag, argument in context.flags.items():
        short = [f"-{name}" for name in argument.nicknames if len(name) == 1]
        spelt = ", ".join([flag, *short]) + " VALUE" * argument.takes_value
        if not argument.positional:
            options.append((inverse.get(flag, spelt), argument.help or ""))
    positional = "".join(f" {str(a.name).upper()}" for a in context.positional_args)
    usage = f"Usage: ./inv {name}{positional}" + (" [options]" if options else "")
    blocks = [usage, textwrap.dedent(inspect.getdoc(task) or "").strip()]
    if options:
        blocks.append(f"Options\n{_columns(options)}")
    if isinstance(task, Command):
        about = task.about
        blocks.append("Examples\n" + "\n".join(f"  {line}" for line in about.examples))
        ends = [(str(n), says or EXITS[n]) for n, says in sorted(about.exits.items())]
        blocks.append(f"Exit codes\n{_columns(ends)}")
        read = [(name, VARIABLES[name]) for name in about.variables]
        blocks.append(f"Variables\n{_columns(read)}" if read else "")
        more = f"More: docs/OPERATIONS.md, {about.section}"
        blocks.append(more if about.section else "")
    return "\n\n".join(block for block in blocks if block)


def _columns(rows: Sequence[tuple[str, str]], first: int = 0) -> str:
    first = first or max(len(name) for name, _ in rows)
    width = min(shutil.get_terminal_size().columns, _WIDEST)  # 80 if it says 0
    room = max(width - first - 4, 20)
    lines = []
    for name, text in rows:
        wrapped = textwrap.wrap(text, room) or [""]
        lines.append(f"  {name.ljust(first)}  {wrapped[0]}".rstrip())
        lines += [" " * (first + 4) + more for more in wrapped[1:]]
    return "\n".join(lines)
