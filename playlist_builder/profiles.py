"""Profiles by name: those that the user keeps, and those that come with the program.

This room finds and reads profile files and passes on what `profile_toml` makes of them, so a
caller needs no other room for profiles. It does not write or mend a file, and it does not claim
that any curve improves what a session is for.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from playlist_builder.curve import Phase, Profile, Rules
from playlist_builder.errors import ProfileError
from playlist_builder.profile_toml import MAX_BYTES, did_you_mean, parse

__all__ = ["Listing", "Phase", "Profile", "Rules", "available", "load"]


@dataclass(frozen=True, slots=True)
class Listing:
    """A profile that can be asked for by name; where its file is not valid, the problem."""

    name: str
    path: str
    profile: Profile | None
    problem: str = ""


def load(name_or_path: str, *, folders: Sequence[Path] = ()) -> Profile:
    """Return the profile of a name or of a TOML file.

    Text that holds a separator or ends in `.toml` is a path. A name is searched in `folders`
    first, in their order, then among the shipped profiles. Raises ProfileError.
    """
    if "/" in name_or_path or "\\" in name_or_path or name_or_path.lower().endswith(".toml"):
        return _read(Path(name_or_path))
    found = _find(folders)
    name = unicodedata.normalize("NFC", name_or_path)
    if name not in found:
        raise ProfileError(
            f"No profile {name_or_path!r}.{did_you_mean(name, found)}"
            f" Available: {', '.join(sorted(found))}. See 'playlist-builder profiles'."
        )
    return _read(found[name])


def available(*, folders: Sequence[Path] = ()) -> list[Listing]:
    """Return what `load` finds by name, sorted by name; a file that is not valid stays listed."""
    return [_listing(name, file) for name, file in sorted(_find(folders).items())]


def _listing(name: str, file: Traversable) -> Listing:
    try:
        return Listing(name, str(file), _read(file))
    except ProfileError as error:
        return Listing(name, str(file), None, str(error))


def _shipped() -> Traversable:
    """Return the folder of the wheel, or of the checkout that the package runs from."""
    packaged = files("playlist_builder").joinpath("_profiles")
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "profiles"


def _find(folders: Sequence[Path]) -> dict[str, Traversable]:
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
    """Return the stem in composed form: what is typed, even where a disk decomposes names."""
    return unicodedata.normalize("NFC", Path(file.name).stem)


def _read(file: Traversable) -> Profile:
    where = str(file) if str(file).isprintable() else repr(str(file))
    try:
        if not file.is_file():  # opening a pipe would wait for ever
            raise ProfileError(f"{where}: no such file. See 'playlist-builder profiles'.")
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProfileError(f"{where}: cannot be read: {error.strerror or error}.") from error
    try:
        return parse(data, name=_name(file))
    except ProfileError as error:
        raise ProfileError(f"{where}: {error}") from error
