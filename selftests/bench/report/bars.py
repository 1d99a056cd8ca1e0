# SPDX-License-Identifier: GPL-2.0
"""The bars: what the figures have to reach, and whether they do."""

from collections import namedtuple

from figures import size_text, value_text

# value: what was measured, None when it was not; limit: at most this.
Verdict = namedtuple("Verdict", "text passed value limit where")

KIB = 1 << 10
MIB = 1 << 20


def place(key):
    """A point in words."""
    words = [key.variant]
    if key.count:
        words.append(f"{key.count} objects")
    if key.size:
        words.append(size_text(key.size))
    if key.cpus > 1:
        words.append(f"{key.cpus} CPUs")
    return " ".join(words)


def worst(text, limit, candidates, strict=False):
    """The verdict on the largest of (value, where); it must be <= limit."""
    candidates = [c for c in candidates if c[0] is not None]
    if not candidates:
        return Verdict(text, None, None, limit, "")
    value, where = max(candidates)
    passed = value < limit if strict else value <= limit
    return Verdict(text, passed, value, limit, where)


def ratios(lane, peer, points):
    """spanheap over peer, for every point that has both."""
    for key, figures in points.items():
        if "spanheap" in figures and figures.get(peer) and figures[peer].median:
            yield figures["spanheap"].median / figures[peer].median, place(key)


def ratio_bar(lanes, name, text, limit, peer, workload, metric="time",
              keep=lambda key: True, strict=False):
    lane = lanes.get(name)
    points = lane.select(workload, metric) if lane else {}
    points = {key: f for key, f in points.items() if keep(key)}
    return worst(f"{text} ({name})", limit, ratios(lane, peer, points), strict)


def instructions_bar(lanes, name, limit):
    """One pair of 64 bytes."""
    lane = lanes.get(name)
    points = lane.select("single") if lane else {}
    return worst(f"single: 64 B in at most {limit} instructions ({name})", limit,
                 [(f["spanheap"].median, place(key)) for key, f in points.items()
                  if key.variant == "small" and key.size == 64])


def between(variant, low, high):
    return lambda key: key.variant == variant and low <= key.size <= high


def overhead_bar(lanes, limit):
    """Peak resident bytes over peak live bytes, in the churn."""
    lane = lanes.get("native")
    points = lane.select("churn", "peak_resident") if lane else {}
    return worst(f"churn: peak resident at most {limit} x live (native)", limit,
                 [(f["spanheap"].median /
                   lane.get(key._replace(metric="peak_live"), "spanheap"), place(key))
                  for key, f in points.items()])


def scaling_bar(lanes, factor):
    """Time of an object over all CPUs: one CPU's over that of two."""
    lane = lanes.get("native")
    points = lane.select("parallel") if lane else {}
    candidates = []
    for key, figures in points.items():
        one = points.get(key._replace(cpus=1))
        if key.cpus == 2 and one:
            candidates.append((2 * figures["spanheap"].median /
                               one["spanheap"].median, place(key)))
    verdict = worst(f"parallel: 2 CPUs give {factor} x the throughput of one (native)",
                    2 / factor, candidates)
    if verdict.value is None:
        return verdict
    return verdict._replace(value=2 / verdict.value, limit=factor)


def growth_bar(lanes, limit, least=1000000):
    """The largest live set over the smallest."""
    lane = lanes.get("growth") or lanes.get("native")
    points = lane.select("growth") if lane else {}
    points = {key: f for key, f in points.items() if "spanheap" in f}
    text = f"growth: {least} spans at most {limit} x 100 spans ({lane.name if lane else 'native'})"
    most = max((key.count for key in points), default=0)
    if most < least:
        return Verdict(text, None, None, limit, f"largest measured: {most}")
    return worst(text, limit,
                 [(f["spanheap"].median /
                   points[key._replace(count=100)]["spanheap"].median, place(key))
                  for key, f in points.items() if key.count == most])


def undisturbed_bar(lanes, least):
    """Throughput while memory goes back, over that while none does."""
    lane = lanes.get("native")
    points = lane.select("traffic") if lane else {}
    candidates = []
    for key, figures in points.items():
        quiet = points.get(key._replace(variant="quiet"))
        if key.variant == "scavenging" and quiet:
            candidates.append((figures["spanheap"].median /
                               quiet["spanheap"].median, place(key)))
    verdict = worst(f"traffic: at least {least} x the throughput while scavenging (native)",
                    1 / least, candidates)
    if verdict.value is None:
        return verdict
    return verdict._replace(value=1 / verdict.value, limit=least)


