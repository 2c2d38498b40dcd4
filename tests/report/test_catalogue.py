"""Catalogues of texts: nothing that a report says lacks a translation, and none is left over.

After a change of a `.po` file, `--regenerate` compiles it.
"""

import ast
import io
import re
import tomllib
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from string import Formatter
from typing import get_args

import numpy as np
import pytest
from babel.messages import extract, mofile, pofile

from playlist_builder.arranger import tail
from playlist_builder.arranger.problem import LONG_SILENCES
from playlist_builder.arranger.rules import Constraints, admit
from playlist_builder.language.notices import REASON, TEMPLATES, TEXT
from playlist_builder.language.translation import LOCALE, PROFILE, TRANSLATED
from playlist_builder.models import SILENCE_LUFS, Mark, Vocals
from playlist_builder.playlists.dialects import ANY
from playlist_builder.playlists.entry_paths import unsupported_reason
from playlist_builder.profiles.profile import Rules
from playlist_builder.report.concerns import PLAIN
from playlist_builder.report.language import ENGLISH, VOICE
from playlist_builder.sessions import rescue
from playlist_builder.vocals.evidence import EVIDENCE, SOURCES
from tests.cli.test_help_language import texts as help_texts
from tests.support.synthetic import track

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "playlist_builder"


def names_of(kind):
    """Return the names of a class of errors and of all below it, wherever in the package."""
    classes = [
        each
        for file in PACKAGE.rglob("*.py")
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(each, ast.ClassDef)
    ]
    names, found = set(), {kind}
    while names != found:
        names = set(found)
        found |= {c.name for c in classes if {getattr(b, "id", "") for b in c.bases} & names}
    return sorted(names)


KEYWORDS = dict.fromkeys([*names_of("PlaylistBuilderError"), "Phrase"])


def in_sources():
    """Messages of the code and of the templates of the page, without a context."""
    pages = (PACKAGE / "report" / "templates").glob("*.html")
    options = {"silent": "false"}
    for method, files in (
        ("python", PACKAGE.rglob("*.py")),
        ("jinja2.ext:babel_extract", pages),
    ):
        for file in files:
            with file.open("rb") as opened:
                keywords = extract.DEFAULT_KEYWORDS | KEYWORDS
                for _, message, _, context in extract.extract(
                    method, opened, keywords=keywords, options=options
                ):
                    yield context, message


def calls():
    """Yield all calls of the package, with where each stands."""
    for file in PACKAGE.rglob("*.py"):
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(each, ast.Call):
                yield f"{file.name}:{each.lineno}", each


def test_errors_are_templates_where_they_are_translated():
    """What is put together before it is raised cannot be found in a catalogue."""
    composed = ast.JoinedStr | ast.BinOp
    assert [
        place
        for place, call in calls()
        if getattr(call.func, "id", "") in KEYWORDS
        and call.args
        and isinstance(call.args[0], composed)
    ] == []


