"""What pages of HTML have in common: templates, style and script, and the foot of printed pages."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from playlist_builder.language.text import clock, shortened, xml_safe
from playlist_builder.report.language import number

# Of the picture: on a screen, on A4 and tablets, on a phone; the style shows one of them.
WIDTHS_PX = {"large": 1080, "middle": 700, "small": 362}
FOOT = "font-size: 8.5pt; color: #566167;"  # of printed pages


def resource(name: str) -> str:
    """Return the text of a file of `templates`."""
    package = __name__.rpartition(".")[0]
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")


TEMPLATES = Environment(
    loader=FunctionLoader(resource),
    autoescape=True,
    finalize=lambda value: xml_safe(value) if type(value) is str else value,  # one line
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
TEMPLATES.globals |= {"clock": clock, "number": number, "shortened": shortened}


def foot_style(*words: str) -> str:
    """Return the style of the margin of printed pages: what they are of, and their number."""
    told = " \N{MIDDLE DOT} ".join(filter(None, words))
    return (
        f"@page {{ @bottom-left {{ {FOOT} content: {_css_text(told)}; }}"
        f' @bottom-right {{ {FOOT} content: counter(page) " / " counter(pages); }} }}\n'
    )


def policy_hash(text: str) -> str:
    """Return the name of a style or script in the policy that allows it."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _css_text(text: str) -> str:
    """Return a text as a string of CSS, in which no letter but those of ASCII stands for itself."""
    safe = (each if each.isascii() and each.isalnum() else f"\\{ord(each):06x}" for each in text)
    return f'"{"".join(safe)}"'
