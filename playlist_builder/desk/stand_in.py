"""What another branch brings as public names."""

from collections.abc import Mapping

from playlist_builder import MixPlan, MixSettings, Session, own_profile
from playlist_builder.recording import mix
from playlist_builder.recording.levels import Levels
from playlist_builder.recording.measure import measured as measure_levels

__all__ = ["Levels", "measure_levels", "mix_session"]


def mix_session(session: Session, *, levels: Mapping[str, Levels]) -> MixPlan:
    """Stand in for it."""
    return mix.plan(session, levels, own_profile(session), MixSettings(), -1.5)
