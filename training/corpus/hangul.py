"""Hangul syllables as (initial, vowel, final) numbers, and the particles that depend on the final consonant.

Source: The Unicode Standard, section 3.12: code = 0xAC00 + (initial * 21 + vowel) * 28 + final.
"""

FIRST, LAST = 0xAC00, 0xD7A3
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

# particle after a consonant -> particle after a vowel; named after the first of the two
PARTICLES = {
    "은": "는",
    "이": "가",
    "을": "를",
    "과": "와",
    "으로": "로",
    "아": "야",
    "이라고": "라고",
    "이라는": "라는",
}


def is_syllable(char: str) -> bool:
    return len(char) == 1 and FIRST <= ord(char) <= LAST


def split(syllable: str) -> tuple[int, str, str]:
    """'강' -> (0, 'ㅏ', 'ㅇ'); the final is ' ' when there is none. Raises ValueError for anything else."""
    if not is_syllable(syllable):
        raise ValueError(f"not a Hangul syllable: {syllable!r}")
    code = ord(syllable) - FIRST
    return code // 588, VOWELS[code // 28 % 21], FINALS[code % 28]


def join(initial: int, vowel: str, final: str = " ") -> str:
    return chr(FIRST + (initial * 21 + VOWELS.index(vowel)) * 28 + FINALS.index(final))


def final_of(word: str) -> str:
    """The final consonant of the last syllable, ' ' when it is open."""
    return split(word[-1])[2]


def with_final(word: str, final: str) -> str:
    """The word with the last syllable's final consonant replaced (' ' removes it)."""
    initial, vowel, _ = split(word[-1])
    return word[:-1] + join(initial, vowel, final)


def particle(word: str, name: str) -> str:
    """The form of a particle that fits the word: particle('물', '으로') is '로'; others stay as they are."""
    if name not in PARTICLES:
        return name
    final = final_of(word)
    is_open = final == " " or (name == "으로" and final == "ㄹ")
    return PARTICLES[name] if is_open else name
