"""``status --html``: the same as one self-contained page, for phone and desktop."""

from html import escape

from monokeel.ground.words import span
from monokeel.promotion import status
from monokeel.promotion.history import COLUMNS, recorded
from monokeel.promotion.reading import Place, Reading
from monokeel.promotion.status import Overview, PlaceStatus

_SHOWN = 12  # moves of each environment
_STYLE = """
:root { color-scheme: light dark; --back: #fff; --ink: #1c2128; --dim: #59636e;
  --line: #d1d9e0; --bad: #b3261e; --badback: #fdecea; --good: #1a7f37;
  --card: #f6f8fa }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --ink: #e6edf3;
  --dim: #9198a1; --line: #3d444d; --bad: #ff8a80; --badback: #3b1513;
  --good: #57d364; --card: #161b22 } }
* { box-sizing: border-box } body { margin: 0 auto; max-width: 72rem; padding: 1rem;
  background: var(--back); color: var(--ink); font: 1rem/1.45 system-ui, sans-serif }
h1 { font-size: 1.25rem; margin: 0 0 .75rem }
h2 { font-size: 1.1rem; margin: 1rem 0 .25rem }
.place h2 { margin: 0 }
.stop { background: var(--badback); color: var(--bad); border: 1px solid var(--bad);
  border-radius: 6px; padding: .5rem .75rem; margin: 0 0 .5rem; font-weight: 600 }
.places { display: grid; gap: .75rem; margin: .75rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)) }
.place { background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  padding: .75rem; overflow-wrap: anywhere } .drifts { border-color: var(--bad) }
.version { font-size: 1.5rem; font-weight: 700 } p { margin: .25rem 0 }
.dim { color: var(--dim) } .good { color: var(--good) } .bad { color: var(--bad) }
.time { display: flex; height: 1.5rem; margin: .5rem 0; border-radius: 4px;
  overflow: hidden } .time span { min-width: 2px; padding: 0 .25rem; overflow: hidden;
  white-space: nowrap; font-size: .75rem; line-height: 1.5rem; color: #fff }
table { border-collapse: collapse; width: 100%; font-size: .875rem }
td, th { border-top: 1px solid var(--line); padding: .25rem .5rem .25rem 0;
  text-align: left; vertical-align: top } .scroll { overflow-x: auto }
"""
# Dark enough for white text in both modes, and told apart by the text in them too.
_COLOURS = ("#0b5cad", "#6b3fa0", "#8a5a00", "#1b6e53", "#9c2b5b", "#46566b")


def board_html(overview: Overview) -> str:
    """Return the page, self-contained: stops and drift, each environment, its moves."""
    reading, now = overview.reading, overview.reading.ledger.now
    title = f"What runs where in {escape(reading.settings.repository)}"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>",
            *(
                f'<div class="stop" role="alert">{escape(each)}</div>'
                for each in status.alerts(overview)
            ),
            '<div class="places">',
            *(_card(each, reading) for each in overview.places),
            "</div>",
            *(_moves(each, reading) for each in reading.places),
            f'<p class="dim">As of {now:%Y-%m-%d %H:%MZ}, GitHub\'s clock.</p>',
            "</body></html>\n",
        ]
    )


def _card(each: PlaceStatus, reading: Reading) -> str:
    place, (first, *lines) = each.place, status.words_of(each, reading)
    at = place.version or ("nothing yet" if place.commit is None else "no release")
    lines = [("dim", first[1].removeprefix(at).lstrip()), *lines]
    shown = (f'<p class="{kind}">{escape(text)}</p>' for kind, text in lines if text)
    return (
        f'<section class="place{" drifts" if place.drift else ""}">'
        f"<h2>{escape(place.name)}</h2>"
        f'<div class="version">{escape(at)}</div>{_timeline(place, reading)}'
        f"{''.join(shown)}</section>"
    )


def _timeline(place: Place, reading: Reading) -> str:
    parts, number = [], {v: n for n, v in enumerate(reading.pointers.releases)}
    for record in reversed(reading.ledger.confirmed(place.name)[:_SHOWN]):
        lived, version = reading.ledger.time_live(record), escape(record.version)
        colour = _COLOURS[number.get(record.version, 0) % len(_COLOURS)]
        style = f"flex:{max(1, int(lived.total_seconds()))} 1 0;background:{colour}"
        title = f"{version} for {span(lived)}"
        parts.append(f'<span style="{style}" title="{title}">{version}</span>')
    return f'<div class="time">{"".join(parts)}</div>' if parts else ""


def _moves(place: Place, reading: Reading) -> str:
    moves = [recorded(x, reading) for x in reading.ledger.of(place.name)[:_SHOWN]]
    cells = [[f"<td>{escape(cell)}</td>" for cell in move.row] for move in moves]
    rows = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    heads = "".join(f"<th>{head}</th>" for head in COLUMNS)
    table = f'<div class="scroll"><table><tr>{heads}</tr>{rows}</table></div>'
    return f"<h2>Moves of {escape(place.name)}</h2>{table}" if moves else ""
