"""The page of a session as text; `tests/external/browser` opens it."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from string import ascii_letters, digits

import pytest

from playlist_builder.language.notices import notice
from playlist_builder.models import Session, Slot, Spare
from playlist_builder.profiles import find as profiles
from playlist_builder.report.html import page
from playlist_builder.report.labels import legend
from playlist_builder.report.language import ENGLISH, JAPANESE, LANGUAGES
from playlist_builder.report.svg import picture
from playlist_builder.session_request import SessionRequest

VOID = {"meta", "br", "path", "rect", "input"}


class Reader(HTMLParser):
    """Tags with attributes, the text by element, and what was left open."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.texts = [], [], {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def having(self, kind):
        return [attrs for _, attrs in self.tags if kind in (attrs.get("class") or "").split()]


def slot(place, path="/music/a.flac", phase="calm", **more):
    given = {"title": f"T{place}", "artist": "Ada", "energy": 0.2, "target": 0.25} | more
    return Slot(
        path,
        str(place),
        album="",
        start_s=60.0 * place,
        end_s=60.0 * place + 60,
        phase=phase,
        **given,
    )


def session(*slots, **more):
    given = {"profile": "ketamine-iv", "target_s": 180.0, "duration_s": 180.0} | more
    return Session(
        scale="relative",
        cost=0.1,
        bound=0.05,
        rms_error=0.1,
        slots=slots,
        curve=(0.2,) * 18,
        **given,
    )


SOUND = dict.fromkeys(("start_loudness_lufs", "end_loudness_lufs"), -20.0)
ASKED_AT = "2026-03-07T10:00:00+01:00"
CALL = SessionRequest("ketamine-iv", profiles.read_text("ketamine-iv"))


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_every_element_is_closed_and_no_id_comes_twice(language):
    whole = session(slot(0), slot(1, phase="peak"), tail=[slot(2)], request=CALL)
    reader = Reader(page(whole, language, folder="/music"))
    assert reader.open == []
    ids = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {
        attrs["href"][1:] for tag, attrs in reader.tags if tag == "a" and attrs["href"][0] == "#"
    }
    assert targets <= set(ids)
    labels = {attrs["aria-labelledby"] for _, attrs in reader.tags if "aria-labelledby" in attrs}
    assert labels <= set(ids)


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/music/a b.flac", "a%20b.flac"),
        ("/music/#1 what?.flac", "%231%20what%3F.flac"),
        ("/music/100%25 \"&'.flac", "100%2525%20%22%26%27.flac"),
        ("/music/caf\udce9.flac", "caf%E9.flac"),
        ("/other/静.flac", "../other/%E9%9D%99.flac"),
        ("/music/javascript:x.flac", "javascript%3Ax.flac"),
    ],
)
def test_links_lead_from_the_page_to_the_tracks(path, link):
    reader = Reader(page(session(slot(0, path)), ENGLISH, folder="/music"))
    [row] = reader.having("track")
    assert row["data-source"] == link
    assert link in [attrs.get("href") for tag, attrs in reader.tags if tag == "a"]


def test_a_button_names_its_track_as_the_track_is_named():
    """Escaped once: a screen reader reads what the decoded label says."""
    reader = Reader(page(session(slot(0, title="A & B <it's>")), ENGLISH, folder="/music"))
    labels = [attrs["aria-label"] for tag, attrs in reader.tags if tag == "button"]
    assert "Play A & B <it's>" in labels


def test_the_policy_allows_this_style_and_script_alone():
    text = page(session(slot(0)), ENGLISH, folder="/music")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy.startswith("default-src 'none'; ")
    for kind in ("style", "script"):
        [inside] = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert not re.search(r'\sstyle="|\son\w+="|https?://(?!www\.w3\.org)', text)


