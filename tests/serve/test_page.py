"""The page in a real Chromium, with samples as its microphone: ``pytest -m browser``."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy import signal
from tests.serve.test_serve import serving

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")

SAMPLES = Path(__file__).parents[2] / "samples"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
#: Nothing that would ask for a network, and a microphone that plays a file.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


@pytest.fixture(scope="module")
def server():
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    with serving() as address:
        yield address


@pytest.fixture
def browse(server, tmp_path):
    """Open the page with a sample as the microphone; whatever goes to the console as an error fails the test."""
    opened = []

    def start(sample=None, width=1440, scheme="light"):
        flags = list(FLAGS)
        if sample is not None:
            samples, rate = soundfile.read(SAMPLES / f"{sample}.wav")
            sound = signal.resample_poly(np.tile(samples, 3), 48_000 // rate, 1)
            soundfile.write(tmp_path / "microphone.wav", sound, 48_000, subtype="PCM_16")
            flags.append(f"--use-file-for-fake-audio-capture={tmp_path / 'microphone.wav'}")
        driver = playwright.sync_playwright().start()
        browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page, errors = context.new_page(), []
        refused = "status of 400"  # which the browser tells of each request that was refused
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" and refused not in m.text else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://{server}/")
        opened.append((driver, browser, errors))
        return page

    yield start
    for driver, browser, errors in opened:
        browser.close()
        driver.stop()
        assert errors == []


def value(page, name):
    return page.evaluate(f"document.getElementById('{name}').value")


def until(page, condition, patience_s=30.0):
    """Wait for something; the page's own policy forbids the browser to do it."""
    end = time.monotonic() + patience_s
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(100)


def signs(page):
    """What is said, by name."""
    words = [text.split("\n")[0] for text in page.locator("#signs dd").all_inner_texts()]
    return dict(zip(page.locator("#signs dt").all_inner_texts(), words, strict=True))


def is_drawn(page, canvas):
    """How many colours a canvas shows."""
    script = f"""() => {{ const c = document.getElementById('{canvas}');
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; const seen = new Set();
        for (let i = 0; i < d.length; i += 4) seen.add(d[i] + ',' + d[i + 1] + ',' + d[i + 2]); return seen.size; }}"""
    return page.evaluate(script) > 4


def keep(page, name):
    """Keep a screenshot for whoever wants to look."""
    if folder := os.environ.get("MURMUR_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("sample", "rate", "width", "scheme"),
    [
        ("mitral_regurgitation_severe", 84, 1440, "light"),
        ("mitral_regurgitation_severe", 84, 360, "dark"),
        ("normal", 72, 360, "light"),
        ("normal", 72, 1440, "dark"),
    ],
)
def test_a_microphone(browse, sample, rate, width, scheme):
    page = browse(sample, width, scheme)
    page.select_option("#site", "MV")
    page.locator("#site").focus()  # and from there to the microphone to the button, with no mouse
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('#signs dt').length >= 5")
    page.wait_for_timeout(5000)
    keep(page, f"{sample}_{width}_{scheme}")
    assert abs(float(value(page, "rate")) - rate) <= 2
    assert value(page, "quality") == "good"
    assert is_drawn(page, "trace")
    assert is_drawn(page, "beat")
    said = signs(page)
    if sample == "normal":
        assert said["Murmur"].startswith("none heard")
        assert said["S1"].startswith("normal")
        assert "Timing" not in said
    else:
        assert said["Murmur"].startswith("heard")
        assert said["Timing"].startswith("pansystolic")
        assert said["S1"].startswith("quiet")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nothing sticks out
    page.get_by_role("button", name="Stop").click()
    until(page, "!document.getElementById('scroll').hidden")
    assert page.get_by_role("button", name="Listen").is_visible()
    assert "beats" in page.locator("#trace").get_attribute("aria-label")


def test_a_file_that_is_chosen_and_one_that_is_dropped(browse):
    page = browse()
    page.set_input_files("#file", SAMPLES / "mitral_regurgitation_severe.wav")
    until(page, "document.getElementById('quality').value === 'good'")
    keep(page, "file")
    assert signs(page)["Timing"].startswith("pansystolic")
    assert is_drawn(page, "trace")
    page.locator("#from").focus()
    page.keyboard.press("End")  # the slider goes to the end of the recording
    assert float(value(page, "from")) == pytest.approx(7.0, abs=0.1)
    content = list((SAMPLES / "normal.wav").read_bytes())
    page.evaluate(
        """(content) => { const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(content)], "normal.wav", { type: "audio/wav" }));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })); }""",
        content,
    )
    until(page, "document.querySelector('#signs dd')?.innerText.startsWith('none heard')")
    assert "Timing" not in signs(page)


def test_what_is_no_recording_is_told(browse, tmp_path):
    page = browse()
    (tmp_path / "notes.wav").write_text("not a recording")
    with page.expect_response("**/analyze*") as answer:
        page.set_input_files("#file", tmp_path / "notes.wav")
    assert answer.value.status == 400
    until(page, "!document.getElementById('message').hidden")
    assert "notes.wav" in page.locator("#message").inner_text()
