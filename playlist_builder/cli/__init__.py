"""The command line: a thin twin of the library, and the only package that prints."""

try:
    from playlist_builder.cli import (  # noqa: F401 - each adds its commands to main
        build,
        calibrate,
        check,
        copy,
        desk,
        edit,
        export,
        history,
        library,
        menu,
        profiles,
        push,
        rebuild,
        records,
        render,
        replan,
        report,
        resolve,
        scan,
        series,
        sessions,
        tracks,
        undo,
    )
    from playlist_builder.cli.main import main
except KeyboardInterrupt:  # before a word can be said
    raise SystemExit(130) from None

__all__ = ["main"]
