"""One way to write a task: options, help, reports, errors, exit codes.

A task is a function that yields reports. Around it stand, once for all tasks: the
option ``--json``, the printing, the line for each failure, and the exit code.
"""

import errno
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from invoke import Argument, Config, Context, Task

from monokeel.ground import errors
from monokeel.ground.errors import MonokeelError, RefusedError, UsageError

if TYPE_CHECKING:
    from monokeel.ground.report import Outcome, Report

_EXIT: "Final[Mapping[Outcome, int]]" = {
    "done": 0,
    "difference": errors.DIFFERENCE,
    "refused": RefusedError.exit_code,
    "unknown": errors.ServiceError.exit_code,
}
_INTERRUPTED: Final = 130  # as a shell says it: 128 and the number of SIGINT
_JSON: Final = "print one JSON object instead of text"
EXITS: Final[Mapping[int, str]] = {
    0: "done, or nothing to do",
    1: "wrong use: a bad argument or a bad configuration",
    2: "a difference was found",
    3: "refused: a guard or a gate said no, or somebody else was first",
    4: "cannot tell: git, GitHub or the registry did not answer, or the token may not"
    " see it",
}


Reports: TypeAlias = "Iterable[Report]"


class OurConfig(Config):
    """The settings of invoke in our own program; a task of ours runs in no other."""


class Command(Task):  # type: ignore[type-arg]  # its parameter is never used
    """A task of ours: invoke's, and what its help says."""

    def __init__(self, body: Callable[..., None], about: "About") -> None:
        """Make a task of *body* that has no short options and no positional ones."""
        lists, places = about.iterable, about.positional
        super().__init__(body, auto_shortflags=False, iterable=lists, positional=places)
        self.about = about

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """Return the options; invoke empties *help* on the way: it is filled anew."""
        more = {"json": _JSON} if self.about.json else {}
        self.help = {**self.about.options, **more}
        return super().get_arguments(ignore_unknown_help)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the help of a task says; as a decorator it makes a task of a function.

    The function yields reports. *group* is a heading of the list of tasks. *exits* has
    the exit codes that it may end with, each with its own meaning or ``""`` for that of
    all tasks. *options* has the help of each, *choices* the values of some.
    *variables* are those of the environment that it reads, *section* is one of
    ``docs/OPERATIONS.md``. With *json* it takes ``--json``: then the first report is
    the one object on stdout, and later ones are text on stderr.
    """

    group: str
    examples: Sequence[str]
    exits: Mapping[int, str]
    options: Mapping[str, str] = field(default_factory=dict)
    variables: Sequence[str] = ()
    section: str = ""
    choices: Mapping[str, Callable[[], Iterable[str]]] = field(default_factory=dict)
    iterable: Sequence[str] = ()
    positional: Sequence[str] = ()
    json: bool = True

    def __call__(self, body: Callable[..., Reports]) -> Command:
        """Return the task that runs *body*."""

        def run(context: Context, **given: object) -> None:
            from monokeel.tasks.screen import working

            as_json, code, number = bool(given.pop("json", False)), 0, 0
            with exit_on_error():
                _require_our_program(context, body.__name__)
                # One without --json may print itself: nothing stands in its way.
                name = body.__name__ if self.json else ""
                left: Iterator[Report] = iter(body(**given))
                while True:
                    with working(name):
                        report = next(left, None)
                    if report is None:
                        break
                    first = as_json and not number
                    show(report, as_json=first, aside=as_json and number > 0)
                    code, number = max(code, _EXIT[report.outcome]), number + 1
            if code:
                raise SystemExit(code)

        run.__doc__, run.__name__ = body.__doc__, body.__name__
        # What invoke reads the options from: the body's own, and --json.
        kind = inspect.Parameter.KEYWORD_ONLY
        first = inspect.Parameter("_", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        last = [inspect.Parameter("json", kind, default=False)] if self.json else []
        own = inspect.signature(body).parameters.values()
        run.__signature__ = inspect.Signature([first, *own, *last])  # type: ignore[attr-defined]
        return Command(run, self)


def show(report: "Report", *, as_json: bool = False, aside: bool = False) -> None:
    """Print *report* on stdout; *aside*, what is going to be done, on stderr.

    In GitHub Actions also as job summary, and its problems as annotations.
    """
    from monokeel.adapters import actions
    from monokeel.ground import report as forms
    from monokeel.tasks import screen

    if as_json:
        print(forms.as_json(report), flush=True)
    else:
        screen.print_report(report, sys.stderr if aside else sys.stdout)
    actions.add_summary(forms.as_markdown(report))
    for problem in () if aside else report.problems:
        annotate_place(problem)


def require_yes(deletion: str, *, yes: bool) -> None:
    """Go on only if *deletion* (``delete ruleset x``) is wanted; else RefusedError.

    On a terminal somebody is asked; elsewhere only ``--yes`` (*yes*) will do.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        fix = "Add --yes once that is what you want. Nothing was changed."
        raise RefusedError(f"nobody was there to say yes: {deletion}", fix=fix)
    if not asked(deletion):
        raise RefusedError(f"the answer was no: {deletion}", fix="Nothing was changed.")


