"""The labelled set of everyday phrases, how the classifier reads it, and docs/intents.md, which tells.

`python -m tests.builders.labelled` writes the page again.
"""

from collections import Counter
from pathlib import Path

import msgspec
from ruamel.yaml import YAML

from messages.intents.phrases import INTENTS, Intent, variants, written
from messages.intents.reading import read_intent

_HELD_OUT = Path(__file__).parents[1] / "unit" / "messages" / "held_out.yaml"
PAGE = Path(__file__).parents[2] / "docs" / "intents.md"
_LEARNED = 12  # of each intent and language: three quarters of the set


class Labelled(msgspec.Struct, frozen=True):
    """A phrase, what it asks for, and what it was read as."""

    intent: Intent
    text: str
    held_out: bool
    read: Intent  # the likeliest
    how: str

    @property
    def right(self) -> bool:
        return self.read == self.intent


def labelled() -> list[Labelled]:
    """Every phrase of the set, read."""
    told: dict[Intent, list[str]] = YAML(typ="safe").load(_HELD_OUT.read_text("utf-8"))
    held_out = [(intent, text, True) for intent, texts in told.items() for text in texts]
    learned = [
        (intent, variants(phrase)[0], False)
        for spoken in written().values()
        for intent in INTENTS
        for phrase in spoken.phrases[intent][:_LEARNED]
    ]
    return [_read(*row) for row in learned + held_out]


def _read(intent: Intent, text: str, held_out: bool) -> Labelled:
    reading = read_intent(text)
    first = reading.guesses[0].intent if reading.guesses else "unclear"
    return Labelled(intent, text, held_out, first, reading.how)


def page(rows: list[Labelled]) -> str:
    """docs/intents.md."""
    kept = [row for row in rows if row.held_out]
    lines = [_ABOVE.format(whole=_told(rows), kept=_told(kept)), "", *_HEAD]
    for intent in INTENTS:
        those = [row for row in rows if row.intent == intent]
        unseen = [row for row in those if row.held_out]
        wrong = Counter(row.read for row in those if not row.right)
        taken = ", ".join(f"`{read}` {count}" for read, count in sorted(wrong.items()))
        sure = sum(row.how == "sure" for row in those)
        lines.append(f"| `{intent}` | {_share(those)} | {_share(unseen)} | {sure} | {taken} |")
    return "\n".join(lines) + "\n"


def _told(rows: list[Labelled]) -> str:
    return f"{sum(row.right for row in rows)} of {len(rows)}"


def _share(rows: list[Labelled]) -> str:
    return f"{sum(row.right for row in rows)}/{len(rows)}"


_ABOVE = """\
# Intents: what free text is read as

What people type in a chat or by SMS is read by a small classifier, `messages/intents`: naive Bayes over
words, their neighbours and the letters inside words, trained when the process begins, in a second or two,
from the phrases of `messages/intents/phrases`, a file a language. It reads all languages at once, so that a
mixed text is read too.

A reading is `sure` (one intent), `did_you_mean` (two or three to choose from, or one to confirm) or
`unclear`. It has no effect of its own: what changes anything is asked back first. STOP, START and HELP are
not guessed: `messages/keywords.py` is asked before. Who seems to want messages again in other words is
asked whether they do, and whoever writes "stopped" whether it is that or a stop. Phrases under `never`
rule an intent out: whoever writes "wrong number" or "I never took this loan" has not said that they paid.
By SMS a stop that is sure is obeyed at once, however it was read; one that is not is asked back.

A stop beside something else is a stop, in the chat and by SMS: where the first or the last clause is a stop
by itself ("STOP i already paid", "I paid. STOP"), and where any clause asks us to stop writing or calling ("I
paid so stop calling me"). What else was said is heard too: by SMS a person reads it, in the chat its button
stands below the answer. A stop that is quoted ("you said STOP") or ends another sentence ("I can pay 50, no
more") is none. Who wants no calls but would rather be written to is asked back.

By SMS what is asked back is answered by YES or NO. Until then, for three days at most, a hold (`asked`)
rests: nothing is sent by itself, and nobody is asked to call. It rests as well where the chat asks, by
buttons, whether a stop was meant, until one of them is tapped. What may be a wrong person is given to a
person to read besides.

Beside them, `messages/replies.yaml` has what is looked for in whole sentences before anything is
guessed, in every shipped language: `stop` (and what the files list as one, as a whole text); `no_stop`,
which denies one ("don't stop": asked back, with no effect of its own); `stopped`, of which a start is never
guessed alone; `other_stop`, which wants autopay, fees or an account to end, and not messages (asked back);
`wrong_person`, believed where nothing else is said but what stands under `around`, and else asked back ("you
have the wrong number for Bob"); `no_wrong_person`, of a wrong amount, account or number to pay to; `died`
(the borrower or somebody close) and `erasure` (of what is stored), which go to a person; and `distress`, said
by who does not want to live. That comes before everything else, in a chat that is nobody's too: the answer
says that a person will read it and whom to call, and nothing of what is owed; a call within the hour is
opened, the most urgent there is; the conversation waits for a person; and reminders rest (the outcome
`vulnerable`) until somebody has looked and lifts that. Whom to call is the emergency number of the
borrower's country where `messages/emergency.yaml` has one; in a chat that is nobody's, by SMS, and of any
other country it is "your local emergency number". Words are matched, not understood: some distress is said
in other words, and is missed; what only sounds like it ("跳楼价", "I hurt myself at work") stands under
`no_distress`, and counts for those words alone.

## How well
The labelled set has a quarter that the classifier never learns from: `tests/unit/messages/held_out.yaml`. A
test fails when a phrase of it is among what is learned. Of the whole set {whole} are read as what they ask
for, of the quarter held out {kept}. Both were written by the same hand: what your borrowers write will be
read worse, and a phrase that was misread belongs into the file of its language.

To add a language, add a file with every intent. `python -m tests.builders.labelled` writes this page; a test
fails when it is out of date.

## What is taken for what
`right`: the likeliest intent is the right one. `sure`: how many were read without asking back."""

_HEAD = ["| intent | right | of those held out | sure | taken for |", "|---|---|---|---|---|"]


if __name__ == "__main__":
    PAGE.write_text(page(labelled()), "utf-8")
