"""Training in the browser when all goes well and when it does not: requests, news, faults, the CDN."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route

from app.browser import page as training
from app.browser import runtime
from tests.harness.matrix import quick
from tests.harness.training import TRAINER, Scripts, scripts

pytestmark = pytest.mark.ui

WHERE = {"model": "tiny-gpt2", "set": "sentiment", "lang": "ko"}
PLAN = {"kind": "classification", "nLabels": 2}
FAULT = """async (work) => {
  try { await work(); return null; } catch (error) { return error.why ?? String(error); }
}"""


@pytest.fixture
def page(browser, server) -> Iterator[Scripts]:
    with scripts(browser, server) as opened:
        opened.page.evaluate(f"() => {{ window.fault = {FAULT}; }}")
        yield opened


def test_a_run_asks_the_server_for_nothing(page):
    """Between begin and finish, looks and all: a class of a hundred costs the server nothing."""
    page.run(TRAINER, {})
    page.run("async (where) => { window.given = await trainer.load(where); }", WHERE)
    before = len(page.asked)
    found = page.run(
        """async (plan) => {
          const begun = await trainer.begin(plan);
          const before = await trainer.language("held out");
          await trainer.run(6, 3);
          await trainer.evaluate(given.set.splits.test.slice(0, 3));
          await trainer.proceed([0, 400, 500], 4);
          return { begun, before, news };
        }""",
        PLAN,
    )
    assert page.asked[before:] == []
    assert not page.outside
    news = found["news"]
    parts = {one["part"] for one in news if one["what"] == "loading"}
    assert parts == {"runtime", "graph", "weights", "data"}
    assert all(0 <= one["share"] <= 1 for one in news if one["what"] == "loading")
    assert [one["step"] for one in news if one["what"] == "step"] == [1, 2, 3, 4, 5, 6]
    assert [one["step"] for one in news if one["what"] == "dev"] == [0, 3, 6]
    for one in news:
        if one["what"] == "dev":
            assert len(one["probabilities"]) == 40 and 0 <= one["accuracy"] <= 1
            assert all(sum(row) == pytest.approx(1, abs=1e-4) for row in one["probabilities"])
    assert found["begun"]["nTrained"] == 2_769_792 and found["begun"]["nNew"] == 192 * 5
    assert 0 < found["before"]["l1"] < 20 and len(found["before"]["each"]) == 20


def test_pausing_and_settings_act_between_two_steps(page):
    page.run(TRAINER, {})
    found = page.run(
        """async ([where, plan]) => {
          await trainer.load(where);
          await trainer.begin(plan);
          const running = trainer.run(200, 0);
          while (!news.some(({ step }) => step === 2)) await new Promise((done) => setTimeout(done, 20));
          await trainer.set({ lambda: 0 });
          const seen = news.at(-1).step;
          while (news.at(-1).step < seen + 2) await new Promise((done) => setTimeout(done, 20));
          await trainer.pause();
          const { step } = await running;
          const again = await trainer.run(1, 0);
          return { seen, step, again, steps: news.filter(({ what }) => what === "step") };
        }""",
        [WHERE, PLAN],
    )
    assert found["again"]["step"] == found["step"] + 1 == len(found["steps"]) < 200
    assert {one["lambda"] for one in found["steps"][: found["seen"]]} == {0.5}
    assert {one["lambda"] for one in found["steps"][found["seen"] + 1 :]} == {0}


@pytest.mark.slow
def test_own_data_of_five_labels(page):
    """Two to eight labels go through one graph; a batch needs eight examples, which come around again."""
    page.run(TRAINER, {})
    found = page.run(
        """async () => {
          const told = await trainer.load({ model: "tiny-gpt1", kind: "classification" });
          const example = (_, i) => ({ fields: [[400 + 7 * (i % 5)]], label: i % 5 });
          const examples = Array.from({ length: 10 }, example);
          const plan = { kind: told.kind, nLabels: 5, examples, dev: examples.slice(0, 5), steps: 4 };
          const begun = await trainer.begin(plan);
          await trainer.run(4, 2);
          return { begun, dev: news.filter(({ what }) => what === "dev") };
        }"""
    )
    assert found["begun"]["nNew"] == 192 * 8
    assert all(len(row) == 5 for one in found["dev"] for row in one["probabilities"])
    assert all(sum(row) == pytest.approx(1, abs=1e-4) for one in found["dev"] for row in one["probabilities"])


@pytest.mark.slow
def test_numbers_that_run_away_stop_the_run(page):
    page.run(TRAINER, {})
    found = page.run(
        """async ([where, plan]) => {
          await trainer.load(where);
          await trainer.begin({ ...plan, learningRate: 1e30 });
          const why = await fault(() => trainer.run(20, 0));
          const { nTrained } = await trainer.begin(plan);
          await trainer.run(1, 0);
          return { why, nTrained, last: news.at(-1), failed: news.filter(({ what }) => what === "failed") };
        }""",
        [WHERE, PLAN],
    )
    assert found["why"] == "nan" and [one["why"] for one in found["failed"]] == ["nan"]
    assert found["last"]["what"] == "step" and found["last"]["step"] == 1, "a new run goes"


def test_a_killed_worker_is_noticed(page):
    page.run(
        """() => {
          const Real = window.Worker;
          window.Worker = function (...how) { window.killed = new Real(...how); return window.killed; };
        }"""
    )
    page.run(TRAINER, {"patience": 3000})
    why = page.run(
        """async ([where, plan]) => {
          await trainer.load(where);
          await trainer.begin(plan);
          const running = fault(() => trainer.run(50, 0));
          while (!news.some(({ step }) => step === 1)) await new Promise((done) => setTimeout(done, 20));
          killed.terminate();
          return running;
        }""",
        [WHERE, PLAN],
    )
    assert why == "worker"
    assert page.run("() => news.at(-1).why") == "worker"


def test_a_script_that_does_not_come_is_a_lost_worker(page):
    page.page.context.route("**/worker.js", lambda route: route.abort())
    page.run(TRAINER, {})
    assert page.run("(where) => fault(() => trainer.load(where))", WHERE) == "worker"


def test_without_webassembly_nothing_is_fetched(page):
    page.run(TRAINER, {})
    before = len(page.asked)
    page.run("() => { delete window.WebAssembly; }")
    assert page.run("(where) => fault(() => trainer.load(where))", WHERE) == "wasm"
    assert page.run("() => news.at(-1)")["why"] == "wasm" and len(page.asked) == before


def test_files_that_do_not_come_are_a_fault_of_the_network(page):
    page.page.context.route("**/weights.safetensors", lambda route: route.abort())
    page.run(TRAINER, {})
    assert page.run("(where) => fault(() => trainer.load(where))", WHERE) == "network"


# ---- where the runtime comes from ----


def from_cdn(route: Route, spoiled: bool = False) -> None:
    """The CDN's answer, or one that somebody has changed."""
    body = (runtime.FOLDER / route.request.url.rpartition("/")[2]).read_bytes()
    headers = {"access-control-allow-origin": "*", "content-type": "application/octet-stream"}
    route.fulfill(body=body + b" " if spoiled else body, headers=headers)


