# SPDX-License-Identifier: GPL-2.0
"""Charts as SVG: lines over linear or logarithmic axes, or bars, and a legend."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 470
LEFT, RIGHT, TOP, BOTTOM = 74, 226, 52, 54
FONT = "font-family='Helvetica, Arial, sans-serif'"
INK, FAINT = "#333333", "#e4e4e4"
DASHES = ["", "7 4", "2 3", "9 3 2 3"]


class Axis:
    """Maps values to pixels, and knows where its ticks are."""

    def __init__(self, values, start, end, log, text):
        self.log, self.text = log, text
        self.start, self.end = start, end
        low, high = min(values), max(values)
        if log:
            low, high = low / 1.3, high * 1.3
        else:
            low, high = min(0, low), high * 1.08
        self.low, self.high = low, high

    def at(self, value):
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self):
        if self.log == 2:
            return self._powers_of_two()
        if self.log:
            return self._decades()
        return self._steps()

    def _powers_of_two(self):
        first, last = math.ceil(math.log2(self.low)), math.floor(math.log2(self.high))
        step = max(1, (last - first + 8) // 9)
        return [2 ** e for e in range(first, last + 1, step)]

    def _decades(self):
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        digits = (1, 2, 5) if last - first <= 3 else (1,)
        ticks = [d * 10.0 ** e for e in range(first, last + 1) for d in digits]
        return [t for t in ticks if self.low * 0.999 <= t <= self.high * 1.001]

    def _steps(self):
        raw = (self.high - self.low) / 6
        power = 10 ** math.floor(math.log10(raw))
        step = min((s * power for s in (1, 2, 5, 10) if s * power >= raw))
        count = int((self.high - self.low) / step + 1e-9)
        return [self.low + i * step for i in range(count + 1)]


class Chart:
    def __init__(self, title, xlabel, ylabel, xlog=0, ylog=0, xtext=str, ytext=str):
        self.title, self.xlabel, self.ylabel = title, xlabel, ylabel
        self.xlog, self.ylog = xlog, ylog
        self.xtext, self.ytext = xtext, ytext
        self.xticks = None
        self.markers = True
        self.series = []

    def add(self, name, points, color, style=0):
        """A line through (x, y); style tells lines of one colour apart."""
        points = [p for p in points if p[1] is not None]
        if points:
            self.series.append((name, sorted(points), color, style))

    def render(self):
        xs = [x for s in self.series for x, _ in s[1]]
        ys = [y for s in self.series for _, y in s[1]]
        x = Axis(xs, LEFT, WIDTH - RIGHT, self.xlog, self.xtext)
        if self.xticks:
            x.low, x.high = self.xticks[0] - 0.5, self.xticks[-1] + 0.5
        y = Axis(ys, HEIGHT - BOTTOM, TOP, self.ylog, self.ytext)
        parts = [f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' "
                 f"height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}'>",
                 f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>"]
        parts += self._frame(x, y)
        for name, points, color, style in self.series:
            parts += self._line(points, color, style, x, y)
        parts += self._legend()
        return "\n".join(parts + ["</svg>", ""])

    def _frame(self, x, y):
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        parts = [text(LEFT, 26, self.title, 15, weight="bold")]
        for tick in y.ticks():
            at = y.at(tick)
            parts.append(line(LEFT, at, right, at, FAINT))
            parts.append(text(LEFT - 8, at + 4, y.text(tick), 12, "end"))
        for tick in self.xticks or x.ticks():
            at = x.at(tick)
            parts.append(line(at, TOP, at, bottom, FAINT))
            parts.append(text(at, bottom + 18, x.text(tick), 12, "middle"))
        parts.append(line(LEFT, bottom, right, bottom, INK))
        parts.append(line(LEFT, TOP, LEFT, bottom, INK))
        parts.append(text((LEFT + right) / 2, HEIGHT - 12, self.xlabel, 13, "middle"))
        middle = (TOP + bottom) / 2
        parts.append(f"<g transform='rotate(-90 16 {middle:.0f})'>"
                     + text(16, middle, self.ylabel, 13, "middle") + "</g>")
        return parts

    def _line(self, points, color, style, x, y):
        places = [(x.at(a), y.at(b)) for a, b in points]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        parts = [f"<polyline points='{path}' fill='none' stroke='{color}' "
                 f"stroke-width='2' stroke-linejoin='round'{dash(style)}/>"]
        if self.markers:
            parts += [marker(a, b, color, style) for a, b in places]
        return parts

    def _legend(self):
        parts = []
        left = WIDTH - RIGHT + 16
        for i, (name, _, color, style) in enumerate(self.series):
            at = TOP + 8 + 21 * i
            parts.append(f"<line x1='{left}' y1='{at}' x2='{left + 30}' y2='{at}' "
                         f"stroke='{color}' stroke-width='2'{dash(style)}/>")
            if self.markers:
                parts.append(marker(left + 15, at, color, style))
            parts.append(text(left + 38, at + 4, name, 12))
        return parts


class BarChart(Chart):
    """Groups of bars, a group for each category; a series has (index, value)."""

    def __init__(self, title, categories, ylabel, ytext=str):
        super().__init__(title, "", ylabel, xtext=lambda i: categories[int(i)],
                         ytext=ytext)
        self.xticks = list(range(len(categories)))

    def _line(self, points, color, style, x, y):
        width = (x.at(1) - x.at(0)) * 0.7 / len(self.series)
        place = [s[1] is points for s in self.series].index(True)
        shift = (place - len(self.series) / 2) * width
        return [f"<rect x='{x.at(a) + shift:.1f}' y='{y.at(b):.1f}' width='{width:.1f}' "
                f"height='{y.at(0) - y.at(b):.1f}' fill='{color}'/>" for a, b in points]


def dash(style):
    pattern = DASHES[style % len(DASHES)]
    return f" stroke-dasharray='{pattern}'" if pattern else ""


def marker(x, y, color, style):
    """Filled for the first of a colour, hollow for the others."""
    fill = color if style == 0 else "white"
    return (f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.2' fill='{fill}' "
            f"stroke='{color}' stroke-width='1.5'/>")


def line(x1, y1, x2, y2, color):
    return (f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' "
            f"stroke='{color}'/>")


def text(x, y, words, size, anchor="start", weight="normal"):
    return (f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' {FONT} fill='{INK}' "
            f"text-anchor='{anchor}' font-weight='{weight}'>{escape(str(words))}</text>")
