"""Tests of the pages: python3 -m unittest runs them."""

import unittest
from html.parser import HTMLParser
from pathlib import Path

HERE = Path(__file__).parent
SITE = HERE / "site"
PAGES = sorted(SITE.rglob("*.html"))


class Page(HTMLParser):
    """What a page says about itself and what it points to."""

    def __init__(self, path):
        super().__init__()
        self.language = ""
        self.tags = []
        self.targets = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if tag == "html":
            self.language = values.get("lang", "")
        self.targets += [values[key] for key in ("href", "src") if values.get(key)]


def is_ours(target):
    """Say whether *target* is a file of this site."""
    return not target.startswith(("http:", "https:", "mailto:", "data:", "#", "//"))


class SiteTest(unittest.TestCase):
    """What must hold on every page."""

    def test_there_is_a_start_page(self):
        self.assertIn(SITE / "index.html", PAGES)

    def test_every_page_has_a_language_a_title_and_a_heading(self):
        for path in PAGES:
            with self.subTest(path.name):
                page = Page(path)

                self.assertTrue(page.language)
                self.assertIn("title", page.tags)
                self.assertIn("h1", page.tags)

    def test_every_link_inside_the_site_leads_to_a_file(self):
        for path in PAGES:
            for target in filter(is_ours, Page(path).targets):
                with self.subTest(page=path.name, target=target):
                    name = target.partition("#")[0].partition("?")[0]
                    root = SITE if name.startswith("/") else path.parent
                    file = root / name.lstrip("/")

                    self.assertTrue(file.is_file() or (file / "index.html").is_file())

    def test_the_port_of_the_server_is_the_port_of_the_image(self):
        server = (HERE / "nginx.conf").read_text(encoding="utf-8")
        image = (HERE / "Dockerfile").read_text(encoding="utf-8")

        self.assertIn("listen 8080;", server)
        self.assertIn("EXPOSE 8080", image)


if __name__ == "__main__":
    unittest.main()
