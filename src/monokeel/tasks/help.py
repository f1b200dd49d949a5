"""What the program says of itself: the tasks, the help of each, completion at TAB.

The script for a shell asks the program that stands on the command line, so it needs
nothing on the PATH; it writes nothing, and the launcher makes no environment for it.
"""

import inspect
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from invoke import Collection, ParserContext, Task

from monokeel.ground.errors import MonokeelError, UsageError
from monokeel.tasks.arguments import FRONT
from monokeel.tasks.command import EXITS, About, Command, Reports

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
_BASH = """\
# Completion for ./inv. Now: source <(./inv completion bash). Always: put that line,
# with the path of a repository, into ~/.bashrc.
_monokeel_inv() {
    local IFS=$'\\n' word="${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion -- \\
        "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "$word"))
}
complete -o default -F _monokeel_inv inv
"""
_ZSH = """\
# Completion for ./inv. Now: source <(./inv completion zsh), after compinit. Always: put
# that line, with the path of a repository, into ~/.zshrc.
_monokeel_inv() {
    local -a found
    found=("${(@f)$("${words[1]}" completion -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    compadd -a found
}
compdef _monokeel_inv inv
"""
_FISH = """\
# Completion for ./inv. Now: ./inv completion fish | source. Always: write it to
# ~/.config/fish/completions/inv.fish.
function __monokeel_inv
    set -l before (commandline -opc)
    $before[1] completion -- $before[2..] (commandline -ct) 2>/dev/null
end
complete -c inv -f -a '(__monokeel_inv)'
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


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


@About(
    group="Set-up",
    examples=("source <(./inv completion bash)", "./inv completion fish | source"),
    exits={0: "", 1: ""},
    options={"shell": "the shell: bash, zsh or fish"},
    choices={"shell": lambda: _SCRIPTS},
    positional=("shell",),
    json=False,
)
def completion(*, shell: str = "") -> Reports:
    """Print the script that completes tasks and options at TAB."""
    if shell not in _SCRIPTS:
        problem = f"there is no script for {shell!r}" if shell else "no shell given"
        raise UsageError(problem, fix=f"Give one of {', '.join(_SCRIPTS)}.")
    print(_SCRIPTS[shell], end="")
    return ()


def candidates(words: Sequence[str], tasks: Collection) -> list[str]:
    """Return what may stand for the last of *words*, those behind the program."""
    *before, start = words or [""]
    contexts = {str(context.name): context for context in tasks.to_contexts()}
    name = next((word for word in before if word in contexts), "")
    offered: Iterable[str]
    if name:
        offered = _behind_task(before, tasks[name], contexts[name])
    else:
        offered = FRONT if start.startswith("-") else tuple(contexts)
    return sorted(word for word in offered if word and word.startswith(start))


def _behind_task(
    before: Sequence[str], task: object, context: ParserContext
) -> Iterable[str]:
    choices = task.about.choices if isinstance(task, Command) else {}
    last = [word for word in before if word != "="][-1]
    argument = context.flags.get(last)
    if argument is not None and argument.takes_value:
        return _chosen(choices.get(str(argument.name)))
    if context.positional_args and last == context.name:
        return _chosen(choices.get(str(context.positional_args[0].name)))
    plain = [
        flag
        for flag, each in context.flags.items()
        if flag not in context.inverse_flags.values() and not each.positional
    ]
    taken = set(before) - {flag for flag in plain if context.flags[flag].kind is list}
    return [f for f in (*plain, *context.inverse_flags, "--help") if f not in taken]


def _chosen(choices: object) -> Iterable[str]:
    try:
        return choices() if callable(choices) else ()
    except MonokeelError:
        return ()  # a broken file is for the task to complain of, not for TAB
