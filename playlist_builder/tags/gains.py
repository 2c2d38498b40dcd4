"""Loudness gains of `Tags` to the tags that a format has for them. Pure.

Opus has whole numbers of 1/256 dB to -23 LUFS and nothing else (RFC 7845, section 5.2.1); all
other formats have ReplayGain 2.0, in dB to -18 LUFS, with peaks.
"""

import re

from playlist_builder.models import Tags
from playlist_builder.tags.fields import R128_TO_REPLAYGAIN_DB

_Q7_8 = range(-(1 << 15), 1 << 15)
_GAIN_NAME = re.compile(r"(replaygain|r128|rva2|mp3gain)[ _]?.*", re.IGNORECASE | re.DOTALL)


def is_gain_name(name: str) -> bool:
    """Whether a tag tells a gain or peak, or how one was found, in any format's way."""
    return _GAIN_NAME.fullmatch(name) is not None


def gain_texts(tags: Tags, *, opus: bool) -> dict[str, str]:
    """Return the gains as tags of Opus or of all others, by names of Vorbis comments."""
    texts = {}
    for scope, gain_db, peak in (
        ("track", tags.track_gain_db, tags.track_peak),
        ("album", tags.album_gain_db, tags.album_peak),
    ):
        if opus:
            value = None if gain_db is None else round(256 * (gain_db - R128_TO_REPLAYGAIN_DB))
            if value in _Q7_8:
                texts[f"r128_{scope}_gain"] = str(value)
            continue
        if gain_db is not None:
            texts[f"replaygain_{scope}_gain"] = f"{gain_db:.2f} dB"
        if peak is not None:
            texts[f"replaygain_{scope}_peak"] = f"{peak:.6f}"
    return texts
