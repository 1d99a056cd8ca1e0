# SPDX-License-Identifier: GPL-2.0
"""Print what gcov counted, by file of module/: lines, branches, and the lines
nothing reached. Exit with 1 when fewer than LEAST percent of the lines were.

  coverage.py FOLDER ROOT    FOLDER has gcov's JSON, ROOT the sources

Headers count where any file that includes them reached their lines.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

LEAST = 92


def in_module(file):
    """The path of a source from module/ on; of one that is not ours, any other."""
    parts = Path(file).parts
    if "module" not in parts:
        return file
    return "/".join(parts[len(parts) - parts[::-1].index("module"):])


def percent(part, whole):
    """As text, for a column."""
    return f"{100 * part / whole:6.1f} %" if whole else "       -"


def read(folder):
    """lines[file][number] and branches[file][number, index]: how often."""
    lines, branches = defaultdict(dict), defaultdict(dict)
    for path in sorted(folder.glob("*.json")):
        for document in path.read_text().splitlines():
            for source in json.loads(document)["files"]:
                key = in_module(source["file"])
                for line in source["lines"]:
                    at = line["line_number"]
                    lines[key][at] = lines[key].get(at, 0) + line["count"]
                    for i, branch in enumerate(line["branches"]):
                        old = branches[key].get((at, i), 0)
                        branches[key][at, i] = old + branch["count"]
    return lines, branches


def ranges(numbers):
    """Numbers in order, neighbours as one pair."""
    result = []
    for number in sorted(numbers):
        if result and number == result[-1][1] + 1:
            result[-1][1] = number
        else:
            result.append([number, number])
    return result


def main(folder, root):
    """Print the tables; whether it is enough."""
    lines, branches = read(folder)
    lines = {name: lines[name] for name in lines if (root / "module" / name).exists()}
    if not lines:
        print("no counters")
        return False

    for name in sorted(lines):
        missed = [at for at, count in lines[name].items() if not count]
        text = (root / "module" / name).read_text().splitlines()
        for first, last in ranges(missed):
            print(f"# module/{name}:{first}: not reached")
            for at in range(first, last + 1):
                print(f"#     {text[at - 1]}")

    print(f"\n# {'file':<24} {'lines':>7} {'reached':>8} {'':>8} {'branches':>9} {'reached':>8}")
    total = [0, 0, 0, 0]
    for name in sorted(lines):
        row = [len(lines[name]), sum(map(bool, lines[name].values())),
               len(branches[name]), sum(map(bool, branches[name].values()))]
        total = [a + b for a, b in zip(total, row)]
        print(f"# {name:<24} {row[0]:>7} {row[1]:>8} {percent(row[1], row[0]):>8}"
              f" {row[2]:>9} {row[3]:>8} {percent(row[3], row[2]):>8}")
    enough = 100 * total[1] >= LEAST * total[0]
    print(f"\n{total[1]} of {total[0]} lines reached,{percent(total[1], total[0])};"
          f" {total[3]} of {total[2]} branches,{percent(total[3], total[2])}"
          f"{'' if enough else f': fewer than {LEAST} % of the lines'}")
    return enough


if __name__ == "__main__":
    sys.exit(0 if main(Path(sys.argv[1]), Path(sys.argv[2])) else 1)
