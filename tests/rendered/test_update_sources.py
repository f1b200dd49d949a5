"""Where a template can be: without tags, with a lost one, in a bundle, or moved."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from copier import run_copy

from monokeel.adapters.copier import Template
from monokeel.adapters.credentials import Credentials
from monokeel.adapters.process import run
from monokeel.ground.errors import RefusedError
from monokeel.updates.propose import check
from tests.rendered.renders import copy_source, git
from tests.rendered.versions import (
    NEW,
    OLD,
    Versions,
    put,
    save,
    start_repository,
    tree_of,
    update,
)


def template_of(shop: Path, work: Path, source: str = "") -> Template:
    work.mkdir()
    return Template(shop, work=work, source=source, credentials=Credentials())


def test_a_version_is_recorded_though_its_commit_has_another_tag(
    versions: Versions, shop: Path, tmp_path: Path
) -> None:
    """Else the update would be offered again, whenever it was made."""
    source = str(shutil.copytree(versions.source, tmp_path / "monokeel"))
    again = NEW.replace(".0.0", ".1.0")
    git(Path(source), "tag", again, NEW)

    done = update(shop, tmp_path / "work", source=source)
    git(shop, "checkout", "-q", "main")
    git(shop, "merge", "-q", done.branch)
    after = check(template_of(shop, tmp_path / "after", source))

    assert (f"v{done.version}", after.verdict) == (again, "current")


SETTINGS = """
[user]
name = Ann Example
email = ann@example.com
signingKey = {key}
[gpg]
format = ssh
[gpg "ssh"]
allowedSignersFile = /dev/null
[commit]
gpgSign = true
[log]
showSignature = true
[color]
ui = always
[column]
ui = always
"""


def test_settings_of_a_user_do_not_change_an_update(
    versions: Versions, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, settings = tmp_path / "key", tmp_path / "settings"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    settings.write_text(SETTINGS.format(key=key))
    source = Path(shutil.copytree(versions.source, tmp_path / "monokeel"))
    answers = shop / ".copier-answers.yml"
    here = git(source, "rev-parse", f"{OLD}^{{commit}}").strip()
    put(shop, {answers.name: answers.read_bytes().replace(OLD.encode(), here.encode())})
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    save(shop, "chore: by commits")
    put(source / "template", {"docs/signed.md": b"More.\n"})
    git(source, "add", "-A")
    git(source, "commit", "-q", "-m", "docs: a signed one")
    git(source, "tag", "v9999.1.0")

    offered = check(template_of(shop, tmp_path / "check", str(source)))
    first = update(shop, tmp_path / "first", source=str(source))
    git(shop, "checkout", "-q", "main")
    again = update(shop, tmp_path / "again", source=str(source))

    assert offered.latest == first.version == again.version == "9999.1.0"
    assert offered.changes.splitlines()[0] == "- docs: a signed one"
    assert "\x1b" not in offered.files


def test_a_template_without_tags_is_followed_by_its_commits(tmp_path: Path) -> None:
    source = copy_source(tmp_path / "monokeel")
    git(source, "tag", "-d", NEW)
    git(source, "tag", "latest")  # no version, and git-describe begins with it
    save(source, "docs: more")
    run_copy(str(source), tmp_path / "a", defaults=True, quiet=True, vcs_ref="HEAD")
    shop = start_repository(tmp_path / "a", tmp_path / "shop")

    current = check(template_of(shop, tmp_path / "current"))
    put(source / "template", {"docs/added.md": b"A new page.\n"})
    save(source, "docs: a page")
    offer = check(template_of(shop, tmp_path / "newer"))
    done = update(shop, tmp_path / "work")
    git(shop, "checkout", "-q", "main")
    git(shop, "merge", "-q", done.branch)
    after = check(template_of(shop, tmp_path / "after"))

    tip = git(source, "rev-parse", "HEAD")[:12]
    assert (current.verdict, offer.verdict, after.verdict) == (
        "current",
        "available",
        "current",
    )
    assert offer.latest == done.version == tip
    assert offer.changes == "- docs: a page"
    assert "no release tag" in offer.notes[0]
    assert (shop / "docs/added.md").exists()

    git(source, "commit", "-q", "--allow-empty", "-m", "chore: release")
    git(source, "tag", "v1.0.0")
    assert check(template_of(shop, tmp_path / "tagged")).latest == "1.0.0"


def test_a_release_that_does_not_hold_the_commit_here_is_no_update(
    tmp_path: Path,
) -> None:
    source = copy_source(tmp_path / "monokeel")
    save(source, "feat: not released yet")
    run_copy(str(source), tmp_path / "a", defaults=True, quiet=True, vcs_ref="HEAD")
    shop = start_repository(tmp_path / "a", tmp_path / "shop")

    assert check(template_of(shop, tmp_path / "work")).verdict == "current"


def test_a_commit_that_is_in_no_history_any_more_is_refused(tmp_path: Path) -> None:
    source = copy_source(tmp_path / "monokeel")
    git(source, "tag", "-d", NEW)
    run_copy(str(source), tmp_path / "a", defaults=True, quiet=True, vcs_ref="HEAD")
    shop = start_repository(tmp_path / "a", tmp_path / "shop")
    git(source, "commit", "-q", "--amend", "--allow-empty", "-m", "another history")

    with pytest.raises(RefusedError, match="any more"):
        check(template_of(shop, tmp_path / "work"))


def test_a_deleted_tag_is_told_by_check_and_by_update(
    shop: Path, versions: Versions, tmp_path: Path
) -> None:
    """T25."""
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", str(versions.source), str(copy))
    git(copy, "tag", "-d", OLD)

    with pytest.raises(RefusedError, match=f"has no {OLD} any more"):
        check(template_of(shop, tmp_path / "check", str(copy)))
    with pytest.raises(RefusedError, match=f"has no {OLD} any more"):
        update(shop, tmp_path / "work", source=str(copy))


FORMS = ["{}/", "file://{}/", "file://{}", "FILE://{}", "{} # with: spaces"]


@pytest.mark.parametrize("form", FORMS)
def test_every_way_to_write_where_the_template_is_stays_as_it_was_written(
    shop: Path, versions: Versions, tmp_path: Path, form: str
) -> None:
    """Copier takes some of them for folders that are not there."""
    source = form.format(tmp_path / "monokeel")
    path = re.sub("(?i)^file://", "", source)
    git(tmp_path, "clone", "-q", "--mirror", str(versions.source), path)
    answers = shop / ".copier-answers.yml"
    line = f"_src_path: {json.dumps(source)}"
    answers.write_text(re.sub("(?m)^_src_path: .*", line, answers.read_text()))
    save(shop, "chore: it has moved")

    update(shop, tmp_path / "work")

    assert yaml.safe_load(answers.read_text())["_src_path"] == source
    assert f"_commit: {NEW}" in answers.read_text()


def test_a_bundle_serves_as_a_template(
    shop: Path, versions: Versions, tmp_path: Path
) -> None:
    bundle = tmp_path / "monokeel.bundle"
    git(versions.source, "bundle", "create", "-q", str(bundle), "--all", "HEAD")

    update(shop, tmp_path / "work", source=str(bundle))

    expected = {**tree_of(versions.new)}
    assert tree_of(shop).keys() == expected.keys()


class Moving(SimpleHTTPRequestHandler):
    """Serves files; what begins with /old/ has moved to *goal*."""

    goal = ""

    def do_GET(self) -> None:
        if not self.path.startswith("/old/"):
            super().do_GET()
            return
        self.send_response(HTTPStatus.MOVED_PERMANENTLY)
        self.send_header("Location", self.goal + self.path.removeprefix("/old"))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@pytest.fixture
def server(versions: Versions, tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """Serve the template, as files, at /monokeel.git."""
    bare = tmp_path / "files/monokeel.git"
    git(tmp_path, "clone", "-q", "--bare", str(versions.source), str(bare))
    git(bare, "update-server-info")
    handler = partial(Moving, directory=str(tmp_path / "files"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def test_a_template_that_moved_on_its_host_is_read_and_told(
    shop: Path, server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    base = f"http://127.0.0.1:{server.server_port}"
    Moving.goal = base

    offer = check(template_of(shop, tmp_path / "work", f"{base}/old/monokeel.git"))

    assert offer.verdict == "available"
    assert f"it has moved to {base}/monokeel.git" in offer.notes[0]


def test_a_template_that_is_answered_from_another_host_is_refused(
    shop: Path, server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    Moving.goal = f"http://localhost:{server.server_port}"
    source = f"http://127.0.0.1:{server.server_port}/old/monokeel.git"
    template = template_of(shop, tmp_path / "work", source)

    for ask in (template.versions, template.mirror):
        with pytest.raises(RefusedError, match="another host, http://localhost:"):
            ask()