@pytest.mark.parametrize("spoiled", quick([False, True]))
def test_without_a_local_copy_the_runtime_comes_from_the_cdn(browser, server, tmp_path, spoiled: bool):
    """The normal way on a Space: asked for after the start, held against its hash, nothing else outside."""
    where = training.told(offline=False) | {"runtime": runtime.told(offline=False, folder=tmp_path)}
    with scripts(browser, server, where) as page:
        page.page.evaluate(f"() => {{ window.fault = {FAULT}; }}")
        page.page.context.route(f"{runtime.CDN}**", lambda route: from_cdn(route, spoiled))
        page.run(TRAINER, {})
        assert not page.outside
        found = page.run(
            """async (where) => {
              let told = null;
              const why = await fault(async () => { told = await trainer.load(where); });
              return { why, place: told?.place };
            }""",
            WHERE,
        )
        assert {address.rpartition("/")[2] for address in page.outside} == set(runtime.FILES.values())
        assert all(address.startswith(runtime.CDN) for address in page.outside)
        assert found == ({"why": "runtime", "place": None} if spoiled else {"why": None, "place": "cdn"})


def test_with_neither_the_page_is_told_at_once(browser, server, tmp_path):
    where = training.told(offline=True) | {"runtime": runtime.told(offline=True, folder=tmp_path)}
    with scripts(browser, server, where) as page:
        page.page.evaluate(f"() => {{ window.fault = {FAULT}; }}")
        page.run(TRAINER, {})
        before = len(page.asked)
        assert page.run("(where) => fault(() => trainer.load(where))", WHERE) == "runtime"
        assert len(page.asked) == before


def test_every_page_is_told_where(open_page):
    visit = open_page(model=False)
    told = json.loads(
        visit.page.locator("#one-token-page").inner_text()
        or visit.page.evaluate("document.getElementById('one-token-page').textContent")
    )
    assert told["browser"] == training.told(offline=True)
