"""Read a command line strictly: one task, its own options, and nothing else.

invoke's parser lets its own options through behind a task, and takes any word for the
value of an option. A look could become a write that way, so the words are read here.
"""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from invoke import Argument, ParserContext

from monokeel.ground.errors import UsageError

_PREVIEW = "--dry-run previews a task that writes; ./inv policy.plan shows the rules."
_TRACE = "--debug, in front of the task, shows programs, requests and a traceback."
_ALONE = "./inv --list, alone, lists the tasks; ./inv --list policy those of a group."
# What invoke offers and we do not honour, with what there is instead.
FOREIGN: Mapping[str, str] = {
    option: instead
    for options, instead in {
        "--dry -R": _PREVIEW,
        "-d": f"{_PREVIEW} {_TRACE}",
        "--echo -e": _TRACE,
        "--complete --print-completion-script": "./inv completion bash (or zsh, fish)"
        " prints the script for your shell.",
        "--list -l --list-depth -D --list-format -F": _ALONE,
        "--hide --pty -p --warn-only -w --command-timeout -T --no-dedupe --write-pyc"
        " --prompt-for-sudo-password": "Tasks of Monokeel start their programs"
        " themselves: leave it out.",
        "--collection -c --search-root -r --config -f": "./inv runs the tasks of the"
        " repository it stands in: leave it out.",
        "-V": "./inv --version shows the version.",
    }.items()
    for option in options.split()
}
FRONT = ("--help", "--version", "--list", "--debug")
_HELP = ("--help", "-h")
_OPTION = re.compile(r"--?[A-Za-z][A-Za-z0-9_-]*(?:=.*)?|--", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """What may be called: *contexts* by task name (invoke's view of the options).

    *groups* are names such as ``policy``; *examples* has a command line for a task.
    """

    contexts: Mapping[str, ParserContext]
    groups: Sequence[str] = ()
    examples: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is asked for: *name* is a task to run or explain, or a group to list.

    *context* holds the values of the options; *rest* is what stands behind ``--``.
    """

    act: Literal["run", "explain", "list", "version"]
    name: str = ""
    context: ParserContext | None = None
    rest: tuple[str, ...] = ()
    debug: bool = False


def parse_call(words: Sequence[str], tasks: Tasks) -> Call:
    """Return what *words*, all behind the program, ask for.

    Raises UsageError that names the nearest task or option for whatever nobody knows.
    """
    debug = False
    for index, word in enumerate(words):
        option, _, value = word.partition("=")
        behind = ([value] if value else []) + list(words[index + 1 :])
        if option == "--version":
            return Call(act="version")
        if option in _HELP or word == "help":
            return _explained(behind, tasks)
        if option in {"--list", "-l"}:
            return _listed(behind, tasks)
        if word == "--debug":
            debug = True
        elif word.startswith("-"):
            task = next((each for each in behind if each in tasks.contexts), "")
            if task and option in tasks.contexts[task].flags:
                fix = f"It stands behind the task: ./inv {task} {word}"
                raise UsageError(f"there is no option {option} in front", fix=fix)
            raise _no_option(word, "", FRONT)
        else:
            return _called(word, list(words[index + 1 :]), tasks, debug=debug)
    return Call(act="list")


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return a question that names the *known* word most like *word*, or nothing.

    The same letters are nearest, whatever dashes stand around them; then what is spelt
    alike, and then what *word* begins with. A letter means the one word it begins.
    """
    from difflib import get_close_matches

    letters, own = {_letters(each) or each: each for each in known}, _letters(word)
    begun = [each for each in letters if len(own) == 1 and each.startswith(own)]
    near = begun if len(begun) == 1 else get_close_matches(own, letters, 1)
    near += [x for x in sorted(letters, key=len, reverse=True) if own.startswith(x)]
    return f"Did you mean {letters[near[0]]}? " if near else ""


def _letters(word: str) -> str:
    return re.sub(r"[^a-z]", "", word.lower())


def _explained(words: Sequence[str], tasks: Tasks) -> Call:
    """Return the call for help on the task or group that *words* begin with."""
    name = next((word for word in words if not word.startswith("-")), "")
    if not name or name in tasks.groups:
        return Call(act="list", name=name)
    if name not in tasks.contexts:
        raise _no_task(name, tasks)
    return Call(act="explain", name=name)


def _listed(words: Sequence[str], tasks: Tasks) -> Call:
    """Return the call for the list of the group that *words* name, or of all tasks."""
    name, *more = words if words and not words[0].startswith("-") else ("", *words)
    for word in more[:1]:
        if word.startswith("-"):
            raise _no_option(word, "", ("--list",))
        raise UsageError(f"--list takes one group, not {word!r} as well", fix=_ALONE)
    if name and name not in tasks.groups:
        near = did_you_mean(name, tasks.groups)
        raise UsageError(f"there is no group {name!r}", fix=f"{near}{_ALONE}")
    return Call(act="list", name=name)


def _called(name: str, words: list[str], tasks: Tasks, *, debug: bool) -> Call:
    if name in tasks.groups:
        return _group(name, words, tasks)
    if name not in tasks.contexts:
        raise _no_task(name, tasks)
    reading = _Reading(name, deque(words), tasks)
    while reading.words:
        word = reading.words.popleft()
        if word == "--":
            break
        option, equals, value = word.partition("=")
        if reading.knows(option):
            reading.give(option, value if equals else None)
        elif option in {*_HELP, "--version"}:
            return Call(act="version" if option not in _HELP else "explain", name=name)
        elif word == "--debug":
            debug = True
        else:
            reading.place(word)
    context, rest = reading.complete(), tuple(reading.words)
    return Call(act="run", name=name, context=context, rest=rest, debug=debug)


class _Reading:
    """The words behind a task, and what they have given to its options so far."""

    def __init__(self, name: str, words: deque[str], tasks: Tasks) -> None:
        self.name, self.words, self.tasks = name, words, tasks
        self.context = tasks.contexts[name]
        self._given: dict[str, str] = {}
        self._last = ""

    def knows(self, option: str) -> bool:
        """Say whether *option* is one of the task's own."""
        return option in self.context.flags or option in self.context.inverse_flags

    def give(self, option: str, value: str | None) -> None:
        """Set *option* to *value*, or to the next word if it needs one."""
        flag = self.context.inverse_flags.get(option, option)
        argument: Argument = self.context.flags[flag]
        self._last = ""
        if not argument.takes_value:
            if value is not None:
                raise self._wrong(f"{option} takes no value, not {value!r} either")
            argument.set_value(flag == option)
            return
        if value is None and self.words and not _OPTION.fullmatch(self.words[0]):
            value = self.words.popleft()
        if value is None and argument.optional:
            argument.set_value(True, cast=False)
            return
        if value is None:
            raise self._needs_value(flag, argument)
        if flag in self._given and argument.kind is not list:
            both = f"{self._given[flag]!r} and {value!r}"
            raise self._wrong(f"{option} is given twice: {both}")
        self._given[flag] = value
        self._set(flag, argument, value)
        self._last = flag

    def place(self, word: str) -> None:
        """Give *word* to the next positional argument, if the task has one left."""
        own = (*self.context.flags, *self.context.inverse_flags)
        options = (*own, "--help", "--version", "--debug")
        if _OPTION.fullmatch(word):
            raise _no_option(word, self.name, options)
        for argument in self.context.positional_args:
            if argument.raw_value is None:
                self._set(str(argument.name), argument, word)
                return
        if self._last and "commas" in (self.context.flags[self._last].help or ""):
            both = f"{self._given[self._last]},{word}"
            fix = f"Several values of {self._last} have commas: {self._last} {both}"
        elif word in self.tasks.contexts:
            fix = f"One task a call: ./inv {self.name}, then ./inv {word}."
        else:
            example = self.tasks.examples.get(self.name, "")
            same = _letters(word) in map(_letters, options)
            fix = did_you_mean(word, options) if same else ""
            fix += f"As in: {example}. " if example else ""
            fix += f"./inv --help {self.name} lists its options."
        raise UsageError(f"{self.name} takes no value here: {word!r}", fix=fix)

    def complete(self) -> ParserContext:
        """Return what was given; UsageError where a positional argument is missing."""
        for missing in self.context.missing_positional_args:
            raise self._wrong(f"{missing.name} is missing")
        return self.context

    def _set(self, flag: str, argument: Argument, value: str) -> None:
        try:
            argument.value = value
        except ValueError:
            raise self._wrong(f"{flag} {value!r} is not a number") from None

    def _needs_value(self, flag: str, argument: Argument) -> UsageError:
        such = re.search(r"such as [^,;)]+", argument.help or "")
        what = such[0] if such else argument.help
        problem = f"{flag} needs a value" + (f", {what}" if what else "")
        if not self.words:
            return self._wrong(problem)
        problem += f"; {self.words[0]!r} looks like an option"
        return self._wrong(problem, f"{flag}={self.words[0]} takes it as it is. ")

    def _wrong(self, problem: str, fix: str = "") -> UsageError:
        more = f"{fix}./inv --help {self.name} lists the options."
        return UsageError(f"{self.name}: {problem}", fix=more)


def _group(name: str, words: Sequence[str], tasks: Tasks) -> Call:
    first = next((word for word in words if word not in _HELP), "")
    if first in {"", "--version"}:
        return Call(act="version" if first else "list", name=name)
    members = [each for each in tasks.contexts if each.startswith(f"{name}.")]
    near = did_you_mean(f"{name}.{first}", members)
    fix = f"{near}./inv {name} lists its tasks."
    raise UsageError(f"{name} is a group of tasks and takes no {first!r}", fix=fix)


def _no_task(name: str, tasks: Tasks) -> UsageError:
    known = (*tasks.contexts, *tasks.groups, *FRONT)
    fix = f"{did_you_mean(name, known)}./inv lists the tasks."
    return UsageError(f"there is no task {name!r}", fix=fix)


def _no_option(word: str, task: str, known: Sequence[str]) -> UsageError:
    option = word.partition("=")[0]
    if option in FOREIGN:
        return UsageError(f"there is no {option} here", fix=FOREIGN[option])
    more = f"./inv --help {task}".rstrip() + " lists the options."
    whose = f"{task} has" if task else "there is"
    fix = f"{did_you_mean(option, known)}{more}"
    return UsageError(f"{whose} no option {option}", fix=fix)
