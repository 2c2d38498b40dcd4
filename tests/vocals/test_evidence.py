"""The verdict on vocals follows from all evidence, which is listed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.models import Mark, Tags, VoiceDetection, VoiceSpan
from playlist_builder.vocals import evidence as voice

SPAN = VoiceSpan(60.0, 80.0, "sung", 0.9)
SILENT = VoiceDetection("none", 1.0)
SUNG = VoiceDetection("sung", 1.0, (SPAN,))


def verdict(tags=None, mark=None, heard=None):
    evidence = tags or Tags(), mark or Mark(), heard
    return voice.classify(*evidence).vocals


@pytest.mark.parametrize("said", ["none", "wordless", "sung", "spoken"])
@pytest.mark.parametrize("tags", [Tags(), Tags(has_lyrics=True), Tags(languages=("zxx",))])
@pytest.mark.parametrize("heard", [None, SILENT, SUNG])
def test_the_mark_decides_alone(said, tags, heard):
    judged = voice.classify(tags, Mark(vocals=said), heard)
    assert (judged.vocals, judged.confidence) == (said, 1.0)
    assert judged.evidence[0].source == "your mark"


def test_other_marks_are_no_evidence():
    assert verdict(mark=Mark(energy=0.4, banned=True, note="sung")) == "unknown"


def test_without_evidence_nothing_is_claimed():
    judged = voice.classify(
        Tags(title="Sonata", languages=("eng",), genres=("Ambient",)), Mark(), None
    )
    assert (judged.vocals, judged.confidence, judged.evidence) == ("unknown", 0.5, ())


@pytest.mark.parametrize("heard", [None, SILENT, SUNG])
def test_lyrics_outweigh_everything_but_the_mark(heard):
    tags = Tags(title="Song (Instrumental)", has_lyrics=True, languages=("zxx",))
    assert verdict(tags, heard=heard) == "sung"


@pytest.mark.parametrize("languages", [("zxx",), ("ZXX",), ("eng", "zxx")])
def test_no_linguistic_content_means_no_words(languages):
    assert verdict(Tags(languages=languages)) == "none"
    assert verdict(Tags(languages=languages), heard=SILENT) == "none"
    assert verdict(Tags(languages=languages), heard=SUNG) == "wordless"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Song (Instrumental)", "none"),
        ("Song - Karaoke Version", "none"),
        ("Song (no vocals)", "none"),
        ("Song (Vocals Removed)", "none"),
        ("Lied (ohne Gesang)", "none"),
        ("Lieder ohne Worte", "none"),
        ("Lied (Instrumentalfassung)", "none"),
        ("Chanson (sans paroles)", "none"),
        ("Air (version instrumentale)", "none"),
        ("Tema (sin voz)", "none"),
        ("曲 (オフボーカル)", "none"),
        ("曲 (カラオケ)", "none"),
        ("曲 インストゥルメンタル", "none"),
        ("Blue (a cappella)", "sung"),
        ("Blue (Acapella)", "sung"),
        ("Blue feat. Lisa on vocals", "sung"),
        ("Lied (mit Gesang)", "sung"),
        ("Air (avec paroles)", "sung"),
        ("Tema (con voz)", "sung"),
        ("曲 (ボーカル入り)", "sung"),
        ("Guided Meditation 1", "spoken"),
        ("Geführte Meditation", "spoken"),
        ("Méditation guidée", "spoken"),
        ("Meditación guiada", "spoken"),
        ("Guided Mindfulness Meditation", "spoken"),
        ("Song (Vocals Removed) [Instrumental]", "none"),
        ("朗読 第一章", "spoken"),
        ("Vocalise, Op. 34", "wordless"),
        ("Summchor", "wordless"),
        ("ハミング", "wordless"),
        ("Sonata", "unknown"),
        ("Operation", "unknown"),
        ("Choral No. 3", "unknown"),
        ("Chanson triste", "unknown"),
        ("Invocals", "unknown"),
    ],
)
def test_words_in_titles_of_five_languages(title, expected):
    judged = voice.classify(Tags(title=title), Mark(), None)
    assert judged.vocals == expected
    assert bool(judged.evidence) == (expected != "unknown")


@pytest.mark.parametrize("genre", ["Opera", "Choral", "Chanson", "Lied", "Vocal Jazz", "歌曲"])
def test_some_genres_are_sung(genre):
    assert verdict(Tags(genres=("Classical", genre))) == "sung"


def test_every_field_is_read():
    for tags in (
        Tags(version="instrumental"),
        Tags(genres=("Instrumental",)),
        Tags(moods=("instrumental",)),
        Tags(comments=("instrumental version",)),
    ):
        assert verdict(tags) == "none"


@pytest.mark.parametrize(
    ("performer", "expected"),
    [
        ("Ann (lead vocals)", "sung"),
        ("Ann (soprano vocals)", "sung"),
        ("Ann (narrator)", "spoken"),
        ("Ann (spoken vocals)", "spoken"),
        ("Ann (guitar)", "unknown"),
        ("Ann (tenor)", "sung"),
        ("Ann (Gesang)", "sung"),
        ("Ann (tenor saxophone)", "unknown"),
        ("Ann (baritone guitar)", "unknown"),
        ("Voice of Ages (drums)", "unknown"),
    ],
)
def test_performers_by_their_role(performer, expected):
    assert verdict(Tags(performers=(performer,))) == expected


def test_what_musicbrainz_and_acousticbrainz_say_is_weak():
    assert verdict(Tags(lyricists=("Eve",))) == "sung"
    assert verdict(Tags(lyricists=("Eve",)), heard=SILENT) == "none"
    assert verdict(Tags(voice_chance=0.99)) == "sung"
    assert verdict(Tags(voice_chance=0.02)) == "none"
    assert verdict(Tags(voice_chance=0.6)) == "unknown"
    assert verdict(Tags(voice_chance=0.99), heard=SILENT) == "none"


def test_what_is_heard_outweighs_one_word():
    assert verdict(Tags(title="Song (Instrumental)"), heard=SUNG) == "sung"
    assert verdict(Tags(genres=("Vocal",)), heard=SILENT) == "none"
    assert verdict(Tags(title="Instrumental"), heard=VoiceDetection("sung", 0.0, (SPAN,))) == "sung"


def test_no_heap_of_tags_hides_a_voice_that_is_heard():
    """One hand writes them all, so only the strongest counts."""
    tags = Tags(
        title="Song (Instrumental)",
        version="Karaoke",
        genres=("Instrumental",),
        moods=("instrumental",),
        comments=("instrumental", "no vocals"),
    )
    for kind in ("sung", "spoken"):
        assert verdict(tags, heard=VoiceDetection(kind, 0.0, (SPAN,))) in {"sung", "spoken"}


@pytest.mark.parametrize(
    ("tags", "heard"),
    [
        (Tags(title="Guided Meditation", comments=("with gentle humming",)), None),
        (Tags(title="Humming Meditation"), VoiceDetection("spoken", 1.0)),
        (Tags(title="Vocalise", genres=("Audiobook",)), None),
        (Tags(title="Humming", version="with vocals"), SUNG),
        (Tags(comments=("humming synth bed",)), SUNG),
    ],
)
def test_humming_hides_no_words(tags, heard):
    assert verdict(tags, heard=heard) in {"sung", "spoken"}


@pytest.mark.parametrize(
    "title", ["Instrumental with vocals", "Not Instrumental", "a non-instrumental mix"]
)
def test_what_denies_itself_says_nothing(title):
    assert verdict(Tags(title=title)) != "none"


def test_what_is_heard_is_told_with_its_times():
    (evidence,) = voice.classify(Tags(), Mark(), SUNG).evidence
    assert (evidence.source, evidence.vocals) == ("audio", "sung")
    assert evidence.text == "a voice is heard at 1:00-1:20"
    assert (
        verdict(heard=VoiceDetection("spoken", 0.9, (VoiceSpan(0, 9, "spoken", 0.9),))) == "spoken"
    )


WORDLESS = VoiceDetection("wordless", 0.9, (VoiceSpan(0.0, 60.0, "wordless", 0.9),))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (Tags(), "wordless"),
        (Tags(title="Om (Instrumental)"), "wordless"),
        (Tags(genres=("Choral",)), "sung"),
        (Tags(has_lyrics=True), "sung"),
        (Tags(title="Guided Meditation", genres=("Audiobook",)), "spoken"),
    ],
)
def test_a_voice_that_is_heard_without_words_stays_so_unless_tags_know_words(tags, expected):
    assert verdict(tags, heard=WORDLESS) == expected


@pytest.mark.parametrize(
    ("spans", "text"),
    [
        ((VoiceSpan(0.0, 90.0, "people", 0.9),), "people in the background at 0:00-1:30"),
        ((VoiceSpan(0.0, 90.0, "wordless", 0.9),), "perhaps a voice without words at 0:00-1:30"),
        ((VoiceSpan(61.0, 63.0, "spoken", 0.9),), "perhaps a lone word at 1:01-1:03"),
        ((VoiceSpan(61.0, 83.0, "sung", 0.9),), "perhaps a voice at 1:01-1:23"),
        ((), "perhaps a voice"),
    ],
)
def test_why_the_detector_does_not_know_is_told(spans, text):
    (evidence,) = voice.classify(Tags(), Mark(), VoiceDetection("unknown", 0.4, spans)).evidence
    assert evidence.text == text


@pytest.mark.parametrize("kind", ["none", "sung", "spoken", "wordless"])
@pytest.mark.parametrize("chance", [0.55, 0.8, 0.97])
def test_the_confidence_of_the_detector_alone_is_its_own(kind, chance):
    judged = voice.classify(Tags(), Mark(), VoiceDetection(kind, chance))
    assert judged.confidence == pytest.approx(chance)


def test_no_evidence_but_the_mark_is_certain():
    tags = Tags(title="Instrumental", languages=("zxx",), genres=("Instrumental",))
    assert voice.classify(tags, Mark(), VoiceDetection("none", 1.0)).confidence < 0.995
    assert voice.classify(Tags(has_lyrics=True), Mark(), SUNG).confidence < 0.995


def test_agreeing_tags_make_surer_and_contradicting_ones_less_sure():
    heard = VoiceDetection("none", 0.9)
    plain = voice.classify(Tags(), Mark(), heard).confidence
    assert voice.classify(Tags(title="Instrumental"), Mark(), heard).confidence > plain
    assert voice.classify(Tags(lyricists=("Eve",)), Mark(), heard).confidence < plain


@pytest.mark.parametrize("confidence", [0.0, 0.5, 1.0])
def test_the_detector_alone_gives_its_own_verdict(confidence):
    for kind in ("none", "sung", "spoken", "unknown"):
        assert verdict(heard=VoiceDetection(kind, confidence)) == kind


@given(
    st.builds(
        Tags,
        title=st.sampled_from(["", "Instrumental", "with vocals", "Vocalise", "x"]),
        genres=st.lists(st.sampled_from(["Opera", "Karaoke", "Ambient"])).map(tuple),
        languages=st.sampled_from([(), ("zxx",), ("eng",)]),
        has_lyrics=st.booleans(),
        voice_chance=st.none() | st.floats(0, 1),
    ),
    st.none()
    | st.builds(
        VoiceDetection,
        st.sampled_from(["none", "sung", "spoken", "wordless", "unknown"]),
        st.floats(0, 1),
    ),
)
def test_evidence_stands_in_order_and_a_verdict_has_some(tags, heard):
    judged = voice.classify(tags, Mark(), heard)
    weights = [abs(each.weight) for each in judged.evidence]
    assert weights == sorted(weights, reverse=True)
    assert 0.5 <= judged.confidence <= 1.0
    if judged.vocals == "none":
        assert any(each.vocals == "none" for each in judged.evidence)


def test_other_evidence_of_the_same_tags_is_another_version():
    """Libraries weigh their tags again only where EVIDENCE_VERSION is raised."""
    tags = Tags(
        title="Vocalise",
        genres=("Instrumental",),
        performers=("A (narrator)", "B (tenor)"),
        lyricists=("C",),
        languages=("zxx",),
        comments=("sung by D",),
        voice_chance=0.75,
    )
    found = voice.tag_evidence(tags)
    assert (voice.EVIDENCE_VERSION, found[:3]) == (2, pytest.approx((8.5986, 5.0, -3.0), abs=1e-4))
    assert found[3:] == (True, True)
