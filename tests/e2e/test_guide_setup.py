"""What the guide says about the start and about updates; and nothing is left out."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.act_shop import Template
from tests.e2e.guide import FOLLOWED, GUIDE, Place, Reader, commands, follows
from tests.e2e.guided_shop import GuidedShop, guided_shop
from tests.rendered.renders import git

UPDATES = "Template Updates"


@pytest.fixture
def shop(guide_template: Template, tmp_path: Path) -> Iterator[GuidedShop]:
    """A shop with a template of its own."""
    source = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(guide_template.source), str(source))
    own = Template(source=source, rendered=guide_template.rendered)
    with guided_shop(tmp_path / "shop", own) as shop:
        yield shop


def release_next(template: Path) -> str:
    """Release *template* with one file more; return the tag."""
    (template / "template/docs/NEWS.md").write_text("News.\n", encoding="utf-8")
    (template / "TEMPLATE_VERSION").write_text("9999.0.0\n", encoding="utf-8")
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--message=feat: news")
    git(template, "tag", "v9999.0.0")
    return "9999.0.0"


@follows("Platform Operations Guide")
@follows("What GitHub must know")
def test_the_tasks_are_listed_and_the_start_can_be_repeated(
    shop: GuidedShop, reader: Reader
) -> None:
    listing, help_ = reader.step("Platform Operations Guide")
    init, doctor = reader.step("What GitHub must know")

    assert "promote" in reader.run(listing).out
    assert "--rollback" in reader.run(help_, {"TASK": "promote"}).out
    writes = shop.box.writes
    assert "nothing had to be changed" in reader.run(init).out
    assert shop.box.writes == writes
    assert "GitHub" in reader.run(doctor).out


@follows(UPDATES)
def test_an_update_is_found_taken_and_verified_and_lost_answers_come_back(
    shop: GuidedShop, reader: Reader, tmp_path: Path
) -> None:
    check, update, verify, here, there, restore = reader.step(UPDATES)
    answers = shop.folder / ".copier-answers.yml"
    before = yaml.safe_load(answers.read_bytes())
    old = (shop.folder / "TEMPLATE_VERSION").read_text(encoding="utf-8").strip()

    reader.run(check)
    shop.do("git rm --quiet .copier-answers.yml")
    shop.do("git commit --quiet --message='chore: lose the answers'")
    reader.run(restore, {"1.0.0": old, "OWNER/REPO": "monokeel/monokeel"})
    shop.do(f"git merge --quiet template/v{old}-answers")
    assert yaml.safe_load(answers.read_bytes()) == before
    assert shop.do("git status --porcelain") == ""

    names = {"v1.0.0": f"v{old}", "TEMPLATE": str(tmp_path / "template")}
    assert reader.run(here).out == reader.run(there, names).out

    new = release_next(tmp_path / "template")
    assert new in reader.run(check, code=2).out
    reader.run(update, {"OWNER/REPO": "monokeel/monokeel"})
    shop.do(f"git merge --quiet template/v{new}")
    assert (shop.folder / "docs/NEWS.md").read_text(encoding="utf-8") == "News.\n"
    reader.run(verify)
    (shop.folder / "docs/OPERATIONS.md").write_text("Mine.\n", encoding="utf-8")
    assert "docs/OPERATIONS.md" in reader.run(verify, code=2).out


@follows("Services")
def test_a_service_that_is_named_comes_whole(shop: GuidedShop, reader: Reader) -> None:
    (add,) = reader.step("Services")

    reader.run(add)

    version = (shop.folder / "TEMPLATE_VERSION").read_text(encoding="utf-8").strip()
    made = shop.do(f"git ls-tree -r --name-only template/v{version}-answers")
    assert {"services/mail/Dockerfile", "services/mail/test_worker.py"} <= {
        *made.split()
    }


def test_no_command_of_the_guide_is_left_out() -> None:
    for path in Path(__file__).parent.glob("test_guide_*.py"):
        importlib.import_module(f"tests.e2e.{path.stem}")

    followed = {place for places in FOLLOWED.values() for place in places}

    assert followed == set(commands(GUIDE.read_text(encoding="utf-8")))


def test_every_way_to_write_a_command_is_found() -> None:
    text = """\
# Guide
Run `./inv
status` or `git status`, not `copier update`.
## One
1. First:
   ```bash
   x=$(a \\
     b)
   c "$x"
   d \\
     e
   ```
2. Then `./scripts/f.sh --g`.
"""

    assert commands(text) == {
        Place("Guide", 0): ["./inv status", "git status"],
        Place("One", 1): ['x=$(a \\\n  b)\nc "$x"', "d \\\n  e"],
        Place("One", 2): ["./scripts/f.sh --g"],
    }
