# SPDX-License-Identifier: GPL-2.0
"""A plot for each workload that was measured."""

import os

from figures import ALLOCATORS, WORKLOADS, size_text
from svg import BarChart, Chart

MIB = 1 << 20

COLORS = {
    "spanheap": "#0b5cad",
    "kmalloc": "#d9730d",
    "kmem_cache": "#3a8f3a",
    "kvmalloc": "#b5322e",
    "vmalloc": "#777777",
    "page": "#8a5fb0",
}


def tick_text(value):
    """1000000 -> 1M, in the decimal sense; small values as they are."""
    for suffix, factor in (("M", 1e6), ("k", 1e3)):
        if value >= factor:
            return f"{value / factor:g}{suffix}"
    return f"{value:g}"


def add_lines(chart, points, x_of, name_of, y_of=lambda figure: figure.median):
    """A line for each allocator and each name_of(key)."""
    for allocator in ALLOCATORS:
        lines = {}
        for key, figures in points.items():
            if allocator in figures:
                lines.setdefault(name_of(key), []).append(
                    (x_of(key), y_of(figures[allocator])))
        for style, (name, line) in enumerate(lines.items()):
            chart.add(f"{allocator} {name}".strip(), line, COLORS[allocator], style)


def against_size(title, lane, points, name_of=lambda key: ""):
    chart = Chart(title, "object size, bytes", f"{lane.unit} an object", 2, 10,
                  size_text, tick_text)
    add_lines(chart, points, lambda key: key.size, name_of)
    return chart


def draw_single(lane, points):
    return against_size("One object, allocated and freed", lane, merge_sizes(points))


def merge_sizes(points):
    """Small and large share some sizes: keep spanheap's first figure there."""
    merged = {}
    for key, figures in points.items():
        common = key._replace(variant="")
        merged[common] = {**figures, **merged.get(common, {})}
    return merged


def draw_batch(lane, points):
    wanted = {key: {a: f for a, f in figures.items() if a != "kmem_cache"}
              for key, figures in points.items()
              if key.count == min(k.count for k in points)}
    count = min(k.count for k in points)
    return against_size(f"{count} objects allocated, then freed in some order",
                        lane, wanted, lambda key: key.variant)


def draw_bulk(lane, points):
    points = {key: f for key, f in points.items() if key.variant == "bulk"}
    return against_size("Several objects in one call", lane, points,
                        lambda key: f"{key.count} a call")


def draw_remote(lane, points):
    return against_size("Allocated on one CPU, freed on another", lane, points)


def draw_touch(lane, points):
    chart = against_size("One step of a pointer chase over the objects", lane, points,
                         lambda key: f"{key.variant}iB")
    chart.ylabel = f"{lane.unit} a step"
    return chart


def against_count(title, xlabel, lane, points):
    chart = Chart(title, xlabel, f"{lane.unit} an object", 10, 10, tick_text, tick_text)
    add_lines(chart, points, lambda key: key.count,
              lambda key: size_text(key.size) if key.size else key.variant)
    return chart


def draw_growth(lane, points):
    return against_count("Cost of an allocation as the heap fills",
                         "live objects of 8 KiB", lane, points)


def draw_churn(lane, points):
    return against_count("Random objects replaced by others", "live objects", lane, points)


def draw_parallel(lane, points):
    chart = Chart("Throughput of CPUs at work together", "CPUs",
                  "million objects a second", 0, 0, tick_text, tick_text)
    smallest = min(key.size for key in points)
    points = {key: f for key, f in points.items() if key.size == smallest}
    chart.title += f", {size_text(smallest)} bytes"
    add_lines(chart, points, lambda key: key.cpus, lambda key: key.variant,
              lambda figure: 1000 / figure.median)
    chart.xticks = sorted({key.cpus for key in points})
    return chart


def draw_variants(lane, points, title, unit):
    """A bar a variant of the workload."""
    variants = list(dict.fromkeys(key.variant for key in points))
    chart = BarChart(title, variants, f"{lane.unit} {unit}", tick_text)
    add_lines(chart, points, lambda key: variants.index(key.variant), lambda key: "")
    return chart


def draw_giveback(lane, points):
    return draw_variants(lane, points, "Memory given back and taken again", "a page")


def draw_traffic(lane, points):
    return draw_variants(lane, points, "Two CPUs at work while idle memory goes back",
                         "an object")


def draw_replay(lane, _):
    """Memory held in the course of the trace; the time is one figure only."""
    chart = Chart("Memory held while a recorded trace is repeated", "events",
                  "MiB", 0, 0, tick_text, tick_text)
    chart.markers = False
    add_lines(chart, lane.select("replay", "resident"), lambda key: key.count,
              lambda key: "", lambda figure: figure.median / MIB)
    live = [(key.count, figures["spanheap"].median / MIB)
            for key, figures in lane.select("replay", "live").items()]
    chart.add("asked for", live, "#222222", 1)
    return chart


# "profile" is a table only.
DRAW = {name: globals()["draw_" + name] for name in WORKLOADS if name != "profile"}


def draw_all(lanes, folder):
    written = []
    for lane in lanes.values():
        for workload, draw in DRAW.items():
            points = lane.select(workload)
            if not points:
                continue
            chart = draw(lane, points)
            chart.title += f" ({lane.name})"
            path = os.path.join(folder, f"{lane.name}-{workload}.svg")
            with open(path, "w", encoding="utf-8") as f:
                f.write(chart.render())
            written.append(path)
    return written
