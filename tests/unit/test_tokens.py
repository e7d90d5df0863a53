"""Tokens can be read: no � ever, parts of a character say so, and no typed text becomes a special token."""

import random
import subprocess
import sys
import time
import unicodedata

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from app.errors import InputError, ModelError
from app.models.tokens import MAX_CHARACTERS, ReadableTokenizer, learner_text, to_nfc
from tests.tiny_models import SPECIAL, byte_level_tokenizer, jamo_tokenizer

AWKWARD = [
    "나는 오늘 그 곳에 간다",
    "I like the river.",
    " leading and  double spaces ",
    "강아지🐶 가족👨‍👩‍👧‍👦 국기🇰🇷",
    "각 e\u0301 q\u0307\u0323",  # decomposed Hangul, accents
    "ㅋㅋㅋ ㅠㅠ",
    "ᄀ ᆺ ᅟᅠ",  # conjoining jamo alone, fillers
    "שלום مرحبا \u202e거꾸로\u202c",
    "NUL\0 tab\t line\nend\r\n",
    "<script>alert(1)</script> &amp; ${1+ {{x}}",
    "\ufffd is a character too",
    "<|endoftext|>",
    "가" * 3000,
    "x" * 10_000,
]


@pytest.fixture(scope="module")
def gpt2() -> ReadableTokenizer:
    return ReadableTokenizer(byte_level_tokenizer(), "gpt2")


@pytest.fixture(scope="module")
def gpt1() -> ReadableTokenizer:
    return ReadableTokenizer(jamo_tokenizer(), "gpt1")


