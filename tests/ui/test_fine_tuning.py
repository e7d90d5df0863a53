"""「미세조정」 in the real page: a run in this browser, a sentence tried, a point made, own data."""

from __future__ import annotations

import json
import re

import pytest

from app.browser import runtime
from app.languages import CODES
from lessons.fine_tuning.lesson import LESSON
from tests.harness.visit import PHONE, Visit

pytestmark = pytest.mark.ui

SLOW = 240_000  # ms: a run on a machine that does other things too
OWN = "lab.active().own"
STEPS = "n => (lab.active()?.own.run?.steps.length ?? 0) >= n"
# It has made its last step, measured what it gave, and painted both.
RESTS = """n => {
  const { run } = lab.active().own;
  const at = run.steps.length;
  return at >= n && !["loading", "running"].includes(run.status) && run.language.at(-1)?.step === at
    && document.querySelector(".progress b").textContent === String(at);
}"""
FAILED = "lab.active().own.error"
OWN_LABELS = ["**a**", "[[token]]"]


def opened(open_page, **query) -> Visit:
    how = {name: query.pop(name) for name in ("lang", "size", "theme") if name in query}
    return open_page(query={"lesson": LESSON.id, "lambda_": 0, **query}, **how)


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", text)]


def run(page) -> dict:
    return page.evaluate(f"{OWN}.run")


def wait_steps(page, n: int, condition: str = STEPS) -> None:
    page.wait_for_function(condition, arg=n, timeout=SLOW)
    assert not page.evaluate(FAILED), page.evaluate(FAILED)


def smoothed(values: list[float]) -> float:
    """The thick line: each step moves it by 0.12 of the way."""
    found = values[0]
    for value in values[1:]:
        found += 0.12 * (value - found)
    return found


def test_a_run_with_lambda_moved_in_it(open_page):
    """Everything that is told of it is in its steps; between start and end nothing is asked of the server."""
    visit = opened(open_page, steps=24)
    page = visit.page
    asked: list[str] = []
    page.locator("#ft-play").click()
    wait_steps(page, 4)
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#ft-lambda").press("End")  # λ = 2
    wait_steps(page, 10)
    page.locator("#ft-play").click()  # a pause
    wait_steps(page, 10, RESTS)
    assert not asked, "a run costs the server nothing"
    found = run(page)
    steps = found["steps"]
    [change] = found["changes"]
    assert change["from"] == 0 and change["to"] == 2 and 4 <= change["step"] < len(steps)
    assert [step["lambda"] for step in steps] == [0] * change["step"] + [2] * (len(steps) - change["step"])
    shown = [page.locator(f".equation .eq-term > b.l{index}").inner_text() for index in (1, 2, 3)]
    l1, l2 = (smoothed([step[name] for step in steps]) for name in ("l1", "l2"))
    assert [float(one) for one in shown[:2]] == pytest.approx([l1, l2], abs=0.006)
    assert float(shown[2]) == pytest.approx(float(shown[1]) + 2 * float(shown[0]), abs=0.011)
    look = page.locator("#fine-tuning .look span").inner_text()
    assert numbers(look)[0] == change["step"] and "L1" in look
    assert page.locator(".loss .change").count() == 1
    assert page.locator(".progress b").inner_text() == str(len(steps))

    page.locator("#ft-back").click()  # to where λ was moved
    page.wait_for_function(f"{OWN}.run.steps.length === {change['step']}", timeout=SLOW)
    page.locator("#ft-step").click()
    wait_steps(page, change["step"] + 1, RESTS)
    again = run(page)["steps"][-1]
    assert again["l1"] == pytest.approx(steps[change["step"]]["l1"], rel=1e-4), (
        "the same step from the same place"
    )

    page.locator("#ft-play").click()
    wait_steps(page, 24, RESTS)
    page.wait_for_function(f"{OWN}.runs.length === 1")
    dev = run(page)["dev"]
    assert [one["step"] for one in dev] == [0, 20, 24], "before the first step, every twenty, after the last"
    value = page.evaluate("lab.active().value")
    places = value["dev_shown"]
    right = [
        max(range(2), key=lambda k, i=i: dev[-1]["probabilities"][i][k]) == value["dev"][i]["label"]
        for i in places
    ]
    assert page.locator(".dev li").count() == 4
    assert page.locator(".dev li:not(.wrong)").count() == sum(right)
    assert (
        page.locator(".runs tbody tr").first.locator("td").last.inner_text() == f"{dev[-1]['accuracy']:.3f}"
    )
    before, now = run(page)["language"][0], run(page)["language"][-1]
    entries = page.locator(".language li")
    assert entries.count() >= 2
    assert numbers(entries.first.locator(".l1").inner_text())[1:] == pytest.approx(
        [before["task"], before["world"]], abs=0.006
    )
    assert numbers(entries.last.locator(".l1").inner_text())[-1] == pytest.approx(now["world"], abs=0.006)


