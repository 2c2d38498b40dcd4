"""Profiles by name or path: the user's own, and those that come with the program.

Names and folders go in, parsed profiles or their text come out.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from playlist_builder import checked
from playlist_builder.errors import ProfileError, system_reason
from playlist_builder.profiles.parse import MAX_BYTES, parse
from playlist_builder.profiles.profile import Profile
from playlist_builder.profiles.values import did_you_mean


@dataclass(frozen=True, slots=True)
class Listing:
    """A profile that can be asked for by name, or the problem where its file is not valid."""

    name: str
    path: str
    profile: Profile | None
    problem: str = ""


@checked.takes(name_or_path=checked.text)
def load_profile(name_or_path: str, *, folders: Sequence[Path] = ()) -> Profile:
    """Return the profile of a name or of a TOML file.

    Text that holds a path separator or ends in `.toml` is a path. A name is looked for in `folders`
    in their order, then among the shipped profiles. Raises ProfileError where there is none, or it
    is not valid.
    """
    return _read(_file(name_or_path, folders))


def is_path(name_or_path: str) -> bool:
    """Return whether `load_profile` takes a text for a path, not for a name."""
    return "/" in name_or_path or "\\" in name_or_path or name_or_path.lower().endswith(".toml")


def load_or_parse(name_or_path: str, text: str, *, folders: Sequence[Path] = ()) -> Profile:
    """Return a profile as it is now or, where it is gone, as its earlier `text` has it.

    Raises ProfileError where that is not valid.
    """
    gone = (
        not Path(name_or_path).exists()
        if is_path(name_or_path)
        else unicodedata.normalize("NFC", name_or_path) not in _profile_files(folders)
    )
    if not gone:
        return load_profile(name_or_path, folders=folders)
    try:
        return parse(text.encode("utf-8", "replace"), name=_name(Path(name_or_path)))
    except ProfileError as error:
        raise ProfileError(
            "{name_or_path!r} is gone, and of its text: {error}",
            name_or_path=name_or_path,
            error=error,
        ) from error


def read_text(name_or_path: str, *, folders: Sequence[Path] = ()) -> str:
    """Return the TOML text of a profile; raises ProfileError as `load_profile` does."""
    return _bytes(_file(name_or_path, folders)).decode("utf-8-sig", "replace")


def available_profiles(*, folders: Sequence[Path] = ()) -> list[Listing]:
    """Return all profiles that have a name, sorted by name, also those that are not valid."""
    return [_listing(name, file) for name, file in sorted(_profile_files(folders).items())]


def _file(name_or_path: str, folders: Sequence[Path]) -> Traversable:
    if is_path(name_or_path):
        return Path(name_or_path)
    found = _profile_files(folders)
    name = unicodedata.normalize("NFC", name_or_path)
    if name not in found:
        raise ProfileError(
            "No profile {name_or_path!r}.{name} Available: {found}. See 'playlist-builder"
            " profiles'.",
            name_or_path=name_or_path,
            name=did_you_mean(name, found),
            found=", ".join(sorted(found)),
        )
    return found[name]


def _listing(name: str, file: Traversable) -> Listing:
    try:
        return Listing(name, str(file), _read(file))
    except ProfileError as error:
        return Listing(name, str(file), None, str(error))


def _shipped() -> Traversable:
    """Return the folder of profiles in the wheel, or in the source tree."""
    packaged = files(__package__).joinpath("data")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "profiles"


def _profile_files(folders: Sequence[Path]) -> dict[str, Traversable]:
    """Return the profile files by name; a user's file hides a shipped one of the same name."""
    found: dict[str, Traversable] = {}
    for folder in (*folders, _shipped()):
        for file in _files(folder):
            found.setdefault(_name(file), file)
    return found


def _files(folder: Traversable) -> Iterator[Traversable]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError:
        return  # a user need not have a folder of profiles
    for entry in entries:
        # macOS leaves "._arc.toml" beside "arc.toml" on foreign disks
        if entry.name.endswith(".toml") and not entry.name.startswith("."):
            yield entry


def _name(file: Traversable) -> str:
    """Return the stem in composed form, as it is typed, even where a disk decomposes names."""
    return unicodedata.normalize("NFC", Path(file.name).stem)


def _where(file: Traversable) -> str:
    return str(file) if str(file).isprintable() else repr(str(file))


def _bytes(file: Traversable) -> bytes:
    where = _where(file)
    try:
        if not file.is_file():  # opening a pipe would wait for ever
            raise ProfileError(
                "{where}: no such file. See 'playlist-builder profiles'.", where=where
            )
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProfileError(
            "{where}: cannot be read: {strerror}.", where=where, strerror=system_reason(error)
        ) from error


def _read(file: Traversable) -> Profile:
    data = _bytes(file)
    try:
        return parse(data, name=_name(file))
    except ProfileError as error:
        raise ProfileError("{file}: {error}", file=_where(file), error=error) from error
