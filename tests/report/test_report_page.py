"""Reports in a real Chromium, from a file and without a network: ``pytest -m browser``."""

# ruff: noqa: E402

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.serve.test_page import CHROMIUM, FLAGS

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("jinja2")

from murmur.batch import run
from murmur.report import write_reports

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    run([SAMPLES / f"{name}.wav" for name in ("MR1_AV", "MR1_MV", "normal", "noisy")], folder, jobs=1)
    write_reports(folder, jobs=1)
    return folder / "report"


@pytest.fixture(params=[1440, 360])
def page(request, pages):
    """A page without a network; what goes to the console as an error fails the test."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        context = browser.new_context(viewport={"width": request.param, "height": 900}, offline=True)
        opened, errors, asked = context.new_page(), [], []
        opened.on("console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None)
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("request", lambda sent: asked.append(sent.url))
        yield opened
        browser.close()
    assert not errors
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}


def until(page, condition, argument=None):
    """Wait for what holds in the page; its policy forbids what playwright's own waiting does."""
    for _ in range(200):
        if page.evaluate(condition, argument):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def patient(page, pages):
    page.goto((pages / "patient-MR1.html").as_uri())
    until(page, "[...document.querySelectorAll('audio')].every(audio => audio.readyState >= 1)")


def state(page, number=0):
    return page.evaluate(
        """number => {
            const player = document.querySelectorAll(".player")[number], audio = player.querySelector("audio");
            const sheet = player.querySelector(".sheet").getBoundingClientRect();
            const share = (player.querySelector(".cursor").getBoundingClientRect().left - sheet.left) / sheet.width;
            const { left, right } = player.dataset;
            return { at: audio.currentTime, duration: audio.duration, paused: audio.paused, rate: audio.playbackRate,
                     pitch: audio.preservesPitch, cursor: (share - left) / (right - left),
                     told: player.querySelector(".strip").getAttribute("aria-valuetext") };
        }""",
        number,
    )


def test_the_cursor_follows_the_sound(page, pages):
    patient(page, pages)
    assert state(page)["duration"] == pytest.approx(13.0, abs=0.01)
    strip = page.locator(".strip").first
    strip.focus()
    page.keyboard.press("Space")
    until(page, "document.querySelector('audio').currentTime > 1.0")
    now = state(page)
    assert not now["paused"]
    assert now["cursor"] == pytest.approx(now["at"] / now["duration"], abs=0.01)
    page.keyboard.press("Space")
    assert state(page)["paused"]


def test_the_keyboard_moves_and_slows_the_sound(page, pages):
    patient(page, pages)
    page.locator(".strip").first.focus()
    for key, at in (("ArrowRight", 0.25), ("PageDown", 2.25), ("ArrowLeft", 2.0), ("End", 13.0), ("Home", 0.0)):
        page.keyboard.press(key)
        until(page, "at => Math.abs(document.querySelector('audio').currentTime - at) < .01", at)
        assert state(page)["cursor"] == pytest.approx(at / 13.0, abs=0.005)
        assert float(state(page)["told"].removesuffix(" seconds")) == pytest.approx(at, abs=0.051)
    page.get_by_role("button", name="¼").first.focus()
    page.keyboard.press("Enter")
    assert (state(page)["rate"], state(page)["pitch"]) == (0.25, True)
    page.locator(".strip").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(1200)
    assert 0.1 < state(page)["at"] < 0.6  # a second of a quarter's speed


def test_a_click_in_the_picture_moves_the_sound(page, pages):
    patient(page, pages)
    strip = page.locator(".strip").first
    strip.click(position={"x": 0.5 * strip.bounding_box()["width"], "y": 40})
    now = state(page)
    assert 0.5 < now["at"] < 12.0
    assert now["cursor"] == pytest.approx(now["at"] / now["duration"], abs=0.005)


def test_one_sound_at_a_time(page, pages):
    patient(page, pages)
    for number in range(2):
        page.locator(".strip").nth(number).focus()
        page.keyboard.press("Space")
        until(page, "n => document.querySelectorAll('audio')[n].currentTime > .2", number)
    assert state(page, 0)["paused"]
    assert not state(page, 1)["paused"]


def test_the_sheet_follows_where_the_cursor_would_leave_it(page, pages):
    if page.viewport_size["width"] > 400:
        pytest.skip("all of it is in sight")
    patient(page, pages)
    page.locator(".strip").first.focus()
    page.keyboard.press("End")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    until(page, "document.querySelector('.strip').scrollLeft > 100")


def test_pages_are_no_wider_than_the_window(page, pages):
    for place in sorted(pages.glob("*.html")):
        page.goto(place.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= page.viewport_size["width"], place.name


def test_the_index_is_sorted_and_searched(page, pages):
    page.goto((pages / "index.html").as_uri())
    names = page.locator("tbody td:first-child")
    first = names.all_inner_texts()
    page.get_by_role("button", name="regurgitation score").click()
    scores = [float(text.replace("–", "-1")) for text in page.locator("tbody td:nth-child(8)").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    assert names.all_inner_texts() != sorted(first)
    page.get_by_label("Search").fill("noisy")
    until(page, "document.querySelector('#found').textContent === '1 found'")
    assert page.locator("tbody tr:visible").count() == 1
    page.locator("tbody tr:visible a").click()
    assert "Unreadable" in page.content() or "No reliable cycle" in page.content()


def test_it_prints(page, pages, tmp_path):
    patient(page, pages)
    page.emulate_media(media="print")
    assert not page.locator(".player").first.is_visible()
    assert page.locator(".paper").first.is_visible()
    pdf = page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 6