def test_a_sentence_is_tried_token_by_token(open_page):
    visit = opened(open_page, steps=8)
    page = visit.page
    assert page.locator(".labels .p").first.inner_text() == "–"
    page.locator("#ft-play").click()
    wait_steps(page, 8, RESTS)
    page.wait_for_function("document.querySelector('.labels .p').textContent.includes('%')")
    shares = [numbers(text)[0] for text in page.locator(".labels .p").all_inner_texts()]
    assert sum(shares) == pytest.approx(100, abs=1)
    piece = page.locator(".rows button.piece").nth(2)
    piece.focus()
    page.wait_for_function(f"{OWN}.without")
    found, without = page.evaluate(f"[{OWN}.probe.probabilities[0], {OWN}.without.probabilities[0]]")
    assert numbers(page.locator("#fine-tuning .look").inner_text()) == pytest.approx(
        [found, without], abs=6e-4
    )
    before = visit.serial()
    field = page.locator("#fine-tuning-text")
    field.fill("<script>alert(1)</script> 🙂 재미있다")
    field.press("Enter")
    visit.wait_painted(after=before)
    page.wait_for_function(
        f"{OWN}.probe?.of === String(lab.active().value.sequences.map((one) => one.ids))", timeout=SLOW
    )
    assert "%" in page.locator(".labels .p").first.inner_text()


@pytest.mark.slow
def test_a_point_of_figure_2(open_page):
    """Her run stands among the recorded ones where it is one like them, and nowhere else."""
    visit = opened(open_page, scene="point", steps=20, seed=3)
    page = visit.page
    assert page.locator(".layers-plot .recorded").count() == 6
    page.locator("#ft-play").click()
    wait_steps(page, 20, RESTS)
    assert page.locator(".layers-plot .own-point").count() == 0, "20 steps are not 150"
    page.evaluate("() => { const stage = lab.active(); stage.value.layers.steps = 20; stage.show({}); }")
    page.wait_for_function(f"{OWN}.runs.length === 1")
    page.evaluate("() => lab.active().show({})")
    assert page.locator(".layers-plot .own-point").count() == 1, "a run that is kept is drawn once"
    accuracy = page.evaluate(f"{OWN}.run.dev.at(-1).accuracy")
    assert page.locator(".own-name").first.text_content() == f"{100 * accuracy:.1f}"
    page.locator("[data-key='layers0']").click()
    page.wait_for_function(
        "lab.active().value.settings.layers === 0 && lab.active().own.run.settings.layers === 0"
    )
    assert page.evaluate(f"{OWN}.runs.length") == 1, "the run before is kept"


def test_own_lines(open_page):
    visit = opened(open_page, scene="own", steps=6)
    page = visit.page
    page.locator("#ft-play").click()
    page.locator(".card .error").wait_for()
    area = page.locator(".view-own textarea")
    note = page.locator(".own-note")
    use = page.locator("[data-key=own-use]")
    for text, wrong in (
        ("", ""),
        ("좋음 재미있다", "1"),
        ("a\tb\n\nc", "3"),
        ("a\tb\na\tc", ""),
        ("a,b,c", "1"),
    ):
        area.fill(text)
        use.click()
        page.wait_for_function("document.querySelector('.own-note').textContent")
        assert wrong in note.inner_text(), text
        assert not page.evaluate(f"{OWN}.lines ?? null")
    page.locator(".view-own input[type=file]").set_input_files(
        {
            "name": "mine.csv",
            "mimeType": "text/csv",
            "buffer": "\n".join(f'{OWN_LABELS[n % 2]},"오늘, {n}번째 줄 <b>"' for n in range(20)).encode(),
        }
    )
    page.wait_for_function(f"{OWN}.lines")
    assert page.evaluate(f"[{OWN}.lines.train.length, {OWN}.lines.dev.length]") == [16, 4]
    look = page.locator("#fine-tuning .look").inner_text()
    assert all(label in look for label in OWN_LABELS), "her letters are no markup"
    page.locator("#ft-play").click()
    wait_steps(page, 6, RESTS)
    assert page.evaluate(f"{OWN}.run.labels") == OWN_LABELS
    assert page.locator(".dev li").count() == 4 and "<b>" in page.locator(".dev .sentence").first.inner_text()


