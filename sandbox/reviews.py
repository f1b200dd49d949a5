"""The reviews that a ruleset asks of a pull request."""

from sandbox.records import Pull, Review
from sandbox.state import State
from sandbox.wire import JsonObject, flag_of, number_of


def missing_approvals(state: State, pull: Pull, parameters: JsonObject) -> list[str]:
    """Return what the rule ``pull_request`` still misses; the texts are assumed."""
    wanted = number_of(parameters, "required_approving_review_count")
    newest: dict[str, Review] = {}
    for review in pull.reviews:
        if review.state != "COMMENTED":
            newest[review.author.login] = review
    if flag_of(parameters, "dismiss_stale_reviews_on_push"):
        newest = {k: r for k, r in newest.items() if r.commit == pull.head_sha}
    good = {login for login, r in newest.items() if r.state == "APPROVED"}
    if any(review.state == "CHANGES_REQUESTED" for review in newest.values()):
        return ["Changes have been requested."]
    if len(good) < wanted:
        noun = "review is" if wanted == 1 else "reviews are"
        text = f"At least {wanted} approving {noun} required by reviewers with write"
        return [f"{text} access."]
    if flag_of(parameters, "require_last_push_approval"):
        text = "New changes require approval from someone other than the last pusher."
        return [] if good - {_last_pusher(state, pull)} else [text]
    return []


def _last_pusher(state: State, pull: Pull) -> str:
    for move in reversed(state.moves):
        if move.ref == f"refs/heads/{pull.head}":
            return move.actor.login
    return ""
