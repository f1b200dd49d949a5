"""A command line is read strictly: no word is ignored, none is taken for another."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from invoke import Argument, Collection, Context, ParserContext, Program, task

from monokeel.ground.errors import UsageError
from monokeel.tasks.arguments import FOREIGN, Call, Tasks, parse_call
from monokeel.tasks.program import collection

ROOT = Path(__file__).parents[2]
HONOURED = {"--help", "-h", "--version", "--debug", "--list", "-l"}


def tasks(own: Collection | None = None) -> Tasks:
    """Return the tasks as new as they are at a start: reading fills them."""
    contexts = (own or collection(ROOT)).to_contexts()
    return Tasks(
        contexts={str(each.name): each for each in contexts},
        groups=("policy", "template", "check"),
        examples={"promote": "./inv promote --env staging --version 1.4.0"},
    )


def call(*words: str) -> Call:
    return parse_call(words, tasks())


def refusal(*words: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_call(words, tasks())
    return f"{caught.value.problem}\n{caught.value.fix}"


def values(given: Call) -> dict[str, object]:
    assert given.context is not None
    return given.context.as_kwargs


def test_a_task_gets_its_options() -> None:
    given = call(
        "promote", "--env", "dev", "--version=1.0.0", "--override", "soak=a=b",
        "--override", "order=c", "--json",
    )  # fmt: skip

    assert given.act == "run"
    assert values(given) == {
        "env": "dev",
        "version": "1.0.0",
        "rollback": False,
        "from_": "",
        "reason": "",
        "override": ["soak=a=b", "order=c"],
        "emergency": "",
        "auto": False,
        "dry_run": False,
        "json": True,
    }


def test_a_flag_that_is_on_can_be_switched_off() -> None:
    assert values(call("init", "--no-rules"))["rules"] is False


@pytest.mark.parametrize(
    ("words", "act", "name"),
    [
        ([], "list", ""),
        (["help"], "list", ""),
        (["--help"], "list", ""),
        (["--list"], "list", ""),
        (["policy"], "list", "policy"),
        (["policy", "--help"], "list", "policy"),
        (["--list", "policy"], "list", "policy"),
        (["help", "release"], "explain", "release"),
        (["--help", "release"], "explain", "release"),
        (["--help=release"], "explain", "release"),
        (["release", "-h"], "explain", "release"),
        (["promote", "--env", "dev", "--help"], "explain", "promote"),
        (["--version"], "version", ""),
        (["--version", "release"], "version", ""),
        (["--debug", "--version"], "version", ""),
        (["release", "--version"], "version", "release"),
        (["release", "--dry-run", "--version"], "version", "release"),
        (["policy", "--version"], "version", "policy"),
    ],
    ids=str,
)
def test_what_is_asked_for(words: Sequence[str], act: str, name: str) -> None:
    given = parse_call(words, tasks())

    assert (given.act, given.name) == (act, name)


@pytest.mark.parametrize("words", [("--debug", "release"), ("release", "--debug")])
def test_debug_stands_in_front_or_behind(words: tuple[str, ...]) -> None:
    assert (call(*words).act, call(*words).debug) == ("run", True)


def core_options() -> list[str]:
    program = Program()
    arguments = [*program.core_args(), *program.task_args()]
    names = [name for argument in arguments for name in argument.names]
    return [f"-{name}" if len(name) == 1 else f"--{name}" for name in names]


def test_each_option_of_invoke_is_honoured_or_has_its_own_refusal() -> None:
    assert set(core_options()) - set(FOREIGN) - HONOURED == set()


@pytest.mark.parametrize("option", sorted(set(core_options()) - HONOURED))
def test_an_option_of_invoke_is_refused_before_and_behind_every_task(
    option: str,
) -> None:
    for name in tasks().contexts:
        for words in ((option, name), (name, option), (name, f"{option}=x")):
            assert f"there is no {option} here" in refusal(*words)
        assert f"there is no {option} here" in refusal(option, "x", name)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("relase", "no task 'relase'\nDid you mean release?"),
        ("policy:plan", "Did you mean policy.plan?"),
        ("policy-plan", "Did you mean policy.plan?"),
        ("policy plan", "policy is a group of tasks and takes no 'plan'\nDid you mean"),
        ("template upgrade", "takes no 'upgrade'\nDid you mean template.update"),
        ("frobnicate", "no task 'frobnicate'\n./inv lists the tasks."),
        ("release --dryrun", "no option --dryrun\nDid you mean --dry-run?"),
        ("release --dry_run", "Did you mean --dry-run?"),
        ("init --no-rule", "Did you mean --no-rules?"),
        ("policy.plan --yes", "policy.plan has no option --yes"),
        ("check.branch --branch Foo", "check.branch has no option --branch"),
        ("release -n", "release has no option -n"),
        ("promote --enviroment dev", "no option --enviroment\nDid you mean --env?"),
        ("promote --environment=dev", "Did you mean --env?"),
        ("promote --ENV dev", "no option --ENV\nDid you mean --env?"),
        ("Release", "Did you mean release?"),
        ("\u2014version", "no task '\u2014version'\nDid you mean --version?"),
        (
            "promote --env dev \u2013\u2013version 1",
            "'\u2013\u2013version'\nDid you mean",
        ),
        (
            "build service api",
            "takes no value here: 'service'\nDid you mean --service?",
        ),
        ("release -dj", "release has no option -dj"),
        ("--dryrun release", "there is no option --dryrun"),
        ("release 1.2.3", "release takes no value here: '1.2.3'"),
        ("promote -v 1.0.0", "Did you mean --version?"),
        (
            "--json promote",
            "behind the task: ./inv promote --json",
        ),
        ("promote dev 1.0.0", "As in: ./inv promote --env staging --version 1.4.0."),
        ("build api", "build takes no value here: 'api'"),
        ("status drift", "One task a call: ./inv status, then ./inv drift."),
        ("drift --only rulesets pointers", "--only rulesets,pointers"),
        ("promote --env dev --version", "--version needs a value, such as 1.4.0"),
        ("promote --version --json", "'--json' looks like an option"),
        ("promote --reason --help", "--reason needs a value"),
        ("promote --reason --dry", "--reason=--dry takes it as it is"),
        ("promote --reason -- x", "--reason needs a value"),
        ("promote --env dev --env prod", "given twice: 'dev' and 'prod'"),
        ("release --dry-run=false", "--dry-run takes no value"),
        ("--list nope", "there is no group 'nope'"),
        ("--list policy check", "takes one group"),
        ("--list --json", "no option --json"),
        ("help relase", "Did you mean release?"),
    ],
)
def test_what_nobody_knows_is_refused_with_help(words: str, says: str) -> None:
    assert says in refusal(*words.split())


@pytest.mark.parametrize("title", ["--help: x", "-x: y", "- fix: x", "a --version b"])
def test_a_title_is_text_whatever_it_begins_with(title: str) -> None:
    given = call("check.title", "--title", title)

    assert (given.act, values(given)["title"]) == ("run", title)


@pytest.mark.parametrize("text", ["--help", "--version", "--rollback", "-h", "--json"])
def test_an_option_in_place_of_a_value_runs_nothing(text: str) -> None:
    for name, option in (
        ("check.title", "--title"),
        ("promote", "--reason"),
        ("guard", "--version"),
    ):
        assert "looks like an option" in refusal(name, option, text)
    assert values(call("promote", f"--reason={text}"))["reason"] == text


@task(incrementable=["loud"], optional=["where"])
def team(
    _: Context, what: str, number: int = 1, where: str = "", loud: int = 0
) -> None:
    """Be a task of a team, with whatever invoke offers."""
    del what, number, where, loud


def team_tasks() -> Tasks:
    own = Collection()
    own.add_task(team)
    return tasks(own)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("team a", {"what": "a", "number": 1, "where": "", "loud": 0}),
        ("team a -n 2 -l -l", {"what": "a", "number": 2, "where": "", "loud": 2}),
        ("team --where a", {"where": "a"}),
        ("team a --where", {"where": True}),
        ("team a --where --loud", {"where": True, "loud": 1}),
    ],
)
def test_a_task_of_the_team_has_what_invoke_offers(
    words: str, expected: dict[str, object]
) -> None:
    if words == "team --where a":
        with pytest.raises(UsageError, match="what is missing"):
            parse_call(words.split(), team_tasks())
        return
    given = values(parse_call(words.split(), team_tasks()))

    assert {name: given[name] for name in expected} == expected


def test_a_number_is_one() -> None:
    with pytest.raises(UsageError, match="--number 'x' is not a number"):
        parse_call(["team", "a", "--number", "x"], team_tasks())


def test_words_behind_a_double_dash_are_kept_apart() -> None:
    assert parse_call(["team", "a", "--", "-x", "b c"], team_tasks()).rest == (
        "-x",
        "b c",
    )


def test_each_option_is_long_and_chosen() -> None:
    short = [
        f"{context.name} -{name}"
        for context in collection(ROOT).to_contexts()
        for argument in context.args.values()
        for name in argument.names
        if len(name) == 1
    ]

    assert short == []
    assert isinstance(tasks().contexts["release"], ParserContext)
    assert isinstance(tasks().contexts["release"].flags["--json"], Argument)
