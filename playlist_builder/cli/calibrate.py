"""The command that asks about pairs of tracks: calibrate."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _, ngettext
from playlist_builder.cli.library import open_library
from playlist_builder.cli.main import main
from playlist_builder.cli.scan import warn_waiting
from playlist_builder.language.text import clock

if TYPE_CHECKING:
    from playlist_builder.analysis.calibration import Calibration
    from playlist_builder.cli.player import Player
    from playlist_builder.library.questions import Pair

SCORES = {"calmer": "energy", "tenser": "tension"}


def _command_line(text: str) -> list[str]:
    from playlist_builder.cli.player import command_line

    return command_line(text)


@main.command()
@click.option(
    "--questions",
    "wanted",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many answers there are to be, those of before included.",
)
@click.option(
    "--player",
    type=_command_line,
    metavar="COMMAND",
    help="Plays the tracks, such as mpv or 'mpv --start=30%'; else their paths are printed.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Other seed, other pairs.")
@click.option("--forget", is_flag=True, help="Drop all answers, and with them the correction.")
@click.option("--yes", is_flag=True, help="With --forget: do not ask.")
@options.common_options
def calibrate(
    wanted: int,
    player: Sequence[str] | None,
    seed: int,
    library: str | None,
    *,
    forget: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Correct energy and tension by what you hear: twenty questions about two tracks each.

    Answer 1 or 2, s for the same or cannot say, u to undo the last answer, q to stop; Enter plays
    the other track. Each answer is kept at once, and the same command goes on where you stopped.

    A correction is fitted to your answers. It is used only where it predicts answers that it has
    not seen better than the score alone, and moves no track by more than 0.2; a mark is stronger.
    --json asks nothing and prints what is kept.
    """
    from playlist_builder.cli.player import playing

    if forget and as_json:
        raise click.UsageError(_("--json asks and changes nothing. Leave out --forget."))
    if yes and not forget:
        raise click.UsageError(_("--yes goes with --forget."))
    with open_library(library) as opened:
        if forget:
            kept = len(opened.answers.all())
            if kept and not yes:
                question = ngettext(
                    "Forget {count} answer, and the correction?",
                    "Forget all {count} answers, and the correction?",
                    kept,
                )
                output.confirm_forgetting(question.format(count=kept))
            count = opened.answers.forget()
            text = ngettext("Forgotten: {count} answer.", "Forgotten: {count} answers.", count)
            output.print_message(text.format(count=count))
        elif not as_json:
            warn_waiting(opened)
            if len(opened.answers.all()) < wanted:
                with playing(player or ()) as started:
                    _ask_all(opened, wanted, seed, started)
        found = {SCORES[question]: each for question, each in opened.calibrations().items()}
        answers = opened.answers.all()
    if as_json:
        scores = {name: _document(name, each) for name, each in found.items()}
        output.print_json({**scores, "answers": answers})
        return
    if not forget:
        output.print_text("\n".join(_result(name, each) for name, each in found.items()))
        output.print_message(_what_next(len(answers), wanted))


def _questions() -> dict[str, str]:
    return {
        "calmer": _("which of these two is calmer?"),
        "tenser": _("which of these two is more tense or uneasy?"),
    }


def _ask_all(opened: "api.Library", wanted: int, seed: int, player: "Player") -> None:
    """Ask until there are as many answers as wanted, or the user stops."""
    from playlist_builder.library.answers import answer

    questions = opened.questions()
    while True:
        answers = opened.answers.all()
        pair = questions.next(answers, seed) if len(answers) < wanted else None
        if pair is None and len(answers) < wanted:
            output.print_message(
                _(
                    "No two tracks are left to ask about: they must be of 1 to 20 minutes, without"
                    " words, and by different artists."
                )
            )
        if pair is not None:
            output.print_message(
                _("\n{number} of {wanted}: {question}").format(
                    number=len(answers) + 1, wanted=wanted, question=_questions()[pair.question]
                )
            )
            key = _ask(pair, player)
        elif answers:
            key = _key(_("u undoes the last answer, Enter ends: "), "u")
        else:
            return
        if key in {"", "q"}:
            return
        if key == "u" and answers:
            opened.answers.remove(answers[-1])
        elif key == "u":
            output.print_message(_("There is no answer to undo."))
        elif pair is not None:
            shown = pair.first.identity, pair.second.identity
            chosen = {"1": shown[0], "2": shown[1], "s": ""}[key]
            opened.answers.store(
                [answer(pair.question, *shown, chosen, options.now("microseconds"))]
            )