def test_what_is_known_of_each_track_stands_in_its_row():
    loud = {"start_loudness_lufs": -10.0, "end_loudness_lufs": -20.0, "loudness_lufs": -18.0}
    whole = session(slot(0, **loud), slot(1, **loud, vocals="sung"), request=CALL)
    text = page(whole, ENGLISH, folder="/music")
    row = re.search(r'<tr class="track"[^>]*id="track-2".*?</tr>', text, re.DOTALL)[0]
    said = " ".join(re.sub(r"<[^>]+>", " ", row).split())
    assert said == (
        "2 1:00 T1 Ada Length 1:00 energy 0.20 ▲ begins 10.0 LU louder sung hear the join"
    )


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_tension_is_a_hint_and_not_named_where_unknown(language):
    hint = language.gettext("Tension from 0 to 1 is a hint: what listeners would say.")
    known = page(session(slot(0, tension=0.314), slot(1)), language, folder="/music")
    assert known.count(hint) == 1
    assert 'class="tense"' in known
    none = page(session(slot(0)), language, folder="/music")
    assert language.gettext("tension") not in none
    assert 'class="tense"' not in none


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_the_curve_comes_first_then_what_matters_then_the_tracks(language):
    """And what a listener feels is red; nothing else is."""
    felt = notice("silences", count=1, limit=15.0, worst=20.0, title="T1", at_s=60.0, phase="calm")
    more = [notice("unverified", count=2, total=2), notice("wordless", count=1, total=2)]
    rest = notice("spares_unverified", count=3, total=3)
    whole = session(slot(0), slot(1), warnings=(rest, *more, felt), request=CALL)
    text = page(whole, language, folder="/music")
    parts = ["<h1>", "<figure>", 'id="know"', 'id="tracks"', 'id="notes"', 'id="profile"']
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    told = text[text.index('id="know"') : text.index('id="tracks"')]
    items = re.findall(r'<li class="(\w*)">(.*?)</li>', told)
    assert [kind for kind, _ in items] == ["felt", "", ""]
    assert items[0][1].startswith('<a href="#track-2">1:00</a> ')
    assert language.sentence(rest) not in told
    assert language.sentence(rest) in text
    assert '<a href="#notes">' in told


def test_a_session_in_which_nothing_stands_out_says_so():
    text = page(session(slot(0)), ENGLISH, folder="/music")
    assert "Nothing stands out" in text
    assert 'class="felt"' not in text


def test_the_head_tells_length_peak_and_what_follows():
    slots = slot(0, target=0.1), slot(1, phase="peak", target=0.7), slot(2, target=0.1)
    whole = session(*slots, tail=[slot(3)], request=replace(CALL, name="A7", asked_at=ASKED_AT))
    text = page(whole, ENGLISH, folder="/music", today=date(2026, 3, 7), kept="3 (evening)")
    head = " ".join(
        re.sub("<[^>]+>", " ", re.search("<header>.*?</header>", text, re.DOTALL)[0]).split()
    )
    assert head == (
        "Ketamine, intravenous 3 min 3 tracks peak from 1:00 to 2:00 then 1 min of calm music,"
        " to 4:00 7 March 2026 Session 3 (evening) for A7 Facilitator"
    )
    assert "peak from" not in page(session(slot(0)), ENGLISH, folder="/music")


def test_a_printed_page_has_a_number_and_a_foot_that_no_title_breaks_out_of():
    hostile = SessionRequest("own", CALL.profile_text.replace("Ketamine, intra", '\\"; } </style>'))
    text = page(session(slot(0), request=hostile), ENGLISH, folder="/", today=date(2026, 3, 7))
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)[1]
    [foot] = re.findall(r'@bottom-left \{[^}]*content: "([^"]*)"; \}', style)
    assert set(foot) <= set(ascii_letters + digits + "\\")
    assert "counter(page)" in style


def test_the_profile_stands_with_its_sources_and_its_rules_with_what_gave_way():
    whole = session(
        slot(0),
        request=CALL,
        relaxed=(notice("artist_gap", count=2, gap=3),),
        warnings=(notice("text", text="be careful"),),
    )
    text = page(whole, ENGLISH, folder="/music")
    notes = text[text.index('id="notes"') :]
    items = re.findall("<li>(.*?)</li>", notes)
    assert items[:2] == [
        "be careful",
        "artist_gap: 2 times fewer than 3 other tracks between two of one artist",
    ]
    assert "Rules that could not be kept" in notes
    assert notes.count("<li>Muscat, Hartelius") == 1
    assert "does not hold the text" in page(session(slot(0)), ENGLISH, folder="/music")


def test_kept_rules_beside_notes_are_explained():
    whole = session(slot(0), warnings=(notice("spoken", count=2, total=3),))
    noted = page(whole, ENGLISH, folder="/")
    bare = page(session(slot(0)), ENGLISH, folder="/")
    assert "All rules of the session are kept; what is noted above is allowed by them" in noted
    assert "<p>All rules of the session are kept.</p>" in bare


