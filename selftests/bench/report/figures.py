# SPDX-License-Identifier: GPL-2.0
"""The figures of a run: read, looked up, formatted."""

import csv
import glob
import os
from collections import namedtuple

# What a figure is about; two allocators' figures with equal keys compare.
Key = namedtuple("Key", "workload variant size count cpus metric")
Figure = namedtuple("Figure", "median spread runs unit")

ALLOCATORS = ["spanheap", "unprofiled", "often", "kmalloc", "kmem_cache", "kvmalloc", "vmalloc",
              "page"]
WORKLOADS = ["single", "batch", "bulk", "churn", "remote", "parallel",
             "growth", "giveback", "traffic", "touch", "replay", "profile"]


class Lane:
    """All figures measured in one boot: {Key: {allocator: Figure}}."""

    def __init__(self, name):
        self.name = name
        self.points = {}

    @property
    def unit(self):
        """Instruction counts are taken as nanoseconds of virtual time."""
        return "ns" if self.name == "native" else "instructions"

    def add(self, row):
        key = Key(row["workload"], row["variant"], int(row["size"]),
                  int(row["count"]), int(row["cpus"]), row["metric"])
        self.points.setdefault(key, {})[row["allocator"]] = Figure(
            float(row["median"]), float(row["spread"]), int(row["runs"]),
            row["unit"])

    def select(self, workload, metric="time"):
        """The points of a workload, in the order in which they were measured."""
        return {key: figures for key, figures in self.points.items()
                if key.workload == workload and key.metric == metric}

    def get(self, key, allocator):
        figure = self.points.get(key, {}).get(allocator)
        return figure.median if figure else None


def read_lane(path):
    lane = Lane(os.path.splitext(os.path.basename(path))[0])
    with open(path, newline="", encoding="ascii") as f:
        for row in csv.DictReader(f):
            lane.add(row)
    return lane


def read_lanes(folder):
    """Native first, then the others by name."""
    lanes = [read_lane(path) for path in sorted(glob.glob(folder + "/*.csv"))]
    return {lane.name: lane
            for lane in sorted(lanes, key=lambda l: (l.name != "native", l.name))}


def size_text(size):
    """8192 -> 8K; 1536 -> 1536."""
    for suffix, factor in (("M", 1 << 20), ("K", 1 << 10)):
        if size >= factor and size % factor == 0:
            return f"{size // factor}{suffix}"
    return str(size)


def value_text(value):
    """Three digits that matter, no more."""
    if value >= 1e9:
        return f"{value / 1e9:.2f}G"
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    if value >= 1000:
        return f"{value:.0f}"
    return f"{value:.1f}"
