"""Is the title of a pull request one that says what the change is."""

import re
from collections.abc import Iterable

from monokeel.ground.answers import Json, as_number, as_object, as_text
from monokeel.ground.errors import RefusedError
from monokeel.ground.report import Report
from monokeel.ground.settings import Settings
from monokeel.release.commits import level_if_counted, read_commits
from monokeel.release.messages import RULE_SETS, parse_message
from monokeel.release.ports import Merge

TYPES = (
    *("build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert"),
    *("style", "test"),
)
_SHOWN = 120
_MERGE = re.compile(r"Merge (?:branch|pull request|remote-tracking|[0-9a-f]{7,} into) ")
_REVERT = re.compile(r'Revert ".+"(?: \(#[0-9]+\))?\Z')  # as GitHub's button gives it


def judge_title(title: str, settings: Settings) -> Report:
    """Return a report if *title*, the commit of a squash, says what the change is.

    What asks for no release, though it looks like it, is told so. Raises RefusedError
    for no Conventional Commit, or a type that nobody knows.
    """
    rules = RULE_SETS[settings.rules]
    message = parse_message(title, rules)
    commits = [*read_commits([("", title)], rules, settings.types)]
    silent = not any(map(level_if_counted, commits))
    is_revert = (message.type, title) == ("revert", title.strip())
    if _REVERT.match(title) or (is_revert and silent):
        return Report(
            headline="a revert: this title alone asks for no release; if what it takes"
            " back was released, write 'fix: revert …'",
            data={"title": title, "type": "revert"},
        )
    if title != title.strip() or message.type is None or not message.subject:
        problem = f"the title {title[:_SHOWN]!r} is no Conventional Commit"
        fix = "Write TYPE(SCOPE): SUBJECT, such as 'fix(api): answer 404',"
        fix += f" by the {rules.name} rules."
        raise RefusedError(problem, fix=fix)
    known = {*TYPES, *(name.partition("(")[0] for name in settings.types)}
    if message.type not in known:
        problem = f"the title's type {message.type[:_SHOWN]!r} is not known"
        raise RefusedError(problem, fix=f"Choose one of: {', '.join(TYPES)}.")
    skipped = "; marked [skip release], it asks for no release"
    return Report(
        headline=f"{message.type}: {message.subject}"
        + skipped * any(each.skipped for each in commits),
        data={"title": title, "type": message.type, "scope": message.scope},
    )


def merge_of(event: Json, settings: Settings, base: str) -> Merge:
    """Return the pull request of GitHub's *event* as it lands on the commit *base*.

    Its title counts if ``[settings]`` squash under it; else its commits as they are.
    Raises ServiceError for another event.
    """
    pull = as_object(as_object(event).get("pull_request"))
    title, message = as_text(pull.get("title")), ""
    if settings.on_github.get("squash_merge_commit_title") == "PR_TITLE":
        message = f"{title} (#{as_number(pull.get('number'))})"
        if settings.on_github.get("squash_merge_commit_message") == "PR_BODY":
            message += f"\n\n{as_text(pull.get('body') or '')}"
    onto = as_text(as_object(pull.get("base")).get("ref"))
    return Merge(onto=onto, base=base, message=message)


def judge_commits(commits: Iterable[tuple[str, str]], settings: Settings) -> Report:
    """Judge the titles of *commits* (sha, message); RefusedError names each bad one."""
    bad, good = [], 0
    for sha, message in commits:
        title = message.partition("\n")[0]
        if _MERGE.match(title):
            continue
        try:
            judge_title(title, settings)
            good += 1
        except RefusedError as error:
            bad.append(f"{sha[:12]}: {error.problem}")
    if bad:
        fix = "Reword them (git rebase -i), or let only squash merges in, with the"
        fix += " title: [settings] in infra/platform.toml, allowed_merge_methods in"
        fix += " infra/rulesets.json."
        raise RefusedError("; ".join(bad), fix=fix)
    return Report(headline=f"{good} commits say what they change", data={"good": good})
