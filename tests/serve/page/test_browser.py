"""The page as a person uses it, in headless Chromium: at desktop and phone width, by keyboard."""

from __future__ import annotations

import csv
import shutil
import threading

import pytest
import uvicorn

from seqexpr.bundle.store import load_bundle
from seqexpr.serve.app import create_app
from seqexpr.serve.server import listen

REASON = 'not installed: pip install "seqexpr[browser]"'
playwright = pytest.importorskip("playwright.sync_api", reason=f"playwright is {REASON}")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=f"axe is {REASON}")

pytestmark = pytest.mark.slow
expect = playwright.expect
expect.set_options(timeout=60_000)
WIDTHS = (1280, 390)
TOKEN = "a-token-of-thirty-two-characters"


@pytest.fixture(scope="module")  # not longer: its event loop runs as long as it is there
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync"]  # fmt: skip
        browser = driver.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


class _Thread(threading.Thread):
    """A server beside the tests."""

    def __init__(self, app):
        super().__init__(daemon=True)
        self.opened = listen("127.0.0.1", 0)
        self.server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        self.address = f"http://127.0.0.1:{self.opened.getsockname()[1]}"

    def run(self):
        self.server.run(sockets=[self.opened])

    def end(self):
        self.server.should_exit = True
        self.join(30)
        self.opened.close()


@pytest.fixture(scope="module")
def address(runs, tmp_path_factory):
    thread = _Thread(create_app(runs.lac, runs.yeast, jobs_dir=tmp_path_factory.mktemp("browser")))
    thread.start()
    yield thread.address
    thread.end()


@pytest.fixture(params=WIDTHS)
def page(request, chromium, address):
    """The open page; whatever its console says is an error, and so is any other address."""
    context = chromium.new_context(
        viewport={"width": request.param, "height": 900},
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    said, elsewhere = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            asked.url.startswith((address, "data:", "blob:")) or elsewhere.append(asked.url)
        ),
    )
    page.goto(address)
    page.wait_for_selector("#model-about dl")
    yield page
    context.close()
    assert [text for text in said if "status of 4" not in text] == []
    assert elsewhere == []


def check_accessible(page):
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    width, inside = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= inside, "something sticks out"


def fasta(sequences):
    return "".join(f">s{k}\n{sequence}\n" for k, sequence in enumerate(sequences, 1))


def predict(page, text):
    page.fill("#text", text)
    page.press("#text", "Tab")
    page.focus("#predict")
    page.keyboard.press("Enter")
    page.wait_for_selector("#results-rows tr")


def signed(value):
    return f"{value:+.3f}".replace("-", "−").replace("+0.000", "0.000")


