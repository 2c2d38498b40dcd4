"""What the header of a file makes of its packets, which alone do not always say how they sound.

The hash of the packets is the identity of a recording. Where headers disagree, as after a wrong
sample rate was mended, the same packets are two recordings.
"""

import hashlib
from typing import NamedTuple

OTHER_LENGTH_SHARE = 0.1  # of the longer one: 24 bits taken for 32 make a quarter


class Header(NamedTuple):
    """What a header says. A length of 0 is one that no header can change.

    The encoding is FFmpeg's name of it, empty where it is not known.
    """

    sample_rate_hz: float
    channels: float
    duration_s: float = 0.0
    encoding: str = ""

    def plays_as(self, other: "Header") -> bool:
        """Whether the same packets play as they do under another header, as far as both say."""
        if self[:2] != other[:2]:
            return False
        shorter_s, longer_s = sorted((self.duration_s, other.duration_s))
        return not shorter_s or longer_s - shorter_s <= OTHER_LENGTH_SHARE * longer_s

    def identity_of(self, packets: str) -> str:
        """Return the identity of packets of this hash where another header has that already."""
        read_as = f"{packets} {self.sample_rate_hz} {self.channels} {self.encoding}"
        return hashlib.blake2b(read_as.encode(), digest_size=16).hexdigest()
