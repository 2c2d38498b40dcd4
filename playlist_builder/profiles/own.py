"""The profile that a session was made by, at the session's length."""

from playlist_builder.models import Session
from playlist_builder.profiles.overrides import apply_overrides
from playlist_builder.profiles.parse import parse
from playlist_builder.profiles.profile import Profile
from playlist_builder.profiles.values import MAX_NAME


def own_profile(session: Session) -> Profile | None:
    """Return the profile of a session with all that was asked to change about it.

    None where the session does not hold it. Raises ProfileError or RequestError where it is not
    valid, as of a later version.
    """
    request = session.request
    text = session.profile_text if request is None else request.profile_text
    if text is None:
        return None
    known = parse(text.encode("utf-8", "replace"), name=session.profile[:MAX_NAME])
    known = known if request is None else apply_overrides(known, request)
    return known.scaled(session.target_s)
