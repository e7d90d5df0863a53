"""Three ways to one task: unseen sentences, what each way changes, and the one that runs here."""

import hashlib
import json
from collections import Counter

import pytest
import torch

from app.engine import sets, ways
from app.engine.finetune import N_SOFT_PROMPTS, FineTuning, Plan
from app.engine.inputs import SOFT_PROMPTS, grouped_batches
from app.engine.parameters import unflatten
from app.engine.tasks import examples as inputs_of
from app.engine.tasks import label_tokens
from app.engine.ways import HELD_BACK, MOST_SHOTS, costs, example_list, examples, in_context, share_right
from app.errors import InputError
from app.models import load
from tests.tiny_models import write_folder

LANGUAGES = ("ko", "en")
SPLITS = sets.FOLDER / "sentiment"


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def loaded(request, tmp_path_factory):
    return load(write_folder(tmp_path_factory.mktemp(request.param), request.param, n_ctx=400))


def sentences(split: str) -> set[str]:
    lines = (SPLITS / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return {json.loads(line)["fields"][0] for line in lines}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_sentences_held_back_are_of_the_test_split_alone_and_half_of_them_praise(lang):
    texts = [row.fields[0] for row in HELD_BACK[lang]]
    assert len(set(texts)) == len(texts) == 20
    assert Counter(row.label for row in HELD_BACK[lang]) == {0: 10, 1: 10}
    assert {row.lang for row in HELD_BACK[lang]} == {lang}
    assert set(texts) <= sentences("test")
    assert not set(texts) & (sentences("train") | sentences("dev"))
    assert ways._held_back(lang) == HELD_BACK[lang], "the same whenever it is drawn"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_examples_are_training_sentences_with_their_labels(lang):
    truth = {row.fields[0]: row for row in sets.rows("sentiment", "train", lang)}
    words, drawn = sets.about("sentiment").labels[lang], set()
    for seed in range(20):
        shown = examples(lang, MOST_SHOTS, seed)
        assert [words[truth[text].label] for text, _ in shown] == [label for _, label in shown]
        assert Counter(label for _, label in shown) == dict.fromkeys(words, 2)
        assert len({truth[text].group for text, _ in shown}) == MOST_SHOTS, "no two differ by one word alone"
        for shots in range(MOST_SHOTS):
            assert examples(lang, shots, seed) == shown[MOST_SHOTS - shots :]
        drawn.add(shown)
    assert len(drawn) == 20
    assert {examples(lang, 1, seed)[0][1] for seed in range(20)} == set(words), "either label may come last"


@pytest.mark.parametrize("shots", [-1, 5, 1.5, "2", None, True])
def test_shots_outside(shots):
    with pytest.raises(InputError):
        examples("ko", shots, 0)


def test_every_prompt_fits_into_the_context():
    """What is cut on the left would not be the examples that the page shows."""
    loaded = load("tiny-gpt2")
    for lang in LANGUAGES:
        longest = max((row.fields[0] for row in sets.rows("sentiment", "train", lang)), key=len)
        label = max(sets.about("sentiment").labels[lang], key=len)
        for row in HELD_BACK[lang]:
            prompt = example_list(row, ((longest, label),) * MOST_SHOTS).prompt(MOST_SHOTS)
            assert len(loaded.tokenizer.encode(f"{prompt} {label},")) <= loaded.n_ctx


@torch.no_grad()
@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_answer_is_the_likelier_of_the_two_label_words(loaded, lang):
    """By one plain pass of the model for each, over the text that the learner is shown."""
    shown, words = examples(lang, 2, 5), sets.about("sentiment").labels[lang]
    found = in_context(loaded, lang, 2, 5)
    assert [one.text for one in found] == [row.fields[0] for row in HELD_BACK[lang]]
    for one, row in list(zip(found, HELD_BACK[lang], strict=True))[:3]:
        prompt = ", ".join(f"{text} = {label}" for text, label in shown) + f", {row.fields[0]} ="
        totals, given = [], len(loaded.tokenizer.encode(prompt))
        for word in words:
            ids = loaded.tokenizer.encode(f"{prompt} {word},")
            log_p = loaded.model(torch.tensor([ids[:-1]])).logits[0].log_softmax(-1)
            totals.append(sum(log_p[place - 1, ids[place]].item() for place in range(given, len(ids))))
        p = torch.tensor(totals, dtype=torch.double).softmax(-1)
        assert one.answer == words[int(p.argmax())] and one.p == pytest.approx(float(p.max()), abs=1e-4)
        assert one.right == (words.index(one.answer) == row.label)
    assert share_right(found) == sum(one.right for one in found) / 20


@pytest.mark.parametrize("model", ["tiny-gpt2", "tiny-gpt1"])
def test_what_the_ways_change_is_counted_from_the_model(model):
    loaded = load(model)
    n_model = sum(parameter.numel() for parameter in loaded.model.parameters())
    shown = (("좋았다.", "긍정"),)
    full, soft, none = costs(loaded, shown)
    assert [cost.way for cost in (full, soft, none)] == ["fine-tuning", "prompt tuning", "in-context"]
    assert full.n_changed == n_model + 2 * loaded.d_model and full.n_frozen == 0
    assert soft.n_changed == 8 * loaded.d_model and soft.n_frozen == n_model
    assert none.n_changed == 0 and none.n_frozen == n_model
    assert none.bytes_of_a_task == len("좋았다. = 긍정".encode())
    for n in (1, 3, 10):
        assert full.stored(n) == 4 * n * (n_model + 2 * loaded.d_model)
        assert soft.stored(n) == 4 * n_model + n * 4 * 8 * loaded.d_model
        assert none.stored(n) == 4 * n_model + n * len("좋았다. = 긍정".encode())


def sha256(numbers: torch.Tensor) -> str:
    return hashlib.sha256(numbers.detach().contiguous().numpy().tobytes()).hexdigest()


def hashes(loaded) -> dict[str, str]:
    return {name: sha256(weights) for name, weights in loaded.model.state_dict().items()}


def test_soft_prompt_tuning_changes_nothing_but_its_vectors():
    """The hash of every weight before and after a few steps, of the shared model and of the run."""
    loaded = load("tiny-gpt2")
    words = label_tokens(loaded, sets.about("sentiment").labels["ko"])
    plan = Plan("classification", 2, loaded.n_layer, "soft prompts", label_tokens=words)
    shared = hashes(loaded)
    run = FineTuning(loaded, plan, lambda_=0.0, learning_rate=3e-2)
    before = unflatten(run.shape, run.flat.clone())
    rows = inputs_of(loaded, "sentiment", "train", n_soft_prompts=N_SOFT_PROMPTS)
    reports = list(run.steps(grouped_batches(rows, 8, 3, 0)))
    after = unflatten(run.shape, run.flat)
    assert len(reports) == 3
    assert hashes(loaded) == shared, "the model that everybody shares"
    soft = list(SOFT_PROMPTS[:N_SOFT_PROMPTS])
    others = [id_ for id_ in range(loaded.vocab_size) if id_ not in soft]
    for name, weights in before.items():
        if name == "wte.weight":
            assert sha256(weights[others]) == sha256(after[name][others])
            assert (weights[soft] != after[name][soft]).all(1).all(), "all eight vectors have moved"
            assert weights[soft].numel() == costs(loaded, ())[1].n_changed
        else:
            assert sha256(weights) == sha256(after[name]), name
