"""A text as a reader would hear it: words without case, width, accents and disguise.

`words_of` takes a text apart into words, each with the forms under which it is looked up: as written, and
where it looks disguised ("p0lice", "p.o.l.i.c.e", "pоlice" with a Cyrillic о) as what it poses as. Chinese
has no spaces: there each character is a word of its own. What ends a sentence or a clause is an empty word,
so that no phrase is found across it.
"""

import re
import unicodedata
from itertools import pairwise
from typing import Final

Word = tuple[str, ...]
"""The forms of one word, as written first; empty for the end of a clause."""

BREAK: Final[Word] = ()

_APOSTROPHES: Final = frozenset("'’‘`´ʼ")
_BREAKS: Final = frozenset(',;:!?()[]{}<>…।॥"“”«»')
_POSING: Final = frozenset("@$")  # as a and s, between letters
_STOP: Final = re.compile(r"[.．](?=\s+[^\d\s]|\s*$)")  # one that ends a sentence: not that of 'Rs. 500'
_POSER_ALONE: Final = re.compile(r"(?<![a-z@$])[@$]+|[@$]+(?![a-z@$])")
_THRICE: Final = re.compile(r"([^\W\d_])\1{2,}")
_JOINERS: Final = "\u200c\u200d"
_BLANKS: Final = frozenset("\u034f\u115f\u1160\u3164\uffa0")  # letters and accents that draw nothing
_LAYOUT: Final = ("\n", "\u00a0", "\t", "\r", "\u202f")

