"""The gains by which copies follow the arc of loudness that a session plans.

Every track is measured first, since the gain of each depends on its neighbours. What is converted
gets its gain in the samples, what is copied as it is in its tags. A tag holds one gain for a whole
track: what begins or rises too suddenly with that is converted too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from playlist_builder.audio.encode import TRACK_FORMS
from playlist_builder.device.transcode import own_form
from playlist_builder.errors import AudioError, CopyError, ProfileError, RequestError, reason_of
from playlist_builder.language.notices import Notice
from playlist_builder.library.scan.processes import WorkerDied
from playlist_builder.models import Session, Skipped, Slot
from playlist_builder.profiles.own import own_profile
from playlist_builder.profiles.profile import Profile
from playlist_builder.recording.levelled import LevelledTracks, TrackGain, levelled
from playlist_builder.recording.levels import Levels
from playlist_builder.recording.measure import measure_levels


@dataclass(frozen=True, slots=True, eq=False)
class SessionGains:
    """The gain of each track by its number, and those that cannot be measured.

    `forms` says what each is converted to now. `loudness_lufs` is that of the whole, `heard` tells
    of rises that the gains do not keep down, `held_down` of tracks whose peaks keep the whole soft.
    """

    by_number: Mapping[int, TrackGain]
    forms: Mapping[int, str]
    skipped: Sequence[Skipped]
    loudness_lufs: float
    heard: Sequence[Notice]
    held_down: Notice | None = None


def session_gains(
    session: Session,
    forms: Mapping[int, str],
    form: str | None,
    pool: Executor,
    on_measured: Callable[[Slot], None],
) -> SessionGains:
    """Return the gains of tracks by their numbers, from 1; `forms` says what each is converted to.

    Those that a tag does not keep from a sudden rise are converted to `form`, or to their own.

    Raises `CopyError` where none can be measured.
    """
    try:
        profile = own_profile(session)
    except (ProfileError, RequestError) as error:
        raise CopyError(
            "The profile that the session holds is not valid: {error}", error=error
        ) from error
    slots = dict(enumerate((*session.slots, *session.tail), start=1))
    futures = {number: pool.submit(measure_levels, slots[number].path) for number in forms}
    found: dict[int, Levels] = {}
    skipped = []
    for number, future in futures.items():
        try:
            found[number] = future.result()
        except (AudioError, OSError, WorkerDied) as error:
            skipped.append(Skipped(slots[number].path, reason_of(error)))
        on_measured(slots[number])
    if not found:
        raise CopyError("None of the tracks could be measured: {reason}.", reason=skipped[0].reason)
    forms = {number: forms[number] for number in found}
    plan = _plan(slots, found, forms, profile)
    while sudden := _sudden(plan, forms):
        forms |= {number: form or own_form(slots[number].path) for number in sudden}
        plan = _plan(slots, found, forms, profile)
    gains = dict(zip(found, plan.gains, strict=True))
    heard = [step.told for step in plan.heard]
    return SessionGains(gains, forms, skipped, plan.loudness_lufs, heard, plan.held_down)


def _plan(
    slots: Mapping[int, Slot],
    found: Mapping[int, Levels],
    forms: Mapping[int, str],
    profile: Profile | None,
) -> LevelledTracks:
    return levelled(
        [slots[number] for number in found],
        list(found.values()),
        profile,
        riding=[bool(forms[number]) for number in found],
        lossy=any(form and not TRACK_FORMS[form].lossless for form in forms.values()),
    )


def _sudden(plan: LevelledTracks, forms: Mapping[int, str]) -> Iterable[int]:
    """Return the numbers of tracks with a sudden rise that are not converted yet."""
    numbers = list(forms)
    return {numbers[step.place] for step in plan.heard if not forms[numbers[step.place]]}
