"""GitHub's rulesets as the text of a policy file."""

import json
from collections.abc import Mapping, Sequence

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.policy.body import new_body, objects_in
from monokeel.policy.reading import Reading
from monokeel.policy.rule_types import WRITABLE
from monokeel.policy.rulesets import BYPASS, Ruleset, repeated


def export(reading: Reading) -> str:
    """Return the text of a policy file that says what GitHub has now.

    Raises ServiceError when a bypass list is hidden: a file without it would clear
    it. Raises RefusedError when two rulesets share a name.
    """
    own = reading.own
    hidden = [each.name for each in own if each.hides_bypass]
    if hidden:
        raise ServiceError(
            f"bypass_actors is hidden from this token in {', '.join(hidden)}",
            fix="Export with a token that has administration: write.",
        )
    twice = repeated([each.name for each in own])
    if twice:
        raise RefusedError(
            f"GitHub has more than one ruleset called {', '.join(twice)}",
            fix="Rename or delete the surplus ones on GitHub, then export again.",
        )
    return policy_text([exported(each) for each in own])


def exported(live: Ruleset) -> dict[str, Json]:
    """Return *live* as an entry of the policy file.

    Read-only members are left out; so is null where it means "not given". The order
    is fixed, so that two exports of one state are equal.
    """
    body = new_body(live)
    rules, actors = objects_in(body["rules"]), objects_in(body[BYPASS])
    rules.sort(key=lambda rule: str(rule.get("type")))
    actors.sort(key=lambda actor: json.dumps(actor, sort_keys=True))
    body["rules"], body[BYPASS] = [*rules], [*actors]
    return {key: body[key] for key in WRITABLE if key in body}


def entry_text(live: Ruleset) -> str:
    """Return *live* as the text of a policy file that names it alone."""
    return policy_text([exported(live)])


def policy_text(entries: Sequence[Mapping[str, Json]]) -> str:
    """Return *entries* as the text of ``infra/rulesets.json``."""
    return json.dumps([dict(each) for each in entries], indent=2) + "\n"
