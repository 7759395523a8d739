"""The curves of a run as one SVG: loss above, validation error below."""

from __future__ import annotations

import csv
import math
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 230, 64, 16, 30, 34


def draw(folder: Path) -> None:
    """Writes `curve.svg` from `loss.csv` and `validation.csv`."""
    loss, validation = read(folder / "loss.csv"), read(folder / "validation.csv")
    panels = [
        panel("training loss per hand", [row["loss"] for row in loss], [row["step"] for row in loss], "#3465a4"),
        panel(
            "mean joint error on the validation split, mm",
            [row["mean_mm"] for row in validation],
            [row["step"] for row in validation],
            "#a40000",
        ),
    ]
    shifted = [f'<g transform="translate(0 {k * HEIGHT})">{part}</g>' for k, part in enumerate(panels)]
    style = "text{font:12px sans-serif;fill:#333}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {2 * HEIGHT}"><style>{style}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(shifted)}</svg>\n'
    )
    partial = folder / "curve.svg.part"
    partial.write_text(svg)
    partial.replace(folder / "curve.svg")


def read(path: Path) -> list[dict[str, float]]:
    """Rows of a CSV file of numbers; none if it is not there."""
    if not path.exists():
        return []
    with path.open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def panel(title: str, values: list[float], steps: list[float], colour: str) -> str:
    """One curve with its axes; the values' axis is logarithmic."""
    text = f'<text x="{LEFT}" y="18">{title}</text>'
    points = [(s, v) for s, v in zip(steps, values) if v > 0 and math.isfinite(v)]
    if not points:
        return text
    last, low, high = max(s for s, _ in points), min(v for _, v in points), max(v for _, v in points)
    low, high = low * 0.95, high * 1.05
    inner_w, inner_h = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(step: float, value: float) -> tuple[float, float]:
        up = math.log(value / low) / math.log(high / low)
        return LEFT + inner_w * step / last, TOP + inner_h * (1 - up)

    lines = ""
    for value in ticks_log(low, high):
        y = place(0, value)[1]
        lines += f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        lines += f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
    for step in ticks(last):
        x = place(step, high)[0]
        lines += f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{step:g}</text>'
    path = "L".join("{:.1f} {:.1f}".format(*place(s, v)) for s, v in points)
    end = f'<text x="{WIDTH - RIGHT}" y="18" text-anchor="end">{points[-1][1]:.4g} after {points[-1][0]:g} steps</text>'
    return f'{text}{end}{lines}<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def ticks(last: float) -> list[float]:
    """Round steps from 0 on, about five."""
    size = 10 ** math.floor(math.log10(max(last, 1) / 2))
    unit = next(u for u in (size, 2 * size, 5 * size, 10 * size) if last / u <= 6)
    return [k * unit for k in range(int(last / unit) + 1)]


def ticks_log(low: float, high: float) -> list[float]:
    """Values of 1, 2, 5 times powers of ten between two values; finer where there would be fewer than two."""
    for digits in ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [d * 10.0**p for p in powers for d in digits if low <= d * 10.0**p <= high]
        if len(found) >= 2:
            return found
    return [low, high]
