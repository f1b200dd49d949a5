"""Completion at TAB: the script for a shell, and the words that it offers.

The script asks the program that stands on the command line, so it needs nothing on the
PATH; it writes nothing, and the launcher makes no environment for it.
"""

from collections.abc import Iterable, Sequence

from invoke import Collection, ParserContext

from monokeel.ground.errors import MonokeelError, UsageError
from monokeel.tasks.arguments import FRONT
from monokeel.tasks.command import About, Command, Reports

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
