"""Commands about profiles: list, show, check."""

import os

import click

import playlist_builder as api
from playlist_builder.cli import options, output
from playlist_builder.cli.language import _, language, pgettext
from playlist_builder.cli.main import main
from playlist_builder.language.translation import PROFILE


@main.group(invoke_without_command=True)
@click.pass_context
@options.json_option
def profiles(ctx: click.Context, *, as_json: bool) -> None:
    """List the profiles; see also 'profiles show NAME' and 'profiles check FILE'."""
    if ctx.invoked_subcommand:
        return
    from playlist_builder.profiles import find

    listings = find.available_profiles(folders=options.profile_folders())
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
        text = _(" not valid: {problem}").format(problem=listing.problem)
        if listing.profile is not None:
            minutes = _("{count:.0f} min").format(count=listing.profile.duration_s / 60)
            text = f"{minutes:>8}  {pgettext(PROFILE, listing.profile.title)}"
        output.print_text(f"{listing.name:22}{text}")


@profiles.command("show")
@click.argument("name")
@click.option("--duration", type=options.duration, help="Scale it to this length.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with plain characters.")
def profiles_show(name: str, duration: float | None, *, ascii_only: bool) -> None:
    """Draw the curve of a profile."""
    from playlist_builder.report.language import LANGUAGES
    from playlist_builder.report.text import profile_text

    profile = api.load_profile(name, folders=options.profile_folders())
    if duration is not None:
        profile = profile.scaled(duration)
    style = output.chart_style() | ({"ascii_only": True} if ascii_only else {})
    output.print_drawing(profile_text(profile, **style, language=LANGUAGES[language()]))


@profiles.command("check")
@click.argument("file", type=options.ThereIs(dir_okay=False))
def profiles_check(file: str) -> None:
    """Tell whether a profile FILE is valid, and what is not."""
    profile = api.load_profile(os.path.join(".", file) if not os.path.isabs(file) else file)
    output.print_text(
        _("{file}: valid, {count:g} min").format(file=file, count=profile.duration_s / 60)
    )