@pytest.mark.slow
def test_a_reload_asks_and_curves_survive_a_switch(open_page):
    visit = opened(open_page, steps=300)
    page = visit.page
    page.locator("#ft-play").click()
    wait_steps(page, 3)
    page.locator("#lessons [role=tab]").first.click()  # another lesson: the run goes on
    page.wait_for_timeout(300)
    page.locator(f"#lessons [role=tab][data-tab-id={LESSON.id}]").click()
    n = page.evaluate(f"{OWN}.run.steps.length")
    wait_steps(page, n + 2)
    page.evaluate("location.reload()")
    page.wait_for_timeout(500)
    assert visit.dialogs == [""], "the browser asks before a run is lost"
    visit.dialogs.clear()
    page.locator("#ft-play").click()
    wait_steps(page, 3, RESTS)
    kept = page.evaluate(f"{OWN}.run.steps.length")
    page.locator("a[lang=en], button[lang=en]").first.click()
    page.wait_for_function(
        "document.documentElement.lang === 'en' && lab?.active?.()?.value?.ready", timeout=60_000
    )
    assert page.evaluate(f"{OWN}.runs.map((one) => one.steps.length)") == [kept]
    page.reload()
    page.wait_for_function("window.lab?.active?.()?.value?.ready", timeout=60_000)
    assert page.evaluate(f"{OWN}.runs.map((one) => one.steps.length)") == [kept]


@pytest.mark.parametrize("how", ["wasm", "runtime"])
def test_where_the_browser_cannot_one_sentence_says_so(open_page, how):
    visit = opened(open_page, steps=8)
    page = visit.page
    if how == "wasm":
        page.evaluate("delete window.WebAssembly")
    else:
        page.route(re.compile(r"ort.*\.(mjs|wasm)"), lambda route: route.abort())
    page.locator("#ft-play").click()
    page.locator(".card .error").wait_for(timeout=SLOW)
    told = page.locator(".card .error").inner_text()
    assert told == LESSON.texts("ko")[f"ui.failed.{how}"]
    assert page.locator("[data-key=where-server]").is_enabled()
    visit.console_errors.clear()


# The page's own worker in `killed`, for tests that end it as a phone short of memory would.
SEEN_WORKER = """(() => {
  const Real = window.Worker;
  window.Worker = function (...how) { window.killed = new Real(...how); return window.killed; };
})()"""


@pytest.mark.slow
def test_a_killed_worker_is_one_sentence_and_a_way_on(open_page):
    """Nobody tells the page that its worker has gone: it hears the silence, keeps the curves, begins anew."""
    visit = opened(open_page, steps=40)
    page = visit.page
    page.evaluate(SEEN_WORKER)
    page.clock.install()
    page.locator("#ft-play").click()
    wait_steps(page, 3)
    page.evaluate("killed.terminate()")
    page.clock.run_for(120_000)
    page.locator(".card .error").wait_for(timeout=SLOW)
    assert page.locator(".card .error").inner_text() == LESSON.texts("ko")["ui.failed.worker"]
    kept = page.evaluate(f"{OWN}.run.steps.length")
    assert kept >= 3 and page.locator("[data-key=where-server]").is_enabled()
    page.locator("#ft-play").click()
    page.wait_for_function(f"{OWN}.run.steps.length >= 2 && {OWN}.run.status === 'running'", timeout=SLOW)
    assert page.locator(".card .error").is_hidden()
    assert page.evaluate(f"{OWN}.runs.map((one) => one.steps.length)") == [kept]


@pytest.mark.slow
def test_a_tab_that_slept_for_ten_minutes_goes_on(open_page):
    """A closed lid: the clock jumps, timers come once, the worker's news later. That is no dead worker."""
    visit = opened(open_page, steps=12)
    page = visit.page
    page.clock.install()
    page.locator("#ft-play").click()
    wait_steps(page, 2)
    page.clock.fast_forward(600_000)
    page.wait_for_function(f"{OWN}.run.status === 'done'", timeout=SLOW)
    assert not page.evaluate(FAILED) and len(run(page)["steps"]) == 12


@pytest.mark.slow
def test_on_a_space_the_runtime_comes_from_the_cdn(open_page):
    """No local copy lies there: after Start, and said on screen, the same files come from outside."""
    visit = opened(open_page, steps=4)
    page = visit.page
    cdn = {"local": None, "cdn": {part: runtime.CDN + name for part, name in runtime.FILES.items()}}

    def with_cdn(route):
        answer = route.fetch()
        told, changed = re.subn(
            r'"local": ?\{[^}]*\}, ?"cdn": ?null', json.dumps(cdn)[1:-1], answer.text(), count=1
        )
        assert changed == 1, "the page no longer tells where the runtime lies as this test expects"
        route.fulfill(response=answer, body=told)

    def from_cdn(route):
        body = (runtime.FOLDER / route.request.url.rpartition("/")[2]).read_bytes()
        route.fulfill(body=body, headers={"access-control-allow-origin": "*"})

    page.route(lambda address: "lesson=" in address and "/m/" not in address, with_cdn)
    page.context.route(f"{runtime.CDN}**", from_cdn)
    page.reload()
    visit.wait_ready()
    visit.wait_model()
    assert not visit.outside_requests
    page.evaluate("""() => {
      window.said = new Set();
      const look = () => { said.add(lab.active().own.told?.words); requestAnimationFrame(look); };
      look();
    }""")
    page.locator("#ft-play").click()
    wait_steps(page, 4, RESTS)
    assert LESSON.texts("ko")["ui.loading.cdn"] in page.evaluate("[...said]")
    assert {address.rpartition("/")[2] for address in visit.outside_requests} == set(runtime.FILES.values())
    assert all(address.startswith(runtime.CDN) for address in visit.outside_requests)
    visit.outside_requests.clear()


