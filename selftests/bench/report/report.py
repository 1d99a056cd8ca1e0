# SPDX-License-Identifier: GPL-2.0
"""Print the tables and verdicts of a benchmark run, and draw its plots.

usage: report.py FOLDER     with a CSV file a lane, as scripts/bench leaves them
"""

import os
import sys

import bars
import plots
import tables
from figures import WORKLOADS, read_lanes


def print_machine(folder):
    path = os.path.join(folder, "machine")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as f:
        facts = dict(line.strip().split(": ", 1) for line in f)
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    if float(facts.get("load", 0)) > 0.5:
        print("The machine was busy: times may be too high and spreads wide.")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    lanes = read_lanes(folder)
    if not lanes:
        sys.exit("report: no figures in " + folder)

    print_machine(folder)
    for lane in lanes.values():
        for workload in WORKLOADS:
            tables.print_workload(lane, workload)

    bars.print_bars("Bars", bars.first_bars(lanes))
    bars.print_bars("Targets", bars.target_bars(lanes))

    written = plots.draw_all(lanes, folder)
    print(f"\n{len(written)} plots and {len(lanes)} tables of figures in {folder}")


if __name__ == "__main__":
    main()