def test_the_first_page_needs_neither_torch_nor_transformers():
    code = (
        "import sys, app.models, app.models.registry as r, app.models.tokens as t; r.Registry('gpt2');"
        "print([m for m in ('torch', 'transformers') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("text", AWKWARD)
def test_byte_level_tokens_give_the_text_back(gpt2, text):
    ids = gpt2.encode(text)
    nfc = unicodedata.normalize("NFC", text)
    assert gpt2.decode(ids) == nfc
    assert b"".join(piece.bytes for piece in gpt2.pieces(ids)) == nfc.encode()


@pytest.mark.parametrize("text", ["나는 오늘 그 곳에 간다.", "the old dog, the cat.", "오늘  학교에\n갔다."])
def test_word_tokens_give_the_text_back_but_for_case_and_runs_of_space(gpt1, text):
    assert gpt1.decode(gpt1.encode(text)) == " ".join(text.lower().split())


@pytest.mark.parametrize("text", AWKWARD)
def test_no_piece_shows_a_replacement_character(gpt1, gpt2, text):
    for tokenizer in (gpt1, gpt2):
        ids = tokenizer.encode(text)
        pieces = tokenizer.pieces(ids)
        assert [piece.id for piece in pieces] == ids
        shown = "".join(piece.piece for piece in pieces) + tokenizer.decode(ids)
        assert "\ufffd" not in shown or "\ufffd" in text


def test_any_ids_at_all_can_be_shown(gpt1, gpt2):
    draw = random.Random(0)
    for tokenizer in (gpt1, gpt2):
        for _ in range(200):
            ids = [draw.randrange(tokenizer.vocab_size + 5) for _ in range(12)]
            shown = "".join(piece.piece for piece in tokenizer.pieces(ids)) + tokenizer.decode(ids)
            assert "\ufffd" not in shown
            shown.encode()


def test_bytes_of_a_part_name_their_character(gpt2):
    ids = gpt2.encode("꽃")  # 꽃 is in no training sentence: its three bytes stay apart
    pieces = gpt2.pieces(ids)
    assert [piece.piece for piece in pieces] == ["‹EA›", "‹BD›", "‹83›"]
    assert {piece.part_of for piece in pieces} == {"꽃"}
    assert [list(piece.bytes) for piece in pieces] == [[0xEA], [0xBD], [0x83]]


def test_a_character_that_has_not_come_yet_is_not_guessed(gpt2):
    first, second, third = gpt2.encode("꽃")
    assert [piece.part_of for piece in gpt2.pieces([first, second])] == [None, None]
    assert gpt2.decode([*gpt2.encode("그 "), first, second]) == "그 ‹EA BD›"
    assert gpt2.candidates([first, second], [third])[0].part_of == "꽃"


def test_jamo_of_a_part_name_their_syllable(gpt1):
    ids = gpt1.encode("간다.")  # 간 is cut into 가 and a final ㄴ
    pieces = gpt1.pieces(ids)
    assert [(piece.piece, piece.part_of) for piece in pieces] == [
        ("‹가›", "간"),
        ("‹ㄴ›", "간"),
        ("다.", None),
    ]
    assert unicodedata.normalize("NFC", "".join(piece.bytes.decode() for piece in pieces)) == "간다."
    assert gpt1.decode(ids) == "간다."
    # Alone, a final consonant is a part of something not known; as a candidate after 가 it makes 간.
    assert [(piece.piece, piece.part_of) for piece in gpt1.pieces(ids[1:2])] == [("‹ㄴ›", None)]
    assert gpt1.candidates(ids[:1], ids[1:2])[0].part_of == "간"


def test_spaces_are_told(gpt1, gpt2):
    assert [piece.piece for piece in gpt2.pieces(gpt2.encode("나는 오늘"))] == ["나는", " 오늘"]
    assert [piece.leading_space for piece in gpt2.pieces(gpt2.encode("나는 오늘"))] == [False, True]
    pieces = gpt1.pieces(gpt1.encode("the dog the"))
    assert "".join(" " * piece.leading_space + piece.piece for piece in pieces) == "the dog the"
    assert not any("</w>" in piece.piece for piece in pieces)
    assert pieces[-1].ends_word


def test_typed_special_tokens_stay_text(gpt1, gpt2):
    for tokenizer in (gpt1, gpt2):
        for spelling in [*SPECIAL, "<unk>"]:
            for text in (spelling, f"a{spelling}b", f"나는 {spelling} 오늘"):
                assert not set(range(len(SPECIAL))) & set(tokenizer.encode(text)), text


def test_tokens_added_to_a_vocabulary_are_not_typed_either():
    tokenizer = byte_level_tokenizer()
    tokenizer.add_tokens(["강아지"])  # an ordinary added token, as some published tokenizers have
    readable = ReadableTokenizer(tokenizer, "added")
    assert tokenizer.token_to_id("강아지") not in readable.encode("강아지")


def test_special_tokens_are_shown_by_name_and_are_no_text(gpt2):
    ids = [*gpt2.encode("오늘"), 0, 5]
    assert [piece.piece for piece in gpt2.pieces(ids)][-2:] == ["<|endoftext|>", "<|extract|>"]
    assert gpt2.pieces(ids)[-1].bytes == b""
    assert gpt2.decode(ids) == "오늘"
    assert gpt2.eot_id == 0


def test_unknown_letters_are_shown_not_lost(gpt1):
    assert "<unk>" in gpt1.decode(gpt1.encode("나는 ☂ 오늘"))


def test_half_characters_get_a_sentence_and_pairs_are_joined():
    assert to_nfc("\ud83d\udc36") == "🐶"
    with pytest.raises(InputError) as raised:
        to_nfc("강아지 \ud83d 오늘")
    assert (raised.value.code, raised.value.details) == ("half_character", {"character": "U+D83D"})


@pytest.mark.parametrize(
    ("text", "code"), [(None, "not_text"), (3, "not_text"), ("가" * (MAX_CHARACTERS + 1), "text_too_long")]
)
def test_what_is_no_text_gets_a_sentence(text, code):
    with pytest.raises(InputError) as raised:
        learner_text(text)
    assert raised.value.code == code


def test_folders_without_a_usable_tokenizer(tmp_path):
    def code() -> str:
        with pytest.raises(ModelError) as raised:
            ReadableTokenizer.from_folder(tmp_path)
        return raised.value.code

    assert code() == "missing_tokenizer"
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0", "model": ')
    assert code() == "broken_tokenizer"
    tokenizer = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert code() == "unsupported_tokenizer"


def test_many_marks_on_one_letter_become_nfc_at_once():
    """`unicodedata.normalize` alone takes seconds, and nothing else runs meanwhile."""
    rng = random.Random(3)
    marks = [chr(code) for code in range(0x20000) if unicodedata.combining(chr(code))]
    others = ["a", "é", "나", "\u1100", "\u1161", "\u0f40", "\u0958", "\u0f73", "\u0344"]
    for _ in range(50):
        text = "".join(rng.choice(marks if rng.random() < 0.9 else others) for _ in range(400))
        assert to_nfc(text) == unicodedata.normalize("NFC", text)
    begun = time.process_time()
    for text in (
        "a" + "\u0301" * 9999 + "\u0327" * 10_000,
        "a" + "\u0327\u0301\u0345" * 6666,
        "\u0f73" * 20_000,
    ):
        assert learner_text(text)
    assert time.process_time() - begun < 1.5


@pytest.mark.parametrize("name", ["gpt2", "gpt1"])
def test_a_candidate_reads_as_it_does_behind_the_whole_context(name, request):
    """The short cut over the seam changes nothing: any tokens in any order, parts of characters too."""
    tokenizer = request.getfixturevalue(name)
    chance = random.Random(4)
    pool = [id_ for text in AWKWARD[:10] for id_ in tokenizer.encode(text)]
    pool += [
        *range(-1, 40),
        tokenizer.vocab_size,
        *(chance.randrange(tokenizer.vocab_size) for _ in range(99)),
    ]
    parts = 0
    for _ in range(2000):
        context = chance.choices(pool, k=chance.randrange(8))
        asked = chance.choices(pool, k=3)
        whole = [tokenizer.pieces([*context, id_])[-1] for id_ in asked]
        assert tokenizer.candidates(context, asked) == whole, context
        parts += sum(piece.part_of is not None for piece in whole)
    assert parts > 0
