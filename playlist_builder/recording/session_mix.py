"""A session -> the plan of its mix, from the files of its tracks: what a player and a page need."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playlist_builder import checked
from playlist_builder.errors import (
    AudioError,
    ProfileError,
    RenderError,
    RequestError,
    reason_of,
)
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session
from playlist_builder.profiles.own import own_profile
from playlist_builder.profiles.profile import Profile
from playlist_builder.recording import mix
from playlist_builder.recording.gains import LOSSLESS_MARGIN_DB, PEAK_LIMIT_DBTP
from playlist_builder.recording.levels import Levels
from playlist_builder.recording.measure import measure_levels
from playlist_builder.recording.mix import MixPlan
from playlist_builder.recording.mix_settings import MixSettings


@checked.takes(session=checked.a(Session), played=checked.at_least(0))
def mix_session(
    session: Session,
    *,
    levels: Mapping[str, Levels] | None = None,
    settings: MixSettings | None = None,
    earlier: MixPlan | None = None,
    played: int = 0,
) -> MixPlan:
    """Return how the slots and then the tail of a session are mixed: places, gains, crossfades.

    That is what `render_session` makes a file without loss of, so it takes `levels` of each path
    (`measure_levels`); a track that is not among them is measured. Of a session that plays and was
    changed, the first `played` clips of the `earlier` plan keep their places and gains, the one
    that sounds among them. A track that was skipped fades out where its slot ends. What follows
    is as loud as it would have been, no louder at a join than the profile allows, and softer where
    the peaks demand it.

    Raises RenderError where a track cannot be read, RequestError where the clips that have played
    are not the first tracks of the session.
    """
    if played and (earlier is None or played > len(earlier.clips)):
        most = 0 if earlier is None else len(earlier.clips)
        raise checked.wrong(
            "played",
            Phrase("a number of clips of the earlier plan, up to {most}", most=most),
            played,
        )
    known = levels or {}
    paths = dict.fromkeys(slot.path for slot in (*session.slots, *session.tail))
    found = {path: known.get(path) or _measured(path) for path in paths}
    return mix.plan(
        session,
        found,
        profile_of(session),
        settings or MixSettings(),
        PEAK_LIMIT_DBTP - LOSSLESS_MARGIN_DB,
        earlier.sounded(played) if earlier is not None and played else None,
    )


def _measured(path: str) -> Levels:
    with naming(path):
        return measure_levels(path)


def profile_of(session: Session) -> Profile | None:
    """Return the profile of a session; raises RenderError where it is not valid."""
    try:
        return own_profile(session)
    except (ProfileError, RequestError) as error:
        raise RenderError(
            "The profile that the session holds is not valid: {error}", error=error
        ) from error


@contextmanager
def naming(path: str) -> Iterator[None]:
    """Raise RenderError, which names the file, where it cannot be read."""
    try:
        yield
    except (AudioError, OSError) as error:
        raise not_rendered(path, error) from error


def not_rendered(path: str, error: AudioError | OSError) -> RenderError:
    """Return what is told of a file that cannot be read."""
    return RenderError(
        "{path!r} cannot be rendered, so nothing was: {reason}. Replace it in the session",
        path=path,
        reason=reason_of(error),
    )