def test_from_a_text_to_predictions_and_a_csv(page, runs, tmp_path):
    check_accessible(page)
    predict(page, fasta([*runs.sequences[:3], "AC!T", "A" * 12]))
    expected = load_bundle(runs.lac).predict(runs.sequences[:3])[:, 0]
    cells = page.locator("#results-rows tr td:nth-child(2)").all_text_contents()
    assert cells[:4] == [*(f"{value:.3f}".replace("-", "−") for value in expected), "–"]
    assert "not DNA: '!' at position 3" in page.inner_text("#results-rows tr:nth-child(4)")
    assert "unlike training" in page.inner_text("#results-rows tr:nth-child(5)")
    assert page.locator("#results-rows svg.interval").count() == 4
    assert "4 of 5 sequences predicted" in page.inner_text("#results-words")
    check_accessible(page)
    with page.expect_download() as got:
        page.click("#download")
    got.value.save_as(tmp_path / "predictions.csv")
    with (tmp_path / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["s1", "s2", "s3", "s4", "s5"]
    assert float(rows[0]["predicted"]) == pytest.approx(expected[0])
    assert list(rows[0]) == [
        "id",
        "predicted",
        "lower",
        "upper",
        "in_domain",
        "domain_score",
        "problem",
    ]


def test_a_base_is_changed_by_keyboard_and_by_click(page, runs):
    bundle, sequence = load_bundle(runs.lac), runs.sequences[0]
    predict(page, fasta(runs.sequences[:2]))
    page.focus("#results-rows button >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_selector("#map svg")
    assert page.inner_text("#one-h") == "Base by base: s1"
    assert page.evaluate("document.activeElement.id") == "one-h"
    check_accessible(page)

    page.keyboard.press("Tab")  # from the heading into the heat map
    assert page.evaluate("document.activeElement.id") == "map"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "End", "Home", "ArrowRight"):
        page.keyboard.press(key)
    other = next(base for base in "CGTA" if base != sequence[1])
    changed = sequence[0] + other + sequence[2:]
    effect = (bundle.predict([changed]) - bundle.predict([sequence]))[0, 0]
    while f"{sequence[1]} to {other}" not in page.inner_text("#map-readout"):
        page.keyboard.press("ArrowDown")
    assert page.inner_text("#map-readout").startswith(
        f"Position 2, {sequence[1]} to {other}: {signed(effect)}"
    )
    page.keyboard.press("Enter")
    expect(page.locator("#changes")).to_have_text(f"{sequence[1]}2{other}")
    assert f"Changed position 2 from {sequence[1]} to {other}: {signed(effect)}" in page.inner_text(
        "#map-readout"
    )

    square = page.locator(
        f'#map rect[data-at="9"][data-base="{(("ACGT".index(sequence[9])) + 1) % 4}"]'
    )
    square.click()
    expect(page.locator("#changes")).to_contain_text(", ")
    final = "ACGT"[("ACGT".index(sequence[9]) + 1) % 4]
    twice = changed[:9] + final + changed[10:]
    assert f"{bundle.predict([twice])[0, 0]:.3f}".replace("-", "−") in page.inner_text("#one-cards")
    page.click("#keep")
    page.wait_for_selector("#results-rows tr:nth-child(3)")
    assert f"s1_{sequence[1]}2{other}_{sequence[9]}10{final}" in page.inner_text(
        "#results-rows tr:nth-child(3)"
    )
    page.click("#undo")
    assert page.inner_text("#changes") == f"{sequence[1]}2{other}"
    page.click("#reset")
    assert page.inner_text("#changes") == "None yet."
    assert page.locator("#reset").is_disabled()


def test_variants_are_compared(page, runs):
    sequence = runs.sequences[0]
    other = "A" if sequence[4] != "A" else "C"
    page.fill("#reference", sequence)
    page.fill("#variants", f"{sequence[4]}5{other}\nA99T\ndel1-3\n")
    page.press("#variants", "Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#compare-rows tr:nth-child(3)")
    bundle = load_bundle(runs.lac)
    alternatives = {
        f"{sequence[4]}5{other}": sequence[:4] + other + sequence[5:],
        "del1-3": sequence[3:],
    }
    for name, alternative in alternatives.items():
        effect = (bundle.predict([alternative]) - bundle.predict([sequence]))[0, 0]
        row = page.locator("#compare-rows tr", has=page.locator("th", has_text=name))
        assert row.locator("td").first.inner_text() == signed(effect)
    last = page.inner_text("#compare-rows tr:last-child")
    assert "no effect" in last
    assert "the sequence has 40 bases" in last
    check_accessible(page)


def test_sequences_are_designed_and_added(page, runs):
    page.fill("#design-start", runs.sequences[0])
    page.fill("#design-n", "2")
    page.fill("#design-changes", "3")
    page.press("#design-forbidden", "Enter")
    page.wait_for_selector("#design-rows tr")
    made = page.locator("#design-rows .bases").all_text_contents()
    before, *after = load_bundle(runs.lac).predict([runs.sequences[0], *made])[:, 0]
    assert min(after) > before
    check_accessible(page)
    page.click("#design-keep")
    expect(page.locator("#results-rows tr")).to_have_count(len(made))
    page.fill("#design-forbidden", "EcoR1")
    page.press("#design-forbidden", "Enter")
    expect(page.locator("#design-error")).to_contain_text("did you mean 'EcoRI'")


def test_a_model_with_covariates_and_two_quantities(page, runs):
    page.select_option("#model", "yeast")
    page.select_option("#covariates select", "SC")
    page.fill("#covariates input", "1.5")
    predict(page, f"id,sequence,condition\na,{runs.sequences[0]},YPD\nb,{runs.sequences[0]},SC\n")
    first, second = page.locator("#results-rows tr td:nth-child(2)").all_text_contents()
    assert first != second
    page.select_option("#quantity", "1")
    assert page.locator("#results-rows tr td:nth-child(2)").first.inner_text() != first
    page.click("#results-rows button >> nth=0")
    page.wait_for_selector("#map svg")
    check_accessible(page)


def test_what_is_wrong_is_said_on_the_page(page):
    page.click("#predict")
    expect(page.locator("#predict-error")).not_to_be_empty()
    assert "There is no sequence yet" in page.inner_text("#predict-error")
    page.fill("#text", "a,b\n1,2\n")
    page.click("#predict")
    expect(page.locator("#predict-error")).to_contain_text("the text")
    assert "paste FASTA" in page.inner_text("#predict-error")
    check_accessible(page)


def test_files_are_taken_and_the_report_is_shown(page, runs, tmp_path):
    (tmp_path / "some.fasta").write_text(fasta(runs.sequences[:2]))
    (tmp_path / "some.bin").write_bytes(b"\0\1\2")
    page.set_input_files("#file", tmp_path / "some.bin")
    expect(page.locator("#predict-error")).to_contain_text("is no text")
    page.set_input_files("#file", tmp_path / "some.fasta")
    expect(page.locator("#predict-status")).to_contain_text("ready")
    assert page.input_value("#text").startswith(">s1")
    page.click("#report-details summary")
    frame = page.frame_locator("#report-place iframe")
    assert frame.locator("p").inner_text() == "The report."
    check_accessible(page)


def test_names_that_look_like_markup_are_text(page, runs):
    predict(page, f"id,sequence\n<img/src=x/onerror=alert(1)>,{runs.sequences[0]}\n")
    assert "<img/src=x" in page.inner_text("#results-rows th")
    assert page.locator("#results img").count() == 0


def test_a_large_file_is_sent_followed_and_deleted(page, runs, tmp_path):
    if page.viewport_size["width"] == 390:
        pytest.skip("once is enough: each job is a process")
    (tmp_path / "library.csv").write_text(
        "id,sequence\n" + "".join(f"{k},{s}\n" for k, s in enumerate(runs.sequences))
    )
    page.set_input_files("#job-file", tmp_path / "library.csv")
    page.click("#job-form button")
    page.wait_for_selector("#job-list li")
    expect(page.locator("#job-list")).to_contain_text("240 of 240 rows", timeout=180_000)
    check_accessible(page)
    with page.expect_download() as got:
        page.click("#job-list button >> nth=0")
    got.value.save_as(tmp_path / "got.csv")
    assert len((tmp_path / "got.csv").read_text().splitlines()) == 241
    page.click("#job-list button >> nth=1")
    expect(page.locator("#job-list li")).to_have_count(0)


def test_the_token_is_asked_for_and_taken_from_the_link(chromium, runs):
    thread = _Thread(create_app(runs.lac, token=TOKEN))
    thread.start()
    try:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(thread.address)
        page.fill("#token", "wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#token-error")).not_to_be_empty()
        check_accessible(page)
        page.fill("#token", TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_selector("#model-about dl")
        assert page.locator("#token-form").is_hidden()
        other = chromium.new_context().new_page()
        other.goto(f"{thread.address}/#token={TOKEN}")
        other.wait_for_selector("#model-about dl")
        assert TOKEN not in other.url
        context.close()
        other.context.close()
    finally:
        thread.end()