def given(call):
    """Return the expressions that a call gives to be told as parts of a sentence."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    values = [each.value for each in call.keywords] if name in KEYWORDS else []
    return values + (call.args if name in {"Skipped", "wrong", "ending_in", "check_parts"} else [])


def test_what_is_told_within_a_sentence_is_no_english_that_no_catalogue_knows():
    """Words that are put into a sentence are a `Phrase`, or there is a sentence for each."""
    words = re.compile("[a-z]{2} |[ ][a-z]{2}")
    assert [
        place
        for place, call in calls()
        for value in given(call)
        for part in (value, *getattr(value, "values", ()))
        if isinstance(part, ast.Constant) and words.search(str(part.value))
    ] == []


def template_of(call):
    """Return the template that a call fills by its own keywords, if that is one to translate."""
    inner = call.func.value if getattr(call.func, "attr", "") == "format" else call
    is_own = isinstance(inner, ast.Call) and inner.args and isinstance(inner.args[0], ast.Constant)
    name = getattr(inner.func, "id", getattr(inner.func, "attr", "")) if is_own else ""
    wanted = {"_", "gettext"} if inner is not call else KEYWORDS
    return inner.args[0].value if name in wanted else None


def test_a_template_gets_the_values_that_it_names():
    for place, call in calls():
        template, given = template_of(call), {each.arg for each in call.keywords}
        if template is not None and given and None not in given:
            names = {name for name, _ in fields(template)}
            assert names == given, place


def in_profiles():
    """All that a report shows of the profiles that come with the program."""
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "profiles").glob("*.toml")]
    fields = {name for _, name, *_ in Formatter().parse(rescue.PROFILE) if name}
    rescued = dict.fromkeys(fields - {"vocals"}, 1.0)
    texts.append(rescue.PROFILE.format(vocals="strict", **rescued))
    for profile in map(tomllib.loads, texts):
        phases = [phase[key] for phase in profile["phases"] for key in ("name", "basis")]
        for text in (profile["title"], profile["summary"], *profile.get("sources", ()), *phases):
            yield PROFILE, text
    yield PROFILE, tail.NAME


def plain(number, minutes=5.0, **more):
    return track(number, minutes * 60.0, np.full(int(minutes * 6), 0.4), **more)


def in_reasons():
    """Why a track is left out: by a rule, and because no playlist can hold its path."""
    kinds = ("wordless", "sung", "spoken", "unknown")
    tracks = [
        plain(0),
        replace(plain(1), missing=True),
        replace(plain(2), mark=Mark(banned=True)),
        plain(3),
        plain(4, title="no"),
        plain(5, title="other"),
        plain(6, start_lufs=SILENCE_LUFS, end_lufs=SILENCE_LUFS),
        plain(7, 0.2),
        plain(8, 90.0),
        *(plain(number, vocals=kind) for number, kind in enumerate(kinds, start=9)),
    ]
    constraints = Constraints(
        avoid=frozenset({tracks[3].path}),
        exclude=lambda each: each.tags.title == "no",
        include=lambda each: each.tags.title != "other",
    )
    passed, removed = admit(tracks, Rules(vocals="strict"), constraints, 3600.0)
    assert (passed.tolist(), set(removed.values())) == ([0], {1})
    paths = ("/a\n.flac", "/a.flac ", "/\udce9.flac", "/静.flac")
    unfit = [unsupported_reason(path, ".m3u") for path in paths]
    bare = replace(ANY, uris=frozenset(), dot_slash=False)
    unfit += [
        unsupported_reason("/a\1.flac", ".xspf", bare),
        unsupported_reason("#a", dialect=bare),
    ]
    for reason in (*removed, LONG_SILENCES, *unfit):
        yield REASON, getattr(reason, "message", reason)


@cache
def said():
    """All that a report can say, as pairs of context and message."""
    templates = ((None, text) for code, text in TEMPLATES.items() if code != TEXT)
    plain = ((None, text) for text in PLAIN.values() if text)
    voices = ((VOICE, ENGLISH.voice(vocals)) for vocals in get_args(Vocals))
    helps = ((None, text) for text in help_texts())
    sources = ((EVIDENCE, source) for source in SOURCES)
    known = (in_sources(), templates, plain, voices, sources, in_profiles(), in_reasons(), helps)
    return set(chain.from_iterable(known))


def catalogue(code, domain="playlist_builder"):
    text = (LOCALE / code / "LC_MESSAGES" / f"{domain}.po").read_bytes()
    return pofile.read_po(io.BytesIO(text), locale=code, abort_invalid=True)


def translations(code):
    return {(each.context, each.id): each.string for each in catalogue(code) if each.id}


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_text_is_translated_and_none_is_left_over(code):
    known, found = translations(code), said()
    assert found - known.keys() == set()
    assert known.keys() - found == set()
    assert [key for key, text in known.items() if not all(listed(text))] == []


def test_what_is_said_is_found():
    """In code, templates, notices, profiles and rules alike."""
    found = said()
    for message in (
        (None, "untitled"),
        (None, "The tracks"),
        (None, TEMPLATES["no_calm_tail"]),
        (None, TEMPLATES["loudness_jumps"]),
        (PROFILE, "Ketamine, intravenous"),
        (PROFILE, "settle"),
        (REASON, "too long"),
        (VOICE, "not verified"),
    ):
        assert message in found


def listed(text):
    return [text] if isinstance(text, str) else text


def fields(text):
    return sorted((name, spec) for _, name, spec, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_takes_the_values_of_its_message(code):
    for (_, message), translation in translations(code).items():
        [*_, last] = listed(message)
        assert all(fields(text) == fields(last) for text in listed(translation)), message


def test_japanese_has_its_own_punctuation():
    """No colon, bracket, tilde or question mark of ASCII stands beside a letter of Japanese."""
    beside = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff}]\s?[:(?~]|[:)~]\s?[\u3040-\u9fff{]")
    found = [
        text
        for translation in translations("ja").values()
        for text in listed(translation)
        if beside.search(re.sub(r":[^{}]*}", "}", text))
    ]
    assert found == []


def messages(compiled):
    """All of a compiled catalogue but its header, which names the version of Babel and a time."""
    known = mofile.read_mo(io.BytesIO(compiled))
    return [(each.context, each.id, each.string) for each in known if each.id]


@pytest.mark.parametrize("domain", ["playlist_builder", "click"])
@pytest.mark.parametrize("code", TRANSLATED)
def test_the_compiled_catalogue_is_that_of_the_texts(code, domain, request):
    compiled = io.BytesIO()
    mofile.write_mo(compiled, catalogue(code, domain))
    file = LOCALE / code / "LC_MESSAGES" / f"{domain}.mo"
    if request.config.getoption("--regenerate"):
        file.write_bytes(compiled.getvalue())
    assert messages(file.read_bytes()) == messages(compiled.getvalue())