@pytest.mark.parametrize(
    ("slots", "named"),
    [
        ((slot(0),), ["Energy"]),
        ((slot(0, **SOUND), slot(1, **SOUND)), ["Energy", "LU"]),
        ((slot(0, tension=0.2, **SOUND), slot(1, **SOUND)), ["Energy", "Tension", "LU"]),
    ],
)
def test_the_scales_that_are_drawn_are_explained(slots, named):
    meant = legend(session(*slots), ENGLISH)
    assert [each.split()[0] for each in meant] == named
    text, drawn = page(session(*slots), ENGLISH, folder="/"), picture(session(*slots), ENGLISH)
    assert all(each in text and each in drawn for each in meant)
    # What to worry about is on the first screen, and comes before how to read the chart.
    assert text.index("To know before you begin") < text.index(meant[0])


def test_a_sentence_that_no_one_translated_says_its_language():
    known = notice("spoken", count=2, total=3)
    whole = session(slot(0), warnings=(notice("text", text="be careful"), known))
    text = page(whole, JAPANESE, folder="/music")
    assert '<li lang="en">be careful</li>' in text
    assert "<li>3 曲中 2 曲に語りが含まれます</li>" in text


def test_a_profile_that_comes_with_the_program_is_translated_and_a_user_s_own_is_not():
    text = CALL.profile_text
    own = SessionRequest("own", text.replace("settle", "dawn").replace("Ketamine, intra", "My "))
    for request, told in (
        (CALL, ("ケタミン\uff08静脈内\uff09", "落ち着き")),
        (own, ("My venous", "dawn")),
    ):
        whole = session(slot(0, phase="dawn"), slot(1, phase="peak"), request=request)
        shown = page(whole, JAPANESE, folder="/music")
        assert f"<h1>{told[0]}</h1>" in shown
        assert f'<th scope="row">{told[1]}</th>' in shown
        assert "dawn" in shown
        assert "頂点<span" in shown


def test_the_tail_is_a_part_of_its_own():
    text = page(session(slot(0), tail=[slot(1, phase="calm")]), ENGLISH, folder="/music")
    assert 'class="tail"' in text
    assert "tail<span" in text


def test_the_same_session_gives_the_same_page_and_a_day_only_where_given():
    whole = session(slot(0))
    assert page(whole, ENGLISH, folder="/m") == page(whole, ENGLISH, folder="/m")
    assert "<time" not in page(whole, ENGLISH, folder="/m")
    dated = page(whole, JAPANESE, folder="/m", today=date(2026, 3, 7))
    assert '<time datetime="2026-03-07">2026年3月7日</time>' in dated


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_spares_are_listed_with_the_track_that_they_may_replace(language):
    spare = slot(9, path="/music/spare #9.flac", title="<b>Calm</b>")
    text = page(session(spares=(Spare(spare, 2),)), language, folder="/music")
    assert f'<h2 id="spares">{language.gettext("Spares")}</h2>' in text
    assert '<a href="spare%20%239.flac">&lt;b&gt;Calm&lt;/b&gt;</a>' in text
    assert '<a href="#track-2">2</a>' in text
    assert "spares" not in page(session(), language, folder="/music")


def test_the_plan_shows_limits_and_what_is_preferred():
    text = page(session(slot(0), request=CALL), ENGLISH, folder="/music")
    flat = " ".join(re.sub("<[^>]+>", " ", text).split())
    assert "0.15, tension 0 to 0.35 startle 12 LU, strokes 2 Hz, pulse 0.9" in flat
    assert "0.75, moving" in flat
    strict = replace(
        CALL, profile_text=CALL.profile_text.replace("tension =", "max_tension = 0.4 #")
    )
    assert "pulse 0.9, energy 0.45, tension 0.4" in page(
        session(slot(0), request=strict), ENGLISH, folder="/music"
    )


def test_a_part_of_a_track_is_told_and_played():
    part, whole = slot(0, from_s=40.0, to_s=100.5), slot(1)
    text = page(session(part, whole), ENGLISH, folder="/music")
    rows = Reader(text).having("track")
    assert [(row.get("data-from"), row.get("data-to")) for row in rows] == [
        ("40.0", "100.5"),
        (None, None),
    ]
    assert text.count("plays from 0:40 to 1:40 of it") == 1
    assert "このうち 0:40 から 1:40 まで" in page(session(part), JAPANESE, folder="/music")


@pytest.mark.parametrize("language", [ENGLISH, JAPANESE])
@pytest.mark.parametrize(("bound", "is_rough"), [(0.05, True), (0.09, False), (0.0, False)])
def test_a_bound_far_below_the_cost_is_told_to_be_rough(language, bound, is_rough):
    told = language.gettext(
        "That bound is a rough one: it does not tell whether a better session exists."
    )
    whole = replace(session(slot(1)), bound=bound)
    assert (told in page(whole, language, folder="/")) is is_rough
