"""The one issue that is open while drift lasts, and what it speaks of.

It keeps, in a hidden comment, each thing that it speaks of; a run closes it only if it
saw them all, so a run that sees little never closes the alert of one that saw much.
"""

import json
import re
from collections.abc import Mapping

from monokeel.drift.ports import Issues, OwnIssue
from monokeel.drift.report import DriftReading
from monokeel.drift.sections import SECTIONS
from monokeel.ground.answers import as_list, as_object
from monokeel.ground.errors import NO_ANSWER, ServiceError
from monokeel.ground.parsers import parse_json
from monokeel.ground.report import visible

MARKER = "policy-drift"
_TITLE = "Policy drift: GitHub is not as the files say"
_FOUND = re.compile(r"<!-- monokeel-found: (\{.*\}) -->")
# Report, what was found earlier, hidden list: together less than GitHub's 65,536.
_LONGEST_BODY, _LONGEST_LIST = 24_000, 20_000
_CUT = "\n\n… cut here: the run that wrote this has the rest."
_MOST_LINES, _LONGEST_LINE = 60, 300

Found = Mapping[str, tuple[str, ...]]  # section/item, such as settings/deploy_keys


def keep_issue(found: DriftReading, body: str, issues: Issues, run: str = "") -> str:
    """Keep one issue open while drift lasts, close it after; return what was done.

    *body* is the report in Markdown, *run* the address of the run that made it. A run
    that could not verify everything changes nothing: nobody knows. What GitHub refuses
    (Issues are switched off) is said, and changes no verdict.
    """
    if found.verdict == "unverifiable":
        return "the issue is left as it is: not everything could be verified"
    link = f"\n\nFound by {run}" if run else ""
    try:
        issue = issues.newest(MARKER)
        known = found_in(issue.body) if issue is not None and issue.is_open else {}
        if found.verdict == "drift":
            cut = _CUT if len(body) > _LONGEST_BODY else ""
            text = f"{body[:_LONGEST_BODY]}{cut}{link}"
            return _keep(found, known, text, issue, issues)
        if issue is None or not issue.is_open:
            return "no issue is open"
        if unseen := ", ".join(x.rstrip("/") for x in known if not _sees(found, x)):
            return f"issue #{issue.number} stays open: this run did not see {unseen}"
        comment = f"All that this issue speaks of is in sync again.{link}"
        issues.close(MARKER, comment=comment)
    except NO_ANSWER as error:
        return f"no issue could be written: {error.problem}"
    return f"issue #{issue.number} is closed"


def found_in(body: str) -> Found:
    """Return what an issue speaks of: all sections if its text no longer says it."""
    ours = _FOUND.findall(body)[-1:]  # behind what names of others may say
    try:
        kept = as_object(parse_json(*ours or [""]))
        known = (key for key in kept if key.partition("/")[0] in SECTIONS)
        return {key: tuple(map(str, as_list(kept[key]))) for key in known}
    except (ValueError, ServiceError):
        return {f"{section}/": () for section in SECTIONS}


def _keep(
    found: DriftReading, known: Found, body: str, issue: OwnIssue | None, issues: Issues
) -> str:
    now = _drift_by_item(found)
    earlier = _fitting({key: known[key] for key in known if not _sees(found, key)})
    both = {x: (*now.get(x, ()), *earlier.get(x, ())) for x in sorted({*now, *earlier})}
    merged = _fitting({key: tuple(dict.fromkeys(both[key])) for key in both})
    if older := [line for key in earlier for line in earlier[key]]:
        body += "\n\n**Found earlier, not seen by this run**\n\n" + _listed(older)
    text = f"{body}\n\n<!-- monokeel-found: {_hidden(merged)} -->"
    if issue is None:
        return f"issue #{issues.create(MARKER, title=_TITLE, body=text)} is open"
    if issue.is_open and merged == known:
        return f"issue #{issue.number} is open, and says all of it already"
    before = {line for key in known for line in known[key]}
    if new := [x for key in merged for x in merged[key] if x not in before]:
        again = "New" if issue.is_open else "Drift again"
        issues.comment(issue.number, f"{again}:\n\n{_listed(new)}")
    issues.change(issue.number, MARKER, title=_TITLE, body=text)
    return f"issue #{issue.number} is open{'' if issue.is_open else ' again'}"


def _hidden(found: Found) -> str:
    # "--" and ">" would end the comment; JSON knows another way to write them.
    return json.dumps(found).replace("-", "\\u002d").replace(">", "\\u003e")


def _fitting(found: Found) -> Found:
    """Drop lines of the longest item, never an item, until the list is not cut off."""
    kept = dict(found)
    while len(_hidden(kept)) > _LONGEST_LIST and any(kept.values()):
        longest = max(kept, key=lambda key: len(_hidden({"": kept[key]})))
        kept[longest] = kept[longest][:-1]
    return kept


def _drift_by_item(found: DriftReading) -> Found:
    by_item: dict[str, tuple[str, ...]] = {}
    for section, facts in found.facts.items():
        for each in facts.drift[:_MOST_LINES]:
            key, said = f"{section}/{each.item}", each.line
            # Who did it is known to some tokens only: it makes no other drift of it.
            if section == "rulesets":
                said = said.partition("; ")[0]
            by_item[key] = (*by_item.get(key, ()), visible(said)[:_LONGEST_LINE])
    return by_item


def _sees(found: DriftReading, key: str) -> bool:
    """Say whether this run saw the item *key* (``rulesets/bypass_actors``)."""
    section, _, item = key.partition("/")
    blind = {each.item for each in found.section(section).unverified}
    return section in found.facts and not (blind & {item, section} if item else blind)


def _listed(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
