"""A session that runs: what sounds, what was pressed, and what is told to the record.

All of it lives in the thread of the library. A press changes the session by the editor, and what
sounds from a few seconds on by a new score; what has sounded never changes. All that is needed to
go on after a crash is in the library: the kept session, and the scores in the record.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice, takewhile
from operator import eq
from pathlib import Path
from typing import Any, Literal

from playlist_builder import (
    ArrangeError,
    Clip,
    Deviation,
    Ended,
    MixPlan,
    Paused,
    PlaylistBuilderError,
    Pressed,
    RecordedEvent,
    Replanned,
    RequestError,
    Resumed,
    Session,
    Silent,
    Sounded,
    TakenBack,
    mix_session,
)
from playlist_builder.desk import run_view, steer
from playlist_builder.desk.bench import Bench
from playlist_builder.desk.left import Left
from playlist_builder.desk.levels import Provisional
from playlist_builder.desk.log import Log
from playlist_builder.desk.mixes import Mix
from playlist_builder.desk.presses import Press, in_force
from playlist_builder.desk.score import (
    Score,
    continued,
    ended,
    first_change,
    returned,
    settled,
    written,
)
from playlist_builder.desk.score_document import kept
from playlist_builder.desk.timeline import (
    FRAMES_PER_S,
    Timeline,
    curve_of,
    end_s,
    frames,
    seconds,
    start_s,
)
from playlist_builder.language.translation import Phrase

BROWSER = "browser"  # plays a run, where no player is given
LEAD_S = 3.0  # from a press to the first sound that may change: a page has fetched it by then
SOONEST_S = 1.0  # in which a page may have fetched it, and fades where it has not
TAKE_BACK_S = 10.0
LATE_S = 5.0  # in which a press that came in time may wait for its turn
LEAST_PLAYED_S = 1.5  # a track that is ended has played for so long
AFTER_CUT_S = 1.0  # a track that ends so soon is not ended before
UNWRITTEN = Phrase("The music plays on, but nothing can be written down. {why}")
GONE = Phrase("{title}: the file cannot be read any more. Something else plays in its place.")


class Running:
    """A run of the session on the desk, in the thread of the library.

    `position_s` is how far the mix has been heard, at `position_at` by the clock; `identities` are
    those of all tracks that sounded or were to, by path.
    """

    def __init__(
        self,
        bench: Bench,
        log: Log,
        left: Left | None = None,
        plan: Session | None = None,
        *,
        player: str = BROWSER,
    ) -> None:
        """Take a run that has begun; with how it was left, and its first plan, where it goes on."""
        self.bench, self.log = bench, log
        self.player = player
        self.prepared = bench.session if plan is None else plan
        self.position_s, self.position_at = 0.0, log.now()
        self.paused = False
        self.told: list[str] = []
        self.pending: list[Press] = []
        self.same_until_s = 0.0
        self._levels = Provisional(bench)
        self.identities: dict[str, str] = {}
        if left is None or left.score is None:
            mixed = self._mixed(None, 0)
            self.score = written(map(kept, mixed.clips), mixed.overall_db)
        else:
            self._go_on(left, left.score)
        self.line = Timeline.of(bench.session, self.score.clips)
        self.mix = self._published()
        self.first = run_view.plan(bench.session, self.line)
        if plan is not None and left is not None and left.first is not None:
            self.first = run_view.plan(plan, Timeline.of(plan, left.first.clips))

    def _go_on(self, left: Left, score: Score) -> None:
        """Take how a run was left; a plan that was changed, but not heard of, is made again."""
        self.player, self.paused = left.player, left.is_paused
        self.heard_until(left.position_s, left.at)
        self.identities = dict(left.identities)
        slots = (*self.bench.session.slots, *self.bench.session.tail)
        paths = ([each.path for each in own] for own in (slots, score.clips))
        same = sum(takewhile(bool, map(eq, *paths)))
        if same == len(slots) == len(score.clips):
            self.score = score
        else:
            clips = self._clips(score, same)
            self.score = continued(score, clips, frames(self.position_s + LEAD_S))

    @property
    def fade_s(self) -> float:
        """The longest crossfade of the profile, in which what is cut fades out."""
        profile = self.bench.profile
        fades = (each.crossfade_s for each in profile.phases)
        return max(max(each or profile.rules.crossfade_s) for each in (*fades, None))

    def press(self, name: str, when: str, position_s: float) -> Press:
        """Do what a button says; raises PlaylistBuilderError where that cannot be.

        What needs nothing done, as calm behind the plan, is noted, and cannot be taken back.
        """
        button = steer.BUTTONS.get(name)
        if button is None:
            raise RequestError("There is no button {name!r}.", name=name)
        self.heard_until(position_s)
        when = steer.moment(button, when)
        already = self.bench.words.told(steer.CALM_ALREADY)
        press = Press(0, name, when, already, None, 0.0, self.score)
        is_done = name == "calm" and self._is_over()
        press = press if is_done else self._done(press)
        acts: Literal["now", "after"] = steer.NOW if when == steer.NOW else steer.AFTER
        pressed = Pressed(name, acts, press.sentence, press.from_s)
        number = self.log.note(pressed, self.position_s)
        if is_done:
            return replace(press, number=number)
        until_s = self.log.steady_s() + TAKE_BACK_S  # from when it is answered: it may take long
        press = replace(press, number=number, until_s=until_s)
        self._tell_plan(name)
        self.pending.append(press)
        return press

    def _done(self, press: Press) -> Press:
        """Do what a button says, and return the press with what it does."""
        button, before, end_s = steer.BUTTONS[press.button], self.score, self.line.plan_s
        if self._is_over():
            raise RequestError("The plan is over: what plays now cannot be steered.")
        own = self.line.slots[self.line.place(self.position_s + LEAD_S)].phase
        from_s = self._steer(button, press.when)
        told_s, place = from_s, self.line.place((from_s or 0.0) + self.fade_s)  # all else has faded
        if press.button == "next_phase":
            place = self.line.behind(own, self.position_s)
            told_s = start_s(self.line.clips[place])
        phase = self.bench.words.of_profile(self.line.slots[place].phase)
        heard = steer.Heard(told_s, phase, self.line.plan_s, end_s)
        said = self.bench.words.told(steer.sentence(button, heard))
        return replace(press, sentence=said, from_s=from_s, before=before)

    def _is_over(self) -> bool:
        """Whether what plays is the tail, which is calm."""
        return self.line.place(self.position_s + LEAD_S) >= self.line.planned

    def take_back(self, number: int, position_s: float) -> None:
        """Let a press not have been; what came after it is done again, as the press that it was.

        One that can be done no more is taken back as well.
        """
        self.forget()
        places = [place for place, each in enumerate(self.pending) if each.number == number]
        if not places:
            raise RequestError("That was pressed too long ago to be taken back.")
        self.heard_until(position_s)
        gone, later = self.pending[places[0]], self.pending[places[0] + 1 :]
        before = self.score
        for _ in (gone, *later):
            self.bench.took(self.bench.edited().undo())
        del self.pending[places[0] :]
        at = frames(self._back_s(gone.from_s))
        self._play(returned(self.score, gone.before.clips, at, frames(self.fade_s)))
        self.log.note(TakenBack(number), self.position_s)
        self._tell_plan("taken_back")
        for each in later:
            try:
                self.pending.append(self._done(each))
            except PlaylistBuilderError:
                self.log.note(TakenBack(each.number), self.position_s)
            else:
                self._tell_plan(each.button)
        change = first_change(before.sounds, self.score.sounds)
        if change is not None:  # a page saw nothing of what was in between
            self.same_until_s = seconds(change)

    def _back_s(self, from_s: float | None) -> float:
        """Return when what was changed from a moment on is as before: then, if it is not too late.

        A page that has fetched the change already takes it back a little later, and fades.
        """
        soon_s = self.position_s + LEAD_S
        is_ahead = from_s is not None and self.position_s + SOONEST_S < from_s
        return min(from_s, soon_s) if is_ahead and from_s is not None else soon_s

    def forget(self) -> None:
        """Forget what can be taken back no more."""
        now_s = self.log.steady_s()
        self.pending = [each for each in self.pending if each.until_s + LATE_S > now_s]

    def heard_until(self, position_s: float, at: datetime | None = None) -> None:
        """Take how far the mix has been heard."""
        self.position_s, self.position_at = max(position_s, 0.0), at or self.log.now()

    def follow(self, event: RecordedEvent) -> None:
        """Take from what a page noted how far the mix has been heard, and whether it is halted."""
        what = event.what
        if isinstance(what, Sounded | Silent):
            end_s = event.session_s + what.seconds
            at = datetime.fromisoformat(event.at) + timedelta(seconds=what.seconds)
            self.heard_until(end_s, at)
        elif isinstance(what, Paused | Resumed):
            self.paused = isinstance(what, Paused)
            self.bench.version += 1

    def halt(self, position_s: float, *, is_paused: bool) -> None:
        """Halt the music, or let it go on."""
        self.heard_until(position_s)
        if is_paused != self.paused:
            self.paused = is_paused
            self.log.note(Paused() if is_paused else Resumed(), position_s)
            self.bench.version += 1

    def end(self, end: Ended, position_s: float) -> None:
        """End the run, whether that can be written or not; what was prepared lies on the desk."""
        try:
            self.log.note(end, position_s)
            if self.prepared.slots != self.bench.session.slots:
                self.bench.took(self.bench.edited().take(self.prepared))
        finally:
            self.bench.over(self.log.run.number, self.log)

    def tend(self) -> None:
        """Write what waits; that the library has gone, or is back, is told on the page."""
        before = self._unwritten()
        self.log.check()
        if self._unwritten() != before:
            self.bench.version += 1

    def check(self) -> None:
        """Replace tracks whose files are gone, and take levels that were measured meanwhile."""
        place = self.line.place(self.position_s + LEAD_S)
        failed = self.bench.sound.failed
        coming = zip(self.line.slots, self.line.clips, strict=True)
        for slot, clip in islice(coming, place + 1, None):
            if slot.path in failed or not Path(slot.path).is_file():
                self.lost(slot.path, start_s(clip))
                return
        if self._levels.are_better():
            self._replay()

    def lost(self, path: str, from_s: float) -> None:
        """Play something else in place of a file that cannot be read from a moment on.

        A page may have nothing of it behind that moment: what comes begins there at the latest.
        """
        end, soon = int(from_s * FRAMES_PER_S), frames(self.position_s + LEAD_S)
        begin = max(min(soon, end), end - frames(self.fade_s))
        places = [n for n, each in enumerate(self.line.slots) if each.path == path]
        sounds = (each for each in self.score.sounds if each.path == path)
        if not places or not any(each.end > end for each in sounds):
            return
        coming = (n for n in places if self.line.clips[n].end > end)  # it may come more than once
        place, before = next(coming, places[-1]), self.score
        slot, editor = self.line.slots[place], self.bench.edited()
        is_coming = self.line.clips[place].at > max(begin, soon)
        at_s = self.line.session_s(seconds(begin))
        try:
            edited = editor.drop(place + 1) if is_coming else editor.replan(at_s=at_s, skip=True)
            self.pending.clear()
            self.bench.took(edited)
            score = self._continued(soon if is_coming else begin)
            self._play(score if is_coming else ended(score, path, begin, end))
        except (ArrangeError, RequestError):
            self._note_gone(slot.title, slot.identity)
            return
        if self.score is not before:
            self._tell_plan("lost")
        self._note_gone(slot.title, slot.identity)

    def view(self) -> dict[str, Any]:
        """Return all that a page shows of the run, as JSON."""
        self.forget()
        calmness = run_view.calmness(self.bench.session, self.bench.words)
        now_s = self.log.steady_s()
        position = {"position_s": self.position_s, "position_at": self.position_at.timestamp()}
        return position | {
            "id": self.log.run.id,
            "number": self.log.run.number,
            "begun_at": self.log.run.begun_at,
            "player": self.player,
            "paused": self.paused,
            "mix": run_view.mix(self.mix, self.same_until_s),
            "session": run_view.session(
                self.bench.session, self.line, self.bench.profile, self.bench.words
            ),
            "first": self.first,
            "sounds": [run_view.sound(each, self.identities) for each in self.score.sounds],
            "pending": [each.view(now_s) for each in in_force(self.pending, now_s)],
            "told": [*self.told, *calmness, *self._unwritten()],
        }

    def _unwritten(self) -> list[str]:
        failure, words = self.log.failure, self.bench.words
        why = self.bench.unkept or (words.told(failure) if failure is not None else "")
        return [words.told(Phrase(UNWRITTEN.message, why=why))] if why else []

    def _note_gone(self, title: str, identity: str) -> None:
        said = self.bench.words.told(Phrase(GONE.message, title=title))
        if said not in self.told:
            self.told.append(said)
            self.log.note(Deviation(said, identity), self.position_s)
            self.bench.version += 1

    def _steer(self, button: steer.Button, when: str) -> float | None:
        """Do what a button says; return from when it is heard."""
        now_s = self.position_s + LEAD_S
        place = self.line.place(now_s)
        clip, later = self.line.clips[place], self.line.clips[place + 1 :]
        alone_s = seconds(settled(self.score, frames(now_s)))
        cut_s = max(alone_s, start_s(clip) + LEAST_PLAYED_S)
        stays_s = min(end_s(clip), start_s(later[0]) if later else end_s(clip))
        is_cut = when == steer.NOW and cut_s + AFTER_CUT_S < stays_s
        if button is steer.BUTTONS["skip"] and not is_cut:
            raise RequestError(steer.IS_SILENT if end_s(clip) <= now_s else steer.ENDS_SOON)
        at_s = self.line.session_s(cut_s if is_cut else now_s)
        before, editor = self.score, self.bench.edited()
        self.bench.took(button.steer(editor, at_s, is_cut))
        try:
            self._replay()
        except PlaylistBuilderError:
            self.bench.took(editor.undo())
            raise
        change = first_change(before.sounds, self.score.sounds)
        return None if change is None else seconds(change)

    def _replay(self) -> None:
        """Sound as the session is now, from a moment after this one on."""
        self._play(self._continued(frames(self.position_s + LEAD_S)))

    def _continued(self, at: int) -> Score:
        """Return what sounds when the session goes on as it is now, from a frame on."""
        slots = (*self.bench.session.slots, *self.bench.session.tail)
        count = self.line.place(seconds(at)) + 1
        pairs = (
            [(each.identity, each.start_s) for each in own] for own in (self.line.slots, slots)
        )
        same = map(eq, *(own[:count] for own in pairs))
        clips = self._clips(self.score, sum(takewhile(bool, same)))
        return continued(self.score, clips, at)

    def _play(self, score: Score) -> None:
        change = first_change(self.score.sounds, score.sounds)
        self.score = score
        self.line = Timeline.of(self.bench.session, score.clips)
        if change is not None:
            self.same_until_s = seconds(change)
            self.mix = self._published()

    def _clips(self, score: Score, played: int) -> tuple[Clip, ...]:
        """Return the clips of the session as it is now, of which the first have sounded."""
        earlier = MixPlan(score.clips, (), 0.0, 0.0, score.overall_db) if played else None
        plan, past = self._mixed(earlier, played), max(played - 1, 0)
        return (*score.clips[:past], *map(kept, plan.clips[past:]))

    def _mixed(self, earlier: MixPlan | None, played: int) -> MixPlan:
        session = self.bench.session
        return mix_session(session, levels=self._levels.of(session), earlier=earlier, played=played)

    def _published(self) -> Mix:
        slots = (*self.bench.session.slots, *self.bench.session.tail)
        self.identities |= {each.path: each.identity for each in slots}
        self.log.keep(self.score, self.identities, self.same_until_s)
        return self.bench.sound.publish(MixPlan(self.score.sounds, (), 0.0, 0.0))

    def _tell_plan(self, reason: str) -> None:
        tracks = tuple(self.line.coming(self.position_s))
        curve = tuple(curve_of(self.bench.session, self.line, self.position_s))
        self.log.note(Replanned(tracks, self.line.plan_s, reason, curve), self.position_s)
