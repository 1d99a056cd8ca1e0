#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judge test runs.

  report.py lane NUMBER NAME FOLDER   judge one run, print it as KTAP
  report.py total FOLDER...           print the summary of those judged

A run's folder has, from scripts/rig/boot, console.log, output and results/; and
from scripts/test:
  status    exit status of the boot; 126 when the modules did not build
  seconds   how long it took
  tests     what was asked for: kunit, selftests
  suite     the glob it was restricted to
Both exit with 1 when something failed; `total` also when nothing ran at all.
"""

import json
import re
import sys
from pathlib import Path

from findings import expects_kasan, find, strip_stamp, taint
from ktap import Test, parse

SLOWEST = 10  # suites and selftests that the summary lists
STAMP = re.compile(r"(?:<\d+>)?\[\s*(\d+\.\d+)\]")
SUITE = re.compile(r"(?:not )?ok \d+ (\S+)")
SILENT = "# rig: silent for "  # how scripts/guest/tests says that it killed one


def read(path):
    """Lines of a file that may be missing or cut off anywhere."""
    if not path.exists():
        return []
    return path.read_text(errors="replace").replace("\r", "").split("\n")


def sections(lines, kind):
    """Yield (name, lines, status) for each section between the markers that
    scripts/guest/tests prints; status is None for one that did not end."""
    name, body = None, []
    begin, end = f"rig: begin {kind}", f"rig: end {kind} status "
    for line in lines:
        if line.startswith(begin):
            if name is not None:
                yield name, body, None
            name, body = line[len("rig: begin "):].split()[-1], []
        elif name is not None and end in line:
            text, _, status = line.partition(end)
            yield name, body + ([text] if text else []), int(status)
            name = None
        elif name is not None:
            body.append(line)
    if name is not None:
        yield name, body, None


def timed(console):
    """Yield (seconds, line) for the lines of a kernel log that have a time stamp."""
    for line in console:
        if match := STAMP.match(line):
            yield float(match.group(1)), strip_stamp(line)


def durations(console):
    """[(seconds, name)] of the selftests and the KUnit suites that ended."""
    result = []
    name, begin = None, 0
    for now, line in timed(console):
        if line.startswith("rig: begin "):
            name, begin = line.split()[-1], now
        elif name == "kunit" and (match := SUITE.match(line)):
            result.append((round(now - begin, 1), match.group(1)))
            begin = now
        elif line.startswith("rig: end selftest ") and name:
            result.append((round(now - begin, 1), name))
            name = None
    return result


def judge_section(name, lines, status, may_be_empty):
    """The tests of one section, and a failed one where its end is not right."""
    if may_be_empty and status == 0 and not any("TAP version" in l for l in lines):
        return []
    tests = parse(lines)
    silent = [l for l in lines if l.startswith(SILENT)]
    failed = any(leaf.outcome == "failed" for test in tests for _, leaf in test.leaves())
    if silent:
        tests.append(Test("(silent)", "failed", lines=silent + lines[-20:]))
    elif status is None:
        tests.append(Test("(end)", "failed", lines=["did not run to its end"] + lines[-20:]))
    elif status not in (0, 4) and not failed:
        tests.append(Test("(status)", "failed", lines=[f"exit status {status}"] + lines[-20:]))
    return [Test(name, "passed", tests)]


def judge_log(folder, console):
    """What the kernel log, kmemleak and the taint flags say, as one failed test."""
    lines = []
    found = find(console)
    for finding in found:
        lines += [f"{finding.title} [in {finding.where}]"] + finding.lines + [""]

    leaks = [l for l in read(folder / "results/kmemleak") if l]
    if leaks:
        found.append(leaks[0])
        lines += ["kmemleak:"] + leaks[:60]

    flags = (read(folder / "results/tainted") or ["0"])[0]
    words = taint(int(flags or 0), expects_kasan(console))
    if words and not found:
        found += words
        lines += ["the kernel is tainted: " + ", ".join(words)]

    return len(found), [Test("(kernel log)", "failed", lines=lines)] if found else []


def judge(folder):
    """(tests, number of log findings) of a run."""
    console, output = read(folder / "console.log"), read(folder / "output")
    wanted = " ".join(read(folder / "tests")).split()
    suite = read(folder / "suite")[:1] not in ([], [""], ["*"])
    status = int((read(folder / "status") or ["0"])[0])
    tests = []

    if "kunit" in wanted:
        runs = list(sections([strip_stamp(l) for l in console], "kunit"))
        for run in runs:
            tests += judge_section(*run, suite)
        if not runs and status != 126:
            tests.append(Test("kunit", "failed", lines=["did not run"]))
    if "selftests" in wanted:
        for run in sections(output, "selftest"):
            tests += judge_section(*run, False)
    if status != 0:
        why = {123: "silent for too long", 124: "time limit", 125: "the kernel stopped", 126: "not built"}.get(status, f"status {status}")
        tests.append(Test("(machine)", "failed", lines=[why] + console[-30:]))
    elif "rig: end of tests" not in output:
        tests.append(Test("(machine)", "failed", lines=["no end of tests"] + output[-30:]))
    if not tests and not suite:
        tests.append(Test("(tests)", "failed", lines=["there are none"]))

    found, extra = judge_log(folder, console)
    return tests + extra, found


def print_lane(number, name, folder):
    """Print one lane as KTAP and leave result.json for the total."""
    tests, found = judge(folder)
    leaves = [leaf for test in tests for leaf in test.leaves()]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    failures = []

    print(f"    KTAP version 1\n    # Subtest: {name}\n    1..{len(leaves)}")
    for i, (path, test) in enumerate(leaves, 1):
        title = ".".join(p for p in path if p != "kunit")
        counts[test.outcome] += 1
        if test.outcome == "failed":
            failures.append({"name": title, "lines": test.lines})
        word = "not ok" if test.outcome == "failed" else "ok"
        skip = " # SKIP" if test.outcome == "skipped" else ""
        print(f"    {word} {i} {title}{skip}")
    print(f"{'not ok' if failures else 'ok'} {number} {name}")

    seconds = (read(folder / "seconds") or ["0"])[0]
    result = {"name": name, "found": found, "seconds": seconds, "failures": failures,
              "durations": durations(read(folder / "console.log")), **counts}
    (folder / "result.json").write_text(json.dumps(result))
    return not failures


def print_total(folders):
    """Print failures, the table and the verdict."""
    results = [json.loads((folder / "result.json").read_text()) for folder in folders]

    for result in results:
        for failure in result["failures"]:
            print(f"\n# {result['name']}: {failure['name']} failed")
            for line in failure["lines"][-60:]:
                print(f"#     {line}")

    print(f"\n# {'lane':<16} {'passed':>7} {'failed':>7} {'skipped':>7} {'in log':>7} {'seconds':>8}")
    for r in results:
        print(f"# {r['name']:<16} {r['passed']:>7} {r['failed']:>7} {r['skipped']:>7}"
              f" {r['found']:>7} {r['seconds']:>8}")

    slowest = sorted(((*entry, r["name"]) for r in results for entry in r["durations"]),
                     reverse=True)[:SLOWEST]
    if slowest:
        print(f"\n# {'the slowest':<34} {'lane':<16} {'seconds':>8}")
    for seconds, name, lane in slowest:
        print(f"# {name:<34} {lane:<16} {seconds:>8}")

    passed, failed, skipped = (sum(r[k] for r in results) for k in ("passed", "failed", "skipped"))
    ran = sum(r["passed"] + r["failed"] for r in results if r["name"] != "rig")
    if ran == 0:
        print("# no test ran")
        failed += 1
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return failed == 0


def main(args):
    """Run one of the commands above."""
    if len(args) == 4 and args[0] == "lane":
        return print_lane(int(args[1]), args[2], Path(args[3]))
    if len(args) >= 2 and args[0] == "total":
        return print_total([Path(a) for a in args[1:]])
    print(__doc__, file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
