"""Commands about profiles: list, show, check."""

import os

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.main import main


@main.group(invoke_without_command=True)
@click.pass_context
@options.json_option
def profiles(ctx: click.Context, *, as_json: bool) -> None:
    """List the profiles; see also 'profiles show NAME' and 'profiles check FILE'."""
    if ctx.invoked_subcommand:
        return
    from playlist_builder.profiles import find

    listings = find.available(folders=options.profile_folders())
    if as_json:
        documents = [
            {
                "name": listing.name,
                "title": listing.profile.title if listing.profile else None,
                "minutes": listing.profile.duration_s / 60 if listing.profile else None,
                "problem": listing.problem or None,
            }
            for listing in listings
        ]
        output.print_json(documents)
        return
    for listing in listings:
        text = f" not valid: {listing.problem}"
        if listing.profile is not None:
            minutes = f"{listing.profile.duration_s / 60:.0f} min"
            text = f"{minutes:>8}  {listing.profile.title}"
        output.print_text(f"{listing.name:22}{text}")


@profiles.command("show")
@click.argument("name")
@click.option("--duration", type=options.duration, help="Scale it to this length.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with plain characters.")
def profiles_show(name: str, duration: float | None, *, ascii_only: bool) -> None:
    """Draw the curve of a profile."""
    from playlist_builder.report.text import profile_text

    profile = api.load_profile(name, folders=options.profile_folders())
    if duration is not None:
        profile = profile.scaled(duration)
    style = output.chart_style() | ({"ascii_only": True} if ascii_only else {})
    output.print_drawing(profile_text(profile, **style))


@profiles.command("check")
@click.argument("file", type=options.ThereIs(dir_okay=False))
def profiles_check(file: str) -> None:
    """Tell whether a profile FILE is valid, and what is not."""
    profile = api.load_profile(os.path.join(".", file) if not os.path.isabs(file) else file)
    output.print_text(f"{file}: valid, {profile.duration_s / 60:g} min")