def asked(question: str) -> bool:
    """Return what somebody at the terminal answers to *question*, yes or no."""
    from monokeel.ground.report import visible
    from monokeel.tasks.screen import stop_showing

    stop_showing()
    print(f"{visible(question)}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Turn a failure into its message on stderr and its exit code.

    Anything but a MonokeelError is a bug of ours: one line, the traceback on request.
    """
    try:
        yield
    except (MonokeelError, BrokenPipeError) as error:
        raise ending(error) from None
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
    except OSError as error:
        fix = "Check that the file or folder is there, and may be read and written."
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            fix = "Make room on the disk that is written to, then run it again."
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}", fix)
        raise SystemExit(1) from None
    except Exception as error:  # noqa: BLE001 - the one place where a bug ends
        if "--debug" in sys.argv:
            traceback.print_exc()
        complain(
            f"this is a bug in Monokeel: {type(error).__name__}: {error}",
            "Run again as ./inv --debug … and report what it prints.",
        )
        raise SystemExit(1) from None


def ending(error: MonokeelError | BrokenPipeError) -> SystemExit:
    """Return the end that *error* calls for, once the reader knows of it."""
    if isinstance(error, BrokenPipeError):
        from monokeel.tasks.screen import silence

        silence()
        return SystemExit(1)
    complain(error.problem, error.fix)
    return SystemExit(error.exit_code)


def complain(problem: str, fix: str) -> None:
    """Print *problem* and *fix* on stderr; in GitHub Actions also as annotation."""
    from monokeel.ground.report import shortened
    from monokeel.tasks.screen import print_line

    problem, fix = shortened(problem), shortened(fix)
    print_line(f"error: {problem}", sys.stderr)
    for line in f"fix: {fix}".splitlines() if fix else ():
        print_line(line, sys.stderr)
    annotate_place(f"{problem}. {fix}" if fix else problem)


def annotate_place(problem: str) -> None:
    """Make *problem* an annotation, at the first line with a value or key it names."""
    from monokeel.adapters import actions
    from monokeel.tasks.wiring import root

    named = re.search(r"\binfra/(?:platform\.toml|rulesets\.json)\b", problem)
    if named is None or not actions.in_actions() or not (root() / named[0]).is_file():
        actions.annotate(problem)
        return
    lines = (root() / named[0]).read_text("utf-8", "replace").splitlines()
    words = re.findall(r"'([^']+)'|\b(\w+) (?:is|=|must)\b", problem[named.end() :])
    numbers = [
        number
        for word in map("".join, words)
        for number, line in enumerate(lines, 1)
        if word in line
    ]
    actions.annotate(problem, place=f"file={named[0]},line={[*numbers, 1][0]}")


def _require_our_program(context: Context, name: str) -> None:
    """Raise UsageError under another program: its options would mean nothing here."""
    if not isinstance(context.config, OurConfig):
        fix = "Run it as ./inv: the options of another one would not be honoured."
        raise UsageError(f"{name} runs in the program of Monokeel alone", fix=fix)
    if context.remainder:
        problem = f"{name} takes nothing behind --: {context.remainder!r}"
        raise UsageError(problem, fix=f"./inv --help {name} lists its options.")
    if context.config.run.dry:
        problem = "invoke's dry mode is set (INVOKE_RUN_DRY or a configuration file)"
        fix = "Unset it: --dry-run is the preview of a task that writes."
        raise UsageError(problem, fix=fix)
