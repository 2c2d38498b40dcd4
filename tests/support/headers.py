"""Audio files byte by byte: headers that state what a test says, and tags in odd places."""

import struct

import av
import numpy as np

from playlist_builder.audio.ogg_pages import checksum

RATE_HZ = 8000
_W64_GUIDS = [
    bytes.fromhex(text)
    for text in (
        "726966662e91cf11a5d628db04c10000",
        "77617665f3acd3118cd100c04f8edb8a",
        "666d7420f3acd3118cd100c04f8edb8a",
        "64617461f3acd3118cd100c04f8edb8a",
    )
]


def pcm(channels=1, seconds=3.0, order="<"):
    """Return noise of 16 bits, (n, channels), packed; channel n is n + 1 times as loud."""
    rng = np.random.default_rng(0)
    values = rng.integers(-900, 900, (int(RATE_HZ * seconds), channels)) * np.arange(
        1, channels + 1
    )
    return values.astype(f"{order}i2").tobytes()


def wav(body, channels=1, *, riff=None, data=None, mask=None, behind=b""):  # noqa: PLR0913 - what a header holds
    """Return a WAV; `riff` and `data` replace the true sizes, a mask makes it extensible."""
    form = struct.pack("<HIIHH", channels, RATE_HZ, 2 * RATE_HZ * channels, 2 * channels, 16)
    if mask is None:
        form = b"\1\0" + form
    else:
        guid = bytes.fromhex("0100000000001000800000aa00389b71")
        form = b"\xfe\xff" + form + struct.pack("<HHI", 22, 16, mask) + guid
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(body) if data is None else data) + body + behind
    return b"RIFF" + struct.pack("<I", len(chunks) + 4 if riff is None else riff) + b"WAVE" + chunks


def rf64(body, *, size=None):
    """Return an RF64 whose 64-bit sizes are all `size` if there is one."""
    sizes = (size,) * 3 if size is not None else (len(body) + 72, len(body), len(body) // 2)
    long = struct.pack("<QQQI", *sizes, 0)
    form = struct.pack("<HHIIHH", 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    chunks = b"ds64" + struct.pack("<I", 28) + long + b"fmt " + struct.pack("<I", 16) + form
    return b"RF64\xff\xff\xff\xffWAVE" + chunks + b"data\xff\xff\xff\xff" + body


def w64(body, *, size=None):
    """Return a W64 whose sizes are both `size` if there is one."""
    riff, wave, form, data = _W64_GUIDS
    fields = struct.pack("<HHIIHH", 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    sizes = (size, size) if size is not None else (len(body) + 104, len(body) + 24)
    head = riff + struct.pack("<Q", sizes[0]) + wave + form + struct.pack("<Q", 40) + fields
    return head + data + struct.pack("<Q", sizes[1]) + body


def aiff(body, channels=1, *, form=None, sound=None, frames=None, coding=b""):  # noqa: PLR0913 - what a header holds
    """Return an AIFF, or AIFF-C with a coding; the sizes replace the true ones."""
    frames = len(body) // (2 * channels) if frames is None else frames
    rate = struct.pack(
        ">HQ", 16383 + RATE_HZ.bit_length() - 1, RATE_HZ << 64 - RATE_HZ.bit_length()
    )
    comm = struct.pack(">hIh", channels, frames, 16) + rate + (coding + b"\0\0" if coding else b"")
    size = len(body) + 8 if sound is None else sound
    chunks = b"COMM" + struct.pack(">I", len(comm)) + comm
    chunks += b"SSND" + struct.pack(">I", size) + bytes(8) + body
    kind = b"AIFC" if coding else b"AIFF"
    return b"FORM" + struct.pack(">I", len(chunks) + 4 if form is None else form) + kind + chunks


def au(body, channels=1, *, size=None):
    """Return an AU file; `size` replaces the true one."""
    size = len(body) if size is None else size
    return b".snd" + struct.pack(">IIIII", 24, size, 3, RATE_HZ, channels) + body


def caf(body, channels=1, *, size=None, layout=None, labels=()):
    """Return a CAF with an optional channel layout tag, or labels of channels in their order."""
    form = struct.pack(">d4sIIIII", RATE_HZ, b"lpcm", 0, 2 * channels, 1, channels, 16)
    chunks = b"desc" + struct.pack(">q", len(form)) + form
    if layout is not None or labels:
        places = b"".join(struct.pack(">IIfff", label, 0, 0, 0, 0) for label in labels)
        fields = struct.pack(">III", layout or 0, 0, len(labels)) + places
        chunks += b"chan" + struct.pack(">q", len(fields)) + fields
    size = len(body) + 4 if size is None else size
    return b"caff\0\1\0\0" + chunks + b"data" + struct.pack(">Q", size % 2**64) + bytes(4) + body


def junk(size, seed=1):
    """Return bytes at random, such as those of a picture."""
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8).tobytes()


def id3(cover=b"", text=b"x"):
    """Return an ID3v2.3 tag."""
    frames = [(b"TIT2", b"\0" + text), (b"APIC", b"\0image/jpeg\0\3\0" + cover)]
    body = b"".join(name + struct.pack(">IH", len(data), 0) + data for name, data in frames)
    size = bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + body


def ape(cover=b"", text=b"x", *, header=True):
    """Return an APEv2 tag, with or without its header."""
    items = [(b"Title", text, 0), (b"Cover Art (front)", b"a.jpg\0" + cover, 2)]
    body = b"".join(
        struct.pack("<II", len(value), flags) + name + b"\0" + value for name, value, flags in items
    )
    first, last = (
        b"APETAGEX" + struct.pack("<IIIIQ", 2000, len(body) + 32, len(items), flags, 0)
        for flags in (0xA000_0000, 0x8000_0000 if header else 0)
    )
    return (first if header else b"") + body + last


def id3v1():
    """Return an ID3v1 tag."""
    return b"TAG" + bytes(125)


def encoded(path, codec, *, layout="stereo", rate_hz=48000, seconds=1.0, seed=0, **options):  # noqa: PLR0913 - what a header holds
    """Write noise by an encoder; returns its bytes. `options` are of the container."""
    noise = np.random.default_rng(seed).uniform(-0.3, 0.3, (1, int(seconds * rate_hz)))
    with av.open(
        str(path), "w", options={name: str(each) for name, each in options.items()}
    ) as file:
        stream = file.add_stream(codec, rate=rate_hz, layout=layout)
        context = stream.codec_context
        context.options = {"strict": "-2"}  # for the encoder of Vorbis
        context.open()
        frame = av.AudioFrame.from_ndarray(noise.astype(np.float32), "flt", "mono")
        frame.sample_rate = rate_hz
        fit = av.AudioResampler(context.format.name, layout, rate_hz, context.frame_size or 1024)
        for each in (*fit.resample(frame), *fit.resample(None), None):
            file.mux(stream.encode(each))
    return path.read_bytes()


def ogg_pages(data):
    """Return the header, lacing values and body of each page of an Ogg file."""
    pages, at = [], 0
    while at < len(data):
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        start = at + 27 + len(lacing)
        pages.append((data[at : at + 27], lacing, data[start : start + sum(lacing)]))
        at = start + sum(lacing)
    return pages


def ogg_file(pages):
    """Return an Ogg file of pages, numbered again."""
    data = b""
    for number, (header, lacing, body) in enumerate(pages):
        head = header[:18] + struct.pack("<I", number)
        rest = bytes([len(lacing)]) + lacing + body
        data += head + struct.pack("<I", checksum(head + bytes(4) + rest)) + rest
    return data
