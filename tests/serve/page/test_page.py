"""The page without a browser: nothing from elsewhere, nothing inline, reports for who was told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import seqexpr.serve.page as room

STATIC = Path(room.__file__).parent / "static"


def test_the_page_loads_nothing_from_elsewhere_and_has_no_script_of_its_own(client):
    text = client.get("/").text
    assert re.findall(r"<script[^>]*>", text) == ['<script type="module" src="/static/main.js">']
    assert not re.search(r"\son\w+=|style=|https?://", text)
    for link in re.findall(r'(?:src|href)="(/[^"]*)"', text):
        assert client.get(link).status_code == 200


@pytest.mark.parametrize("path", sorted(STATIC.glob("*")), ids=lambda path: path.name)
def test_scripts_and_styles_stay_at_home(client, path):
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|innerHTML|\beval\b|document\.write|\.style\b|@import", text)
    for name in re.findall(r'from "\./([\w.]+)"', text):
        assert (STATIC / name).is_file()
    response = client.get(f"/static/{path.name}")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"


def test_every_element_that_a_script_asks_for_is_there(client):
    there = re.findall(r'id="([\w-]+)"', client.get("/").text)
    assert len(there) == len(set(there))
    asked = {
        name
        for path in STATIC.glob("*.js")
        for name in re.findall(r'byId\("([\w-]+)"\)', path.read_text())
    }
    assert asked <= set(there)


def test_a_report_is_shown_to_who_was_told_its_link(client, problem):
    link = client.get("/v1/models").json()["models"][0]["report"]
    response = client.get(link)
    assert "The report." in response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy
    for wrong in (
        link[:-1],
        link.partition("?")[0],
        link.replace("/lac?", "/other?"),
        "/reports/..%2f..%2fetc?key=x",
    ):
        assert client.get(wrong).status_code == 404
