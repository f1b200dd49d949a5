"""How the sandbox misbehaves: what GitHub does where it hurts, and faults."""

import re
from dataclasses import dataclass, field, fields

from sandbox.defaults import GITHUB
from sandbox.wire import Json, JsonObject, number_of, text_of, unprocessable

KINDS = ("status", "lost", "reset", "broken-json", "cut", "slow")


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next *times* requests that match.

    *kind* is ``status`` (answer *status* without any effect), ``lost`` (the effect
    happens, the connection closes), ``reset`` (it closes before the effect),
    ``broken-json``, ``cut`` (half of the body), ``slow`` (*delay_s*). The first *skip*
    requests that match pass.
    *method* and *path* are regular expressions; *path* has its query.
    """

    kind: str = "status"
    method: str = ".*"
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int = 503
    body: Json = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0

    def takes(self, method: str, path: str) -> bool:
        """Say whether this fault hits a request, and count it."""
        if self.times <= 0 or not re.fullmatch(self.method, method):
            return False
        if not re.search(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(slots=True, kw_only=True)
class Switches:
    """Attributes to set; the defaults are GitHub's usual behaviour."""

    plan: str = "enterprise"  # free-private: no rulesets; free: no pattern rules
    hide_bypass: bool = False  # from every caller; else by right
    added_defaults: bool = True
    extra_approval: bool = True  # a parameter outside the description (wurk#488)
    new_parameter: str = ""  # one more active parameter of pull_request on reading
    new_rule_types: tuple[str, ...] = ()  # that no description knows yet
    reorder: bool = False
    null_conditions: bool = False
    duplicate_names: bool = False  # of rulesets (otterdog#729)
    drop_user_actors: bool = False  # jwx#1720
    put_without_effect: bool = False  # terraform-provider-github#2784
    hide_by_404: bool = False  # a missing right answers 404, not 403
    page_size: int = 0  # 0: as asked; else no page is longer
    draft_lag_s: float = 0.0  # Xtra#167, unconfirmed
    starter_asset: bool = False  # the next upload ends 502 and leaves `starter`
    asset_redirect: bool = False  # asset bytes come with a 302
    owner_decides_immutable: bool = False
    refuse_other_refs: bool = False  # outside heads and tags (unconfirmed)
    tags_refused: bool = False  # GH013 on every new tag
    strict_workflows: bool = True  # compare with main, else with every tip
    deprecation_headers: bool = False
    renamed_from: str = ""  # this owner/name answers 301
    payload_as_text: bool = False
    deployments_shuffled: bool = False  # no page promises that the newest come first
    newest_status_first: bool = False  # statuses in GraphQL; no order is promised
    actions_open_pulls: bool = False  # the repository's setting; off by default
    rate_limit: int = 5000
    clock_offset_s: float = 0.0
    delay_s: float = 0.0  # before every answer
    # What GitHub does by default; the sources stand in sandbox.defaults.
    first_push_needs_right: bool = GITHUB.first_push_needs_right
    classic_needs_workflow_scope: bool = GITHUB.classic_needs_workflow_scope
    organization_deploy_keys: bool = GITHUB.organization_deploy_keys
    keys_go_with_token: bool = GITHUB.keys_go_with_token
    branch_policy_needs_plan: bool = GITHUB.branch_policy_needs_plan
    merge_follows_settings: bool = GITHUB.merge_follows_settings
    app_token_within_rights: bool = GITHUB.app_token_within_rights
    missing_branch_has_no_activity: bool = GITHUB.missing_branch_has_no_activity
    longest_release_body: int = GITHUB.longest_release_body
    longest_issue_body: int = GITHUB.longest_issue_body
    longest_title: int = GITHUB.longest_title
    faults: list[Fault] = field(default_factory=list)

    def fail(self, path: str, *, method: str = ".*", **rest: object) -> Fault:
        """Let the next requests that match fail; *rest* are fields of Fault."""
        fault = Fault(path=path, method=method)
        for name, value in rest.items():
            setattr(fault, name, value)
        self.faults.append(fault)
        return fault

    def secondary_limit(
        self, path: str = "", *, times: int = 1, retry_after: str | None = "1"
    ) -> Fault:
        """Answer the next requests with GitHub's secondary limit.

        Source: github-changelog-generator#993; the remaining count is not 0
        (php-github-api#1072); ``Retry-After`` may be absent.
        """
        body: JsonObject = {
            "message": "You have exceeded a secondary rate limit. Please wait a few "
            "minutes before you try again. If you reach out to GitHub Support for "
            "help, please include the request ID FA2D:87B1:8879E3:1176C87:6570B7E6.",
            "documentation_url": "https://docs.github.com/en/free-pro-team@latest/rest/"
            "overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
            "status": "403",
        }
        headers = {"X-RateLimit-Remaining": "14"}
        if retry_after is not None:
            headers["Retry-After"] = retry_after
        return self.fail(path, times=times, status=403, body=body, headers=headers)

    def primary_limit(self, reset: int, *, path: str = "", times: int = 1) -> Fault:
        """Answer the next requests with the primary limit until *reset* (epoch)."""
        body: JsonObject = {
            "message": "API rate limit exceeded for installation ID 1.",
            "documentation_url": "https://docs.github.com/rest",
            "status": "403",
        }
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
        return self.fail(path, times=times, status=403, body=body, headers=headers)

    def fault_for(self, method: str, path: str) -> Fault | None:
        """Return the fault that hits this request, if any."""
        for fault in self.faults:
            if fault.takes(method, path):
                return fault
        return None

    def update(self, changes: JsonObject) -> None:
        """Set attributes from JSON; ``faults`` replaces the list.

        Raises ApiError 422 for an unknown name or kind.
        """
        known = {item.name for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise unprocessable(f"no switch {name}; there are {sorted(known)}")
            if name == "faults":
                self.faults = [_fault(entry) for entry in _entries(value)]
            else:
                setattr(self, name, value)

    def shown(self) -> JsonObject:
        """Return every plain switch as JSON."""
        return {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name != "faults"
        }


def _entries(value: Json) -> list[JsonObject]:
    if not isinstance(value, list):
        raise unprocessable("faults is a list")
    return [entry for entry in value if isinstance(entry, dict)]


def _fault(entry: JsonObject) -> Fault:
    kind = text_of(entry, "kind", "status")
    if kind not in KINDS:
        raise unprocessable(f"no kind {kind}; there are {KINDS}")
    headers = entry.get("headers")
    fault = Fault(
        kind=kind,
        method=text_of(entry, "method", ".*"),
        path=text_of(entry, "path"),
        times=number_of(entry, "times", 1),
        skip=number_of(entry, "skip"),
        status=number_of(entry, "status", 503),
        body=entry.get("body"),
    )
    if isinstance(headers, dict):
        fault.headers = {name: str(text) for name, text in headers.items()}
    delay = entry.get("delay_s")
    if isinstance(delay, int | float):
        fault.delay_s = float(delay)
    return fault
