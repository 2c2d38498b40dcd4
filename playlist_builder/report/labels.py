"""A session in words: its title, its phases, and what each track is, for those who see no chart.

Texts with tags are escaped, as XML and HTML ask for.
"""

from playlist_builder.language.text import clock, escaped, shortened
from playlist_builder.models import Session, Silence
from playlist_builder.report import summary
from playlist_builder.report.language import Language, number, signed


def title_of(session: Session, language: Language) -> str:
    """Return the title of the session's profile, or its name."""
    profile = summary.profile(session)
    return language.profile_word(profile.title) if profile else session.profile


def span_name(span: summary.Span | summary.PlannedSpan, language: Language) -> str:
    """Return the name of a phase, or of the tail."""
    name = language.gettext("tail") if span.is_tail else language.profile_word(span.name)
    return shortened(name)


def legend(session: Session, language: Language) -> list[str]:
    """Return what the scales of the picture mean, a sentence for each that is drawn."""
    gettext = language.gettext
    energy = gettext("Energy says how lively music feels, from 0 (still) to 1 (stirring).")
    tension = gettext("Tension says how uneasy it may feel, from 0 to 1; it is a guess.")
    loudness = gettext("LU count how loud music is: 1 LU is hardly heard, 10 LU are twice as loud.")
    has_tension = any(slot.tension is not None for slot in summary.whole(session))
    has_steps = any(step is not None for step in summary.steps(session))
    return [energy, *([tension] if has_tension else []), *([loudness] if has_steps else [])]


def silence_label(silence: Silence, language: Language) -> str:
    """Return, escaped, a description of a planned silence."""
    template = language.gettext("Silence at {start}, as planned: {length}.")
    length = clock(silence.duration_s)
    return escaped(template.format(start=clock(silence.start_s), length=length))


def description(session: Session, language: Language) -> str:
    """Return, escaped, what the picture shows, for those who do not see it."""
    beyond = language.gettext("{count} loudness steps rise beyond the limit of {limit} LU.").format(
        count=sum(step is not None and step.is_beyond for step in summary.steps(session)),
        limit=f"{summary.rules(session).loudness_step_lu:g}",
    )
    spans = summary.spans(session)
    curve = session.curve or (0.0,)
    template = language.gettext(
        "{title}: {count} tracks in {length}. Planned energy from {low} to {high};"
        " phases: {phases}. {beyond}"
    )
    told = escaped(
        template.format(
            title=title_of(session, language),
            count=len(session.slots),
            length=language.duration(session.duration_s),
            low=number(min(curve), 2),
            high=number(max(curve), 2),
            phases=language.gettext(", ").join(
                f"{span_name(each, language)} {clock(each.start_s)}" for each in spans
            ),
            beyond=beyond,
        )
    )
    return " ".join([told, *(silence_label(each, language) for each in session.silences)])


def labels(session: Session, language: Language) -> list[str]:
    """Return, escaped, a description of each track."""
    rise = language.gettext(", step {step} LU")
    hint = language.gettext(" Tension {tension} (a hint).")
    template = language.gettext(
        "{number}. {title}{artist}. Starts {start}, lasts {length}, {phase}."
        " Energy {energy}, planned {plan}. {loudness} LUFS{step}. Voice: {vocals}."
    )
    phases = [span_name(span, language) for span in summary.spans(session) for _ in span.slots]
    slots, steps = summary.whole(session), summary.steps(session)
    return [
        escaped(
            template.format(
                number=place + 1,
                title=shortened(slot.title) or language.gettext("untitled"),
                artist=f", {shortened(slot.artist)}" if slot.artist else "",
                start=clock(slot.start_s),
                length=clock(slot.duration_s),
                phase=phase,
                energy=number(slot.energy, 2),
                plan=number(slot.target, 2),
                loudness=number(slot.loudness_lufs, 1),
                step="" if step is None else rise.format(step=signed(step.rise_lu)),
                vocals=language.voice(slot.vocals),
            )
            + ("" if slot.tension is None else hint.format(tension=number(slot.tension, 2)))
        )
        for place, (slot, step, phase) in enumerate(zip(slots, steps, phases, strict=True))
    ]
