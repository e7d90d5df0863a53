"""「미세조정」 under a hand that does not wait: quick presses, scenes in a run, files of every kind."""

from __future__ import annotations

import pytest

from lessons.fine_tuning.lesson import LESSON
from tests.ui.test_fine_tuning import FAILED, OWN, SLOW, opened, run, wait_steps

pytestmark = pytest.mark.ui

NOT_ON = f"!['loading', 'running'].includes({OWN}.run.status)"


@pytest.mark.slow
def test_the_last_press_is_the_one_that_counts(open_page):
    page = opened(open_page, steps=60).page
    play = page.locator("#ft-play")
    play.click()
    wait_steps(page, 2)
    for _ in range(3):  # a pause, a start, a pause
        play.click()
    page.wait_for_function(NOT_ON)
    page.wait_for_timeout(2500)
    n = len(run(page)["steps"])
    page.wait_for_timeout(1500)
    assert len(run(page)["steps"]) == n and page.evaluate(NOT_ON)
    assert play.inner_text() == LESSON.texts("ko")["ui.go_on"]


@pytest.mark.slow
def test_a_start_in_line_starts_no_other_run(open_page):
    """Pause, start, and on to another task before the start has its turn."""
    page = opened(open_page, steps=60).page
    page.locator("#ft-play").click()
    wait_steps(page, 2)
    for key in ("#ft-play", "#ft-play", "[data-key=kind-entailment]"):
        page.locator(key).click()
    page.wait_for_function(f"{OWN}.run.task === 'entailment'")
    page.wait_for_timeout(3000)
    assert page.evaluate(NOT_ON) and not run(page)["steps"]


@pytest.mark.slow
def test_start_works_again_after_files_that_did_not_come(open_page):
    """A fault before the first step: the next press begins a run."""
    visit = opened(open_page, steps=3)
    page = visit.page
    page.context.route("**/weights.safetensors", lambda route: route.abort())
    page.locator("#ft-play").click()
    page.locator(".card .error").wait_for(timeout=SLOW)
    assert page.locator(".card .error").inner_text() == LESSON.texts("ko")["ui.failed.network"]
    page.context.unroute("**/weights.safetensors")
    page.locator("#ft-play").click()
    wait_steps(page, 3)
    visit.console_errors.clear()


@pytest.mark.slow
def test_a_scene_s_lambda_is_that_of_the_next_run(open_page):
    """Also when a run with another λ goes on: it is kept, and the page says so."""
    page = opened(open_page, lambda_=None, scene="joint").page
    page.locator("#ft-play").click()
    wait_steps(page, 2)
    assert run(page)["steps"][0]["lambda"] == 0.5
    page.locator(".scenes .next").click()
    page.wait_for_function(f"{OWN}.run.steps.length === 0 && {OWN}.run.lambda === 0")
    assert page.locator("#ft-lambda").input_value() == "0"
    assert page.locator(".progress .left").inner_text() == LESSON.texts("ko")["ui.kept.note"]
    assert len(page.evaluate(f"{OWN}.runs")) == 1


@pytest.mark.slow
def test_own_lines_are_cut_anew_for_another_model(open_page, server):
    visit = opened(open_page, scene="own", steps=2)
    page = visit.page
    page.locator("[data-key=own-example]").click()
    page.locator("[data-key=own-use]").click()
    page.wait_for_function(f"{OWN}.lines?.model === 'tiny-gpt2'")
    gpt2 = page.evaluate(f"{OWN}.lines.train[0].fields[0]")
    page.goto(f"{server.url}?lesson=fine-tuning&lang=ko&scene=own&steps=2&model=tiny-gpt1")
    page.wait_for_function(f"window.lab?.active?.()?.value?.trains === 'tiny-gpt1' && {OWN}.lines")
    page.locator("#ft-play").click()
    wait_steps(page, 2)
    assert page.evaluate(f"{OWN}.lines.model") == "tiny-gpt1"
    assert page.evaluate(f"{OWN}.lines.train[0].fields[0]") != gpt2


READ = """async ([name, text]) => {
  const loaded = performance.getEntriesByType("resource").map((one) => one.name);
  const { readLines } = await import(loaded.find((one) => one.endsWith("fine_tuning/lines.js")));
  try {
    const { labels, rows } = readLines(text);
    return [labels, rows.length, rows[0].text];
  } catch (bad) { return bad; }
}"""
TEN = [(("good", "bad")[i % 2], f"line {i}") for i in range(10)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("label,text\n" + "\n".join(f"{a},{b}" for a, b in TEN), [["good", "bad"], 10, "line 0"]),
        ("라벨\t문장\n" + "\n".join(f"{a}\t{b}" for a, b in TEN), [["good", "bad"], 10, "line 0"]),
        ("\n".join(f"{a};{b}" for a, b in TEN), [["good", "bad"], 10, "line 0"]),
        (
            'good,"two\nlines, and a ""word"""\n' + "\n".join(f"{a},{b}" for a, b in TEN),
            [["good", "bad"], 11, 'two lines, and a "word"'],
        ),
        ("\n".join(f"{'x' * 41},{b}" for _, b in TEN), {"say": "own.long_label", "n": 1}),
        ("\n".join(["", *(f"{a}" for a, _ in TEN)]), {"say": "own.bad_line", "n": 2}),
        ("\n".join(f"{b},{a}" for a, b in TEN), {"say": "own.many_labels", "n": 10}),
    ],
)
def test_lines_of_every_make(open_page, text, found):
    page = opened(open_page).page
    assert page.evaluate(READ, ["lines", text]) == found


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp949", None])
def test_files_in_the_encodings_of_tables(open_page, encoding):
    """None: no text at all, which leaves the box as it was."""
    page = opened(open_page, scene="own").page
    words = LESSON.texts("ko")
    lines = words["ui.own.lines"]
    body = bytes(range(256)) if encoding is None else lines.encode(encoding)
    page.locator("[data-key=own-lines]").fill("좋음\t내 줄")
    page.set_input_files(".file input", {"name": "a.tsv", "mimeType": "text/plain", "buffer": body})
    if encoding is None:
        page.wait_for_function(
            f"document.querySelector('.own-note').textContent === {words['ui.own.bad_file']!r}"
        )
        assert page.locator("[data-key=own-lines]").input_value() == "좋음\t내 줄"
    else:
        page.wait_for_function(f"{OWN}.lines?.labels.join() === '좋음,나쁨'")
        assert page.locator("[data-key=own-lines]").input_value() == lines
    assert not page.evaluate(FAILED)
