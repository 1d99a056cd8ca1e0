# SPDX-License-Identifier: GPL-2.0
"""One table a workload: the size, spanheap, each peer and the ratio to it."""

from figures import ALLOCATORS, size_text, value_text

TITLES = {
    "single": "one object, allocated and freed",
    "batch": "many objects allocated, then all freed",
    "bulk": "several objects in one call, each object",
    "churn": "random objects of a live set replaced by others",
    "remote": "allocated on one CPU, freed on another",
    "parallel": "every CPU at work, time of an object over all CPUs",
    "growth": "objects with a span of their own, as the heap fills",
    "giveback": "pages given back and taken again, one page",
    "traffic": "two CPUs at work while idle memory goes back, time of an object",
    "touch": "one step of a pointer chase over the objects",
    "replay": "the kernel's own allocations, recorded and repeated",
    "profile": "workloads with samples of the profile at the default rate, without, and each 512 KiB (often)",
}


def label_columns(points):
    """Only what differs between the rows: [(title, function of a key)]."""
    columns = [
        ("variant", lambda key: key.variant),
        ("count", lambda key: str(key.count)),
        ("cpus", lambda key: str(key.cpus)),
        ("size", lambda key: size_text(key.size)),
    ]
    varying = [c for c in columns if len({c[1](key) for key in points}) > 1]
    return varying or columns[:1]


def table_rows(points):
    """A header and a row a point, as lists of strings."""
    labels = label_columns(points)
    present = [a for a in ALLOCATORS if any(a in f for f in points.values())]
    peers = [a for a in present if a != "spanheap"]

    header = [title for title, _ in labels] + ["spanheap"]
    for peer in peers:
        header += [peer, "ratio"]
    rows = [header + ["spread"]]

    for key, figures in points.items():
        own = figures.get("spanheap")
        row = [text(key) for _, text in labels]
        row.append(value_text(own.median) if own else "-")
        for peer in peers:
            figure = figures.get(peer)
            row.append(value_text(figure.median) if figure else "-")
            row.append(f"{own.median / figure.median:.2f}"
                       if own and figure and figure.median else "-")
        row.append(f"{100 * max(f.spread for f in figures.values()):.0f}%")
        rows.append(row)
    return rows


def format_rows(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths))
            for row in rows]


def print_workload(lane, workload):
    for metric in ("time", "peak_resident", "peak_live"):
        points = lane.select(workload, metric)
        if not points:
            continue
        unit = lane.unit if metric == "time" else "bytes, " + metric.replace("_", " ")
        print(f"\n{workload}: {TITLES[workload]} ({lane.name}, {unit})")
        # Small and large objects have different peers: a table each.
        for group in split_by_peers(points):
            print()
            for line in format_rows(table_rows(group)):
                print("  " + line)


def split_by_peers(points):
    groups = {}
    for key, figures in points.items():
        groups.setdefault(tuple(sorted(figures)), {})[key] = figures
    return groups.values()