_CLAUSE: Final = re.compile(r"[^.!?。！？\n]+")
_LETTERS: Final = re.compile(r"[^\W\d_\u3400-\u9fff]+|[\u3400-\u9fff]")  # a word, or a Chinese character
_EXCLAIMED: Final = re.compile(r"(?:[!！]\s*){3}")
# Written in capitals by everybody.
_CAPITAL_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        STOP START HELP SMS OK ID PIN OTP ATM PDF QR FAQ TV CEO LLC LTD PLC INC USA UK EU UAE NYC UPI IFSC
        NEFT IMPS RTGS KYC EMI PAN IBAN BIC SWIFT SEPA ACH CLABE SPEI OXXO PIX BSB VA BCA BNI BRI KTP SPB
        СБП БИК ИНН КПП СМС ОК ООО АО ПАО МФО
        """,
    )
)

_DIGITS_AS: Final = (str.maketrans("0134578@$", "oieastbas"), str.maketrans("0134578@$", "oleastbas"))
_TO_LATIN: Final = str.maketrans(
    "авекмнорстухіјѕԁһӏԛԝгп" + "αβεηικνορτυχωγζ", "abekmhopctyxijsdhlqwrn" + "abenikvoptuxwyz"
)
_TO_CYRILLIC: Final = str.maketrans("abcehkmnoprtxyiu", "авсенкмпоргтхуии")
# The traditional characters among the words that are looked up, and the polite you.
_SIMPLIFIED: Final = str.maketrans(
    "報監獄訴訟強執單領導親聯繫係鄰眾佈開發騙賴無恥臉債貸還錢額餘賬帳戶繳費塊萬億圓幣訂覆復後負責"
    "優獎級號過關機殺斷門傷凍結產師員給爛貨這個當紅現險辦東將會們長媽妳您兩點採動網絡鎖續終請傳擾",
    "报监狱诉讼强执单领导亲联系系邻众布开发骗赖无耻脸债贷还钱额余账账户缴费块万亿元币订复复后负责"
    "优奖级号过关机杀断门伤冻结产师员给烂货这个当红现险办东将会们长妈你你两点采动网络锁续终请传扰",
)


def is_han(sign: str) -> bool:
    return "\u3400" <= sign <= "\u9fff" or sign == "\u3007"


class _Fold(dict[int, str]):
    """What each character is read as: worked out once for each that is ever written, and kept."""

    def __missing__(self, code: int) -> str:
        self[code] = read = _read(chr(code))
        return read


def _read(sign: str) -> str:
    kept: list[str] = []
    for part in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", sign).casefold()):
        kind = unicodedata.category(part)
        if kind == "Nd":
            kept.append(str(unicodedata.decimal(part)))
        elif is_han(part):
            kept.append(f" {part.translate(_SIMPLIFIED)} ")
        elif part == "\u0901":  # candrabindu and anusvara are written one for the other
            kept.append("\u0902")
        elif kind == "Cf" or part in _APOSTROPHES or _is_accent(part):
            continue
        elif kind[0] in "LMN" or part in _POSING:
            kept.append(part)
        else:
            kept.append(" , " if part in _BREAKS or part in "、。" else " ")
    return "".join(kept)


def _is_accent(sign: str) -> bool:
    return "\u0300" <= sign <= "\u036f" or "\ufe00" <= sign <= "\ufe0f" or sign == "\u093c"  # the last: nukta


_FOLD: Final = _Fold()


def folded(text: str) -> str:
    """The words of `text` as written, in lower case, one space between; ',' stands where a clause ends."""
    return " ".join(_split(text))


def words_of(text: str) -> list[Word]:
    """The words of `text` and under which forms to look each up."""
    written = _split(text)
    if sum(1 for word in written if len(word) == 1 and not is_han(word)) > 2:
        written = _spelled_out(written)
    mostly_latin = sum(map(_is_latin, written)) * 2 > len(written)
    return [_forms(word, mostly_latin) for word in written]


def _split(text: str) -> list[str]:
    flat = _STOP.sub(", ", text).translate(_FOLD)
    if "@" in flat or "$" in flat:
        flat = _POSER_ALONE.sub(" ", flat)
    return flat.split()


def _spelled_out(written: list[str]) -> list[str]:
    """Letters that stand alone in a row are one word: p.o.l.i.c.e"""
    joined: list[str] = []
    run: list[str] = []
    for word in [*written, ","]:
        if len(word) == 1 and word != "," and not is_han(word):
            run.append(word)
            continue
        if sum(map(str.isalpha, run)) > 2:
            joined.append("".join(run))
        else:
            joined += run
        run = []
        joined.append(word)
    return joined[:-1]


def _is_latin(word: str) -> bool:
    return word.isascii() and word.isalpha()


def _forms(word: str, mostly_latin: bool) -> Word:
    if word == ",":
        return BREAK
    forms = {word: None}
    if _THRICE.search(word):
        word = _THRICE.sub(r"\1", word)
        forms[word] = None
    if not word.isalpha() and any(map(str.isalpha, word)):
        forms |= {word.translate(table): None for table in _DIGITS_AS if word.isascii()}
    if not word.isascii() and not is_han(word[0]):
        latin, cyrillic = word.translate(_TO_LATIN), word.translate(_TO_CYRILLIC)
        if latin.isascii() and (mostly_latin or _is_mixed(word)):
            forms[latin] = None
        elif _is_mixed(word):
            forms[cyrillic] = None
    return tuple(forms)


def _is_mixed(word: str) -> bool:
    """Whether letters of the Latin alphabet stand beside those of another that has look-alikes."""
    return any("a" <= sign <= "z" for sign in word) and any("\u0370" <= sign <= "\u04ff" for sign in word)


def disguised(text: str) -> bool:
    """Whether some word takes letters of another alphabet for their looks ('pаy' with a Cyrillic а).

    A word that ends in another alphabet ('SMSка') is none: there the letters change once, in its last three.
    """
    for word in _split(text):
        if word.isascii() or not _is_mixed(word):
            continue
        latin = ["a" <= sign <= "z" for sign in word]
        changes = sum(1 for one, next_ in pairwise(latin) if one != next_)
        if changes == 1 and latin[0] and sum(latin) > 1 and latin.count(False) <= 3:
            continue
        strangers = [sign for sign, is_latin in zip(word, latin, strict=True) if not is_latin]
        ours = [sign for sign, is_latin in zip(word, latin, strict=True) if is_latin]
        if all(sign.translate(_TO_LATIN).isascii() for sign in strangers) or not any(
            sign.translate(_TO_CYRILLIC).isascii() for sign in ours
        ):
            return True
    return False


def hides_signs(text: str) -> bool:
    """Whether something is in the text that nobody sees: zero widths, turned direction, soft hyphens."""
    seen = text
    for sign in _LAYOUT:  # a translation table would take ten times as long
        seen = seen.replace(sign, " ")
    if seen.isprintable() and not any(blank in text for blank in _BLANKS):
        return False
    return any(
        _is_hidden(sign) and not (sign in _JOINERS and _joins(text, place)) for place, sign in enumerate(text)
    )


def _is_hidden(sign: str) -> bool:
    if sign in "\t\n\r":
        return False
    return unicodedata.category(sign) in ("Cf", "Cc", "Co", "Cs") or sign in _BLANKS


def _joins(text: str, place: int) -> bool:
    """Joiners shape words of Indian scripts, and pictures made of several."""
    before = text[place - 1] if place else " "
    return "\u0900" <= before <= "\u0dff" or "\u0600" <= before <= "\u06ff" or before >= "\u2600"


def shouts(text: str) -> bool:
    """Two or more words in a row in capitals, or three exclamation marks."""
    if _EXCLAIMED.search(text):
        return True
    for clause in _CLAUSE.findall(text):
        run: list[str] = []
        for word in _LETTERS.findall(clause):
            shouted = len(word) > 1 and word.isupper() and word not in _CAPITAL_WORDS
            run = [*run, word] if shouted else []
            if len(run) > 1 and len("".join(run)) >= 6:
                return True
    return False
