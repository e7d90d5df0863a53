# Every target sets up what it needs on a fresh machine; a second call finds the stamps and starts at once.
#   make run ARGS="--host 0.0.0.0"      make test ARGS="tests/unit -k settings"      make bench ARGS=startup

PYTHON ?= python3
# One release for everybody who types make; requirements.txt allows a range. Elsewhere: make run TORCH=torch
TORCH  ?= torch==2.13.0
ARGS   ?=
# Processes that share the tests, each with a server and a browser of its own; a file stays with one of them.
JOBS   ?= 2

VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python

# A stamp's name holds the hash of what it was made from, so an edited requirements file is installed again.
hash      = $(shell { cat $(1); echo '$(TORCH)'; } | cksum | cut -d ' ' -f 1)
RUN_READY := $(VENV)/.run-$(call hash,requirements.txt)
DEV_READY := $(VENV)/.dev-$(call hash,requirements.txt requirements-dev.txt)
# For training in the browser; without a network the page starts all the same, and the next call tries again.
RUNTIME   := assets/vendor/onnxruntime-web-1.30.0/ort-wasm-simd-threaded.wasm

SHARED := -n $(JOBS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run dev test test-all lint format lesson bench browser models models-eval records smoke assets

help:
	@echo "make run       첫 화면을 엽니다 · open the page"
	@echo "make dev       고친 스크립트, 스타일, 글을 새로 고침으로 봅니다 · changed scripts, styles, texts on reload"
	@echo "make test      검사와 테스트 · lint and tests"
	@echo "make test-all  느린 테스트까지 · the slow tests too"
	@echo "make lint      ruff 검사와 빠진 글 찾기 (make format: 고치기) · ruff, and texts that are missing (make format: fix)"
	@echo "make lesson ID=token-counter  작은 수업 하나를 씁니다 · write a small complete lesson"
	@echo "make bench     기준과의 비율 측정 · ratios to references measured in the same run"
	@echo "make models    들어 있는 모델을 처음부터 다시 만듭니다(몇 시간) · the embedded models anew (hours)"
	@echo "make smoke     같은 과정을 2분 안에 작게 · the same, small, within two minutes"
	@echo "make models-eval  들어 있는 모델을 다시 잽니다 · measure the embedded models again"
	@echo "make assets    브라우저 학습의 그래프를 다시 만듭니다 · the graphs of training in the browser anew"
	@echo "make records   기록한 값을 다시 만듭니다(30분쯤) · write the recorded figures anew (half an hour)"

run: $(RUN_READY) $(RUNTIME)
	$(PY) app.py $(ARGS)

dev: $(RUN_READY) $(RUNTIME)
	$(PY) app.py --reload $(ARGS)

test: lint browser $(RUNTIME)
	$(PY) -m pytest $(SHARED) -m "not slow" $(ARGS)

test-all: lint browser $(RUNTIME)
	$(PY) -m pytest $(SHARED) $(ARGS)

lint: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PY) -m lessons

format: $(DEV_READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lesson: $(DEV_READY)
	@$(PY) -m lessons.skeleton $(ID)

# Pauses a training run of this checkout while it measures, and resumes it however the measuring ends.
bench: browser $(RUNTIME)
	$(PY) -m benchmarks $(ARGS)

models: $(DEV_READY)
	$(PY) -m training.recreate $(ARGS)

smoke: $(DEV_READY)
	$(PY) -m training.recreate --smoke --out build/smoke $(ARGS)
	$(PY) -m training.evaluate.fine_tuning --smoke

models-eval: $(DEV_READY) | build/corpus/heldout.jsonl
	$(PY) -m training.evaluate.gpt tiny-gpt2 $(ARGS)
	$(PY) -m training.evaluate.gpt tiny-gpt1 $(ARGS)
	$(PY) -m training.evaluate.bert $(ARGS)

assets: $(DEV_READY)
	$(PY) -m app.browser

records: $(DEV_READY)
	nice -n 10 $(PY) -m training.records $(ARGS)

build/corpus/heldout.jsonl: | $(DEV_READY)
# a seed that no model has read
	$(PY) -m training.corpus --out build/corpus --seed 9

browser: $(DEV_READY)
	@$(PY) -m tests.harness.chromium

$(RUNTIME): | $(RUN_READY)
	@$(PY) -m app.browser.runtime

$(PY):
	@$(PYTHON) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 이상과 venv가 필요해요 · needs Python 3.11 or newer with venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN_READY): requirements.txt | $(PY)
	$(PY) -m pip install --quiet "$(TORCH)" -r requirements.txt
	@touch $@

$(DEV_READY): requirements.txt requirements-dev.txt | $(PY)
	$(PY) -m pip install --quiet "$(TORCH)" -r requirements-dev.txt
	@touch $@
