"""The fields of each ``--json`` answer are those of the reference."""

import pytest

from sandbox.demo.lived import lived
from tests import warm
from tests.e2e import json_page


@pytest.mark.timeout(600)
def test_the_reference_has_the_fields_of_every_answer() -> None:
    with lived(warm.program()) as place:
        page = json_page.page(place)

    assert json_page.PAGE.read_text(encoding="utf-8") == page
