"""What may be set of a mix: its loudness, its crossfades, and whether gains move. Pure."""

from dataclasses import dataclass

from playlist_builder import checked
from playlist_builder.errors import RequestError

LOUDNESS_LUFS = -18.0  # ReplayGain 2.0, so a session is as loud as other music in a player
LONGEST_CROSSFADE_S = 60.0


@dataclass(frozen=True, slots=True)
class MixSettings:
    """Settings of a mix; None leaves a setting to the profile.

    With `riding` the gain moves slowly within a track that startles or has to begin softer.

    Raises RequestError for a loudness that is not finite, or a crossfade below 0 or above 60 s.
    """

    loudness_lufs: float = LOUDNESS_LUFS
    crossfade_s: float | None = None
    keep_endings: bool | None = None
    riding: bool = True

    def __post_init__(self) -> None:
        if not checked.is_number(self.loudness_lufs):
            raise RequestError(
                "A loudness is a finite number, not {loudness_lufs!r}.",
                loudness_lufs=self.loudness_lufs,
            )
        if self.keep_endings is not None:
            checked.flag("keep_endings", self.keep_endings)
        checked.flag("riding", self.riding)
        fade_s = self.crossfade_s
        is_length = checked.is_number(fade_s) and 0.0 <= (fade_s or 0.0) <= LONGEST_CROSSFADE_S
        if fade_s is not None and not is_length:
            raise RequestError(
                "A crossfade lasts 0 to {most_s:g} s, not {crossfade_s!r}.",
                most_s=LONGEST_CROSSFADE_S,
                crossfade_s=self.crossfade_s,
            )