# Top of each sign of L3 = L2 + λ · L1, and what of the stage is seen without scrolling.
SEEN = """() => {
  const place = (one) => one.getBoundingClientRect();
  const signs = [...document.querySelectorAll("#fine-tuning .equation .terms > *")].map((one) => place(one));
  return {
    tops: signs.map((one) => one.top), lefts: signs.map((one) => one.left),
    bottoms: ["#ft-lambda", ".loss", ".transport", ".language"].map((at) =>
      place(document.querySelector(`#fine-tuning ${at}`)).bottom),
    room: place(document.querySelector("#shell .scenes")).top,
  };
}"""


@pytest.mark.parametrize("lang", CODES)
def test_equation_curves_and_transport_are_seen_at_once(open_page, lang):
    """L3 = L2 + λ · L1 is one line; nothing of the stage is below the window of a laptop."""
    found = opened(open_page, lang=lang, steps=8).page.evaluate(SEEN)
    assert len(found["tops"]) == 7 and max(found["tops"]) - min(found["tops"]) < 30, "one line"
    assert found["lefts"] == sorted(found["lefts"])
    assert max(found["bottoms"]) <= found["room"]


@pytest.mark.parametrize("lang", CODES)
def test_on_a_phone_and_in_the_dark(open_page, lang):
    page = opened(open_page, lang=lang, size=PHONE, theme="dark").page
    for view in ("layers", "parts", "own", "train"):
        page.locator(f"[data-key=view-{view}]").click()
        page.wait_for_function(f"lab.active().value.view === '{view}' && !lab.active().pending")
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 1, view
    assert page.locator("#ft-play").is_visible()


@pytest.mark.slow
def test_the_server_trains_where_the_browser_cannot(open_page):
    visit = opened(open_page, steps=6)
    page = visit.page
    page.locator("[data-key=where-server]").click()
    page.locator("#ft-play").click()
    wait_steps(page, 6, RESTS)
    assert page.evaluate(f"{OWN}.where") == "server"
    assert page.locator("[data-key=where-server]").get_attribute("aria-pressed") == "true"
    page.wait_for_function(f"{OWN}.probe && document.querySelectorAll('.language li').length === 2")
    on_server = [step["l1"] for step in run(page)["steps"]]
    page.locator("[data-key=where-browser]").click()
    page.locator("#ft-play").click()
    page.wait_for_function(f"{OWN}.run.steps.length === 6 && {OWN}.run.status === 'done'", timeout=SLOW)
    assert [step["l1"] for step in run(page)["steps"]] == pytest.approx(on_server, rel=1e-3)


WITHOUT = """async ([value, row, index]) => {
  const loaded = performance.getEntriesByType("resource").map((one) => one.name);
  const name = loaded.find((one) => one.endsWith("fine_tuning/control.js"));
  return (await import(name)).without(value, row, index);
}"""


def test_a_token_is_left_out_of_its_field(open_page):
    """Each token of each row, for each kind: the row that is built of what is left lacks just that one."""
    visit = opened(open_page)
    page = visit.page
    for kind, task in (("similarity", "similarity"), ("choice", "choice"), ("entailment", "entailment")):
        page.locator(f"[data-key=kind-{kind}]").click()
        page.wait_for_function(f"lab.active().value.task === '{task}' && !lab.active().pending")
        value = page.evaluate("lab.active().value")
        for row, sequence in enumerate(value["sequences"]):
            for index, token in enumerate(sequence["tokens"]):
                if token["special"]:
                    continue
                left = page.evaluate(WITHOUT, [value, row, index])
                a, b, *answers = left
                built = {
                    "similarity": [[3, *a, 4, *b, 5], [3, *b, 4, *a, 5]],
                    "entailment": [[3, *a, 4, *b, 5]],
                    "choice": [[3, *a, *b, 4, *answer, 5] for answer in answers],
                }[kind]
                ids = sequence["ids"]
                assert built[row] == ids[:index] + ids[index + 1 :], (kind, row, index)