def pause_bar(lanes, most_us):
    """The longest an allocation waited for a lock because memory went back."""
    lane = lanes.get("native")
    points = lane.select("traffic", "longest_pause") if lane else {}
    return worst(f"traffic: longest pause at most {most_us} us (native)", most_us,
                 [(f["spanheap"].median / 1000, place(key))
                  for key, f in points.items()])


def giveback_bars(lanes):
    for name in ("stock", "stock-6.12"):
        if name in lanes:
            yield ratio_bar(lanes, name, "giveback: release at most 1.2 x free_page",
                            1.2, "page", "giveback",
                            keep=lambda key: key.variant == "release")
            yield ratio_bar(lanes, name, "giveback: populate at most 1.3 x alloc_page",
                            1.3, "page", "giveback",
                            keep=lambda key: key.variant == "populate")
    yield undisturbed_bar(lanes, 0.9)
    yield pause_bar(lanes, 100)


def first_bars(lanes):
    yield ratio_bar(lanes, "native", "single: 8 B to 8 KiB no slower than kmalloc",
                    1.0, "kmalloc", "single", keep=between("small", 8, 8 * KIB))
    yield ratio_bar(lanes, "native", "single: 64 KiB to 4 MiB at most 0.2 x kvmalloc",
                    0.2, "kvmalloc", "single", keep=between("large", 64 * KIB, 4 * MIB))
    yield instructions_bar(lanes, "stock", 140)


def target_bars(lanes):
    yield ratio_bar(lanes, "native", "single: 8 B to 8 KiB at most 0.5 x kmalloc",
                    0.5, "kmalloc", "single", keep=between("small", 8, 8 * KIB))
    for name in ("stock", "stock-6.12"):
        if name in lanes:
            yield instructions_bar(lanes, name, 100)
    yield ratio_bar(lanes, "native", "single: 16 KiB to 4 MiB at most 0.15 x kvmalloc",
                    0.15, "kvmalloc", "single", keep=between("large", 16 * KIB, 4 * MIB))
    for name in ("stock", "stock-6.12"):
        if name in lanes:
            yield ratio_bar(lanes, name, "single: from 1 MiB at most 0.01 x vmalloc",
                            0.01, "vmalloc", "single",
                            keep=between("large", MIB, 1 << 40))
    yield ratio_bar(lanes, "native", "batch: at most 0.5 x kmalloc",
                    0.5, "kmalloc", "batch")
    yield ratio_bar(lanes, "native", "churn: at most 0.6 x kmalloc",
                    0.6, "kmalloc", "churn", keep=lambda key: key.variant == "plain")
    yield overhead_bar(lanes, 1.15)
    yield ratio_bar(lanes, "native", "churn: peak resident below kmalloc's",
                    1.0, "kmalloc", "churn", "peak_resident", strict=True)
    yield ratio_bar(lanes, "native", "remote: at most 0.7 x kmalloc",
                    0.7, "kmalloc", "remote")
    yield scaling_bar(lanes, 1.9)
    yield ratio_bar(lanes, "native", "bulk: at most kmem_cache's bulk",
                    1.0, "kmem_cache", "bulk")
    yield growth_bar(lanes, 2.0)
    yield from giveback_bars(lanes)
    yield ratio_bar(lanes, "native", "replay: faster than kmalloc",
                    1.0, "kmalloc", "replay", strict=True)
    yield ratio_bar(lanes, "native", "replay: fewer resident bytes at peak than kmalloc",
                    1.0, "kmalloc", "replay", "peak_resident", strict=True)
    yield ratio_bar(lanes, "stock", "profile: churn at the default rate at most 1.01 x without",
                    1.01, "unprofiled", "profile",
                    keep=lambda key: key.variant.startswith("churn"))


def print_bars(title, verdicts):
    verdicts = list(verdicts)
    print(f"\n{title}\n")
    for v in verdicts:
        if v.passed is None:
            print(f"  -     {v.text}: not measured" + (f" ({v.where})" if v.where else ""))
            continue
        word = "PASS" if v.passed else "MISS"
        value = value_text(v.value) if v.limit >= 10 else f"{v.value:.3f}"
        print(f"  {word}  {v.text}: {value}, worst at {v.where}")
    measured = [v for v in verdicts if v.passed is not None]
    print(f"\n  {sum(v.passed for v in measured)} of {len(measured)} reached")
