"""The report to read: one HTML file with its charts in it, which loads nothing and runs nothing.

Everything from outside, questions and answers first of all, is escaped; and a policy in the page forbids scripts,
should a browser ever be of another opinion.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from lambdas.common.figures import us_dollars
from lambdas.tuning.report import BINS, Report, Shown, verdict

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .35rem .6rem; text-align: left;
vertical-align: top; border-bottom: 1px solid #d0d7de; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.verdict { padding: .8rem 1rem; border-left: 4px solid #9a6700; background: #fff8c5; }
.verdict.better { border-color: #1a7f37; background: #dafbe1; }
svg { width: 100%; height: auto; } text { font: 12px system-ui, sans-serif; fill: #1b1f24; }
.base { fill: #8c959f; } .tuned { fill: #0969da; } .loss { fill: #cf222e; } .win { fill: #1a7f37; }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3; } text { fill: #e6edf3; }
.verdict { background: #272115; } .verdict.better { background: #12261e; } th, td { border-color: #30363d; } }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_WIDTH: Final = 720
_BAR: Final = 18


def render(report: Report) -> str:
    """Return the page."""
    title = f"Tuning {report.run}"
    sections = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="verdict{" better" if report.better else ""}">{escape(verdict(report))}</p>',
        _table("The run", _facts(report).items()),
        "<h2>Base and tuned model</h2>",
        _bars(report),
        _scores(report),
        f"<h2>Gain per record, by {escape(report.metric)}</h2>",
        _histogram(report.histogram),
        f"<p>Better on {report.wins:,}, the same on {report.ties:,}, worse on {report.losses:,} records.</p>",
        _examples("Where tuned gained most", report.best),
        _examples("Where tuned lost most", report.worst),
    ]
    if report.unreadable:
        lines = ((f"line {line}", why) for line, why in report.unreadable.items())
        sections.append(_table("Lines of the test set that are no questions", lines))
    body = "\n".join(sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _facts(report: Report) -> Mapping[str, str]:
    facts = {
        "Alias": report.alias,
        "Base model": report.base_model,
        "Records asked": f"{report.records:,}",
        "Compared by": f"{report.metric}; tuned has to be better by {report.margin:g}",
        "Written": report.written,
    }
    cost = report.cost
    if cost.training_usd:
        facts["Training, estimated"] = (
            f"{us_dollars(cost.training_usd.low)} to {us_dollars(cost.training_usd.high)} USD"
        )
    if cost.storage_usd_per_month:
        facts["Keeping the model"] = f"{us_dollars(cost.storage_usd_per_month)} USD a month"
    if cost.hosting:
        hourly = cost.hosting.usd_per_hour
        facts["Hosting"] = f"{cost.hosting.kind}, " + (
            f"{us_dollars(hourly)} USD an hour" if hourly else "nothing idle"
        )
    if cost.as_of:
        facts["Prices of"] = cost.as_of
    facts |= {name.replace("_", " ").capitalize(): f"{value:.4f}" for name, value in report.training.items()}
    return facts


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>\n" for name, value in rows)
    return f"<h2>{escape(title)}</h2>\n<table>\n{lines}</table>"


def _scores(report: Report) -> str:
    rows = [
        (name, f"{report.base.scores[name]:.3f}", f"{report.tuned.scores.get(name, 0):.3f}")
        for name in report.base.scores
    ]
    rows.append(("milliseconds per answer", f"{report.base.milliseconds:,.0f}", f"{report.tuned.milliseconds:,.0f}"))
    rows.append(("tokens in all", f"{report.base.tokens:,}", f"{report.tuned.tokens:,}"))
    rows.append(("not answered", f"{report.base.failed:,}", f"{report.tuned.failed:,}"))
    lines = "".join(
        f'<tr><th>{escape(name)}</th><td class="number">{base}</td><td class="number">{tuned}</td></tr>\n'
        for name, base, tuned in rows
    )
    head = '<tr><th></th><th class="number">base</th><th class="number">tuned</th></tr>'
    return f"<table>\n{head}\n{lines}</table>"


def _bars(report: Report) -> str:
    """Return the chart of all means: a pair of bars per metric, 0 to 1."""
    parts, y = [], 4
    left, full = 130, _WIDTH - 190
    for name in report.base.scores:
        parts.append(f'<text x="0" y="{y + _BAR + 5}">{escape(name)}</text>')
        for side, totals in (("base", report.base), ("tuned", report.tuned)):
            value = totals.scores.get(name, 0.0)
            parts.append(f'<rect class="{side}" x="{left}" y="{y}" width="{value * full:.1f}" height="{_BAR - 3}"/>')
            parts.append(f'<text x="{left + value * full + 6:.1f}" y="{y + 12}">{side} {value:.3f}</text>')
            y += _BAR
        y += 10
    return _svg(parts, height=y, label="Means of base and tuned model by metric")


def _histogram(counts: Sequence[int]) -> str:
    """Return the chart of the records' gains."""
    most, width, height = max([*counts, 1]), _WIDTH / BINS, 120
    parts = []
    for index, count in enumerate(counts):
        tall = count / most * height
        kind = "loss" if index < BINS // 2 else "win"
        parts.append(
            f'<rect class="{kind}" x="{index * width:.1f}" y="{height - tall + 16:.1f}" width="{width - 2:.1f}" '
            f'height="{tall:.1f}"/>'
        )
        if count:
            parts.append(f'<text x="{index * width + 2:.1f}" y="{height - tall + 12:.1f}">{count}</text>')
    for x, text in ((0, "-1"), (_WIDTH / 2 - 4, "0"), (_WIDTH - 14, "1")):
        parts.append(f'<text x="{x:.0f}" y="{height + 32}">{text}</text>')
    return _svg(parts, height=height + 38, label="How many records gained or lost how much")


def _svg(parts: Sequence[str], *, height: float, label: str) -> str:
    inside = "\n".join(parts)
    return f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}">\n{inside}\n</svg>'


def _examples(title: str, shown: Sequence[Shown]) -> str:
    if not shown:
        return ""
    head = "<tr><th>line</th><th>gain</th><th>asked</th><th>reference</th><th>base</th><th>tuned</th></tr>"
    rows = "".join(
        f'<tr><td class="number">{one.line}</td><td class="number">{one.gain:+.2f}</td><td>{escape(one.asked)}</td>'
        f"<td>{escape(one.reference)}</td><td>{escape(one.base)}</td><td>{escape(one.tuned)}</td></tr>\n"
        for one in shown
    )
    return f"<h2>{escape(title)}</h2>\n<table>\n{head}\n{rows}</table>"
