"""Commands about profiles: list, show, check."""

import os

import click

from playlist_builder.cli.options import duration as duration_type
from playlist_builder.cli.options import json_option, profile_folders
from playlist_builder.cli.output import chart_style, print_drawing, print_json, print_text


@click.group(invoke_without_command=True)
@click.pass_context
@json_option
def profiles(ctx: click.Context, *, as_json: bool) -> None:
    """List the profiles; see also 'profiles show NAME' and 'profiles check FILE'."""
    if ctx.invoked_subcommand:
        return
    from playlist_builder.profiles import find

    listings = find.available(folders=profile_folders())
    if as_json:
        print_json(
            [
                {
                    "name": listing.name,
                    "title": listing.profile.title if listing.profile else None,
                    "minutes": listing.profile.duration_s / 60 if listing.profile else None,
                    "problem": listing.problem or None,
                }
                for listing in listings
            ]
        )
        return
    for listing in listings:
        if listing.profile is None:
            print_text(f"{listing.name:22} not valid: {listing.problem}")
        else:
            minutes = f"{listing.profile.duration_s / 60:.0f} min"
            print_text(f"{listing.name:22}{minutes:>8}  {listing.profile.title}")


@profiles.command("show")
@click.argument("name")
@click.option("--duration", type=duration_type, help="Scale it to this length.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with plain characters.")
def profiles_show(name: str, duration: float | None, *, ascii_only: bool) -> None:
    """Draw the curve of a profile."""
    from playlist_builder.profiles import find
    from playlist_builder.report.text import profile_text

    profile = find.load_profile(name, folders=profile_folders())
    if duration is not None:
        profile = profile.scaled(duration)
    style = chart_style() | ({"ascii_only": True} if ascii_only else {})
    print_drawing(profile_text(profile, **style))


@profiles.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
def profiles_check(file: str) -> None:
    """Tell whether a profile FILE is valid, and what is not."""
    from playlist_builder.profiles import find

    profile = find.load_profile(os.path.join(".", file) if not os.path.isabs(file) else file)
    print_text(f"{file}: valid, {profile.duration_s / 60:g} min")


COMMANDS = (profiles,)