def _scores() -> dict[str, str]:
    return {"energy": _("energy"), "tension": _("tension")}


def _ask(pair: "Pair", player: "Player") -> str:
    """Return the answer to a question, while the player plays its tracks in turn."""
    tracks = pair.first, pair.second
    for number, track in enumerate(tracks, 1):
        name = track.tags.title or os.path.basename(track.path)
        by = f", {track.tags.artist}" if track.tags.artist else ""
        output.print_message(f"  {number}  {name}{by} ({clock(track.duration_s)})")
        if not player.words:
            output.print_message(f"     {track.path}")
    now = 0
    while True:
        player.play(tracks[now].path)
        turns = _("playing {now}, Enter plays {other}; ").format(now=now + 1, other=2 - now)
        keys = _("1, 2, s the same, u undo, q stop: ")
        key = _key(turns + keys if player.words else keys, "12suq")
        if key:
            player.stop()
            return key
        now = 1 - now


def _key(prompt: str, keys: str) -> str:
    """Return the key that the user gives, q at the end of the input; nothing for Enter alone."""
    while True:
        click.echo(prompt, err=True, nl=False)
        try:
            line = sys.stdin.readline()
        except UnicodeDecodeError:
            line = "?"
        if not line:
            output.print_message("")
            return "q"
        key = line.strip().casefold()
        if len(key) <= 1 and key in {*keys, "", "q"}:
            return key
        output.print_message(_("{answer!r} is no answer here.").format(answer=key))


def _result(name: str, found: "Calibration") -> str:
    """Return what became of the answers about a score."""
    from playlist_builder.analysis.calibration import MIN_ANSWERS

    if found.answers < MIN_ANSWERS:
        known = _("{score}: not corrected; {count} of at least {least} answers")
        return known.format(score=_scores()[name], count=found.answers, least=MIN_ANSWERS)
    measured = _(
        "of {pairs} pairs left out of the fit in turn, {after} are predicted right with a"
        " correction, {before} without (log-likelihood {gain:+.1f}, standard error {error:.1f})"
    ).format(
        pairs=found.decided,
        after=found.right_after,
        before=found.right_before,
        gain=found.gain,
        error=found.gain_error,
    )
    if found.correction is None:
        known = _("{score}: not corrected, since that does not help enough; {measured}")
        return known.format(score=_scores()[name], measured=measured)
    weights = ", ".join(
        f"{column} {weight:+.2f}" for column, weight in _weights(name, found).items()
    )
    known = _("{score}: corrected; {measured}\n  logit per standard deviation: {weights}")
    return known.format(score=_scores()[name], measured=measured, weights=weights)


def _weights(name: str, found: "Calibration") -> dict[str, float]:
    """Return what each column adds to the logit of a score, per standard deviation."""
    from playlist_builder.analysis.calibration import COLUMNS

    if found.correction is None:
        return {}
    other = "tension" if name == "energy" else "energy"
    weights = found.correction.weight.tolist()
    return {
        other if column == "other" else column: round(weight, 4)
        for column, weight in zip(COLUMNS, weights, strict=True)
    }


def _document(name: str, found: "Calibration") -> dict[str, Any]:
    return {
        "answers": found.answers,
        "decided": found.decided,
        "right_without": found.right_before,
        "right_with": found.right_after,
        "gain": round(found.gain, 4),
        "gain_error": round(found.gain_error, 4),
        "kept": found.correction is not None,
        "weights": _weights(name, found),
    }


def _what_next(count: int, wanted: int) -> str:
    if count < wanted:
        known = _("{count} of {wanted} questions are answered; {command!r} goes on.")
        return known.format(count=count, wanted=wanted, command="playlist-builder calibrate")
    known = ngettext(
        "{count} question is answered; more with --questions {more}.",
        "{count} questions are answered; more with --questions {more}.",
        count,
    )
    return known.format(count=count, more=count + 20)
