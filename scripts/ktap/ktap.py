# SPDX-License-Identifier: GPL-2.0
"""Read KTAP: what KUnit suites and kselftests print about themselves.

parse() returns a tree of Test. Only its leaves are counted; a test with tests
below it that fails for no reason of theirs counts as one more failure, and so
does a plan that was not kept: output that stops half way is a failure.
"""

import re
from dataclasses import dataclass, field

HEADER = re.compile(r"(KTAP version 1|TAP version 1[34])$")
PLAN = re.compile(r"1\.\.(\d+)(\s+# SKIP\b.*)?$")
RESULT = re.compile(r"(not ok|ok)\b(?:\s+\d+)?(?:\s+-)?\s*(.*?)\s*(?:#\s*(\w+)(.*))?$")
SUBTEST = re.compile(r"# Subtest:\s*(.*)$")
BAIL = re.compile(r"Bail out!\s*(.*)$")


@dataclass
class Test:
    """One result, with the tests below it and the lines that led to it."""

    name: str
    outcome: str = "passed"  # passed, failed, skipped
    children: list = field(default_factory=list)
    lines: list = field(default_factory=list)

    def leaves(self, path=()):
        """Yield (path, test) for each result that counts."""
        path = path + (self.name,)
        if not self.children:
            yield path, self
            return
        below = [leaf for child in self.children for leaf in child.leaves(path)]
        yield from below
        if self.outcome == "failed" and all(t.outcome != "failed" for _, t in below):
            yield path, Test(self.name, "failed", lines=self.lines)


class Level:
    """What has been seen so far at one depth of indentation."""

    def __init__(self, depth):
        self.depth = depth
        self.plan = None
        self.seen = 0
        self.name = None
        self.tests = []

    def broken_plan(self):
        """A failed Test when the plan was not kept, else None. Parameters of a
        KUnit case, the third level, may come without a plan."""
        if self.plan is None:
            if self.tests and self.depth > 1:
                return None
            what = "no plan" if self.tests else "no results"
        elif self.plan != self.seen:
            what = f"planned {self.plan} tests, ran {self.seen}"
        else:
            return None
        where = f" in {self.name}" if self.name else ""
        return Test("(plan)", "failed", lines=[what + where])


def outcome_of(status, directive):
    """The outcome of a result line."""
    directive = (directive or "").upper()
    if directive == "SKIP":
        return "skipped"
    if directive in ("XFAIL", "TODO"):
        return "passed"
    return "passed" if status == "ok" else "failed"


def depth_of(line):
    """Indentation, four spaces a level."""
    return (len(line) - len(line.lstrip(" "))) // 4


class Parser:
    """Takes lines one by one; finish() gives the tests of the top level."""

    def __init__(self):
        self.levels = [Level(0)]
        self.recent = []

    def level(self, depth):
        """The level at this depth, opened when it is new."""
        while len(self.levels) <= depth:
            self.levels.append(Level(len(self.levels)))
        return self.levels[depth]

    def close_below(self, depth):
        """End the levels under this depth; return the tests directly below."""
        tests = []
        while len(self.levels) > depth + 1:
            level = self.levels.pop()
            broken = level.broken_plan()
            tests = level.tests + ([broken] if broken else [])
            if len(self.levels) > depth + 1:
                # A level whose own result never came.
                self.levels[-1].tests.append(
                    Test(level.name or "(unnamed)", "failed", tests,
                         ["no result for this suite"]))
        return tests

    def feed(self, line):
        """Take one line."""
        line = line.rstrip()
        text = line.strip()
        depth = depth_of(line)

        if HEADER.match(text):
            self.level(depth)
        elif match := PLAN.match(text):
            level = self.level(depth)
            level.plan = int(match.group(1))
            if match.group(2):
                level.tests.append(Test("(all)", "skipped"))
        elif match := SUBTEST.match(text):
            self.level(depth).name = match.group(1)
        elif match := BAIL.match(text):
            self.level(depth).tests.append(Test("(bail out)", "failed", lines=[text]))
        elif match := RESULT.match(text):
            self.result(depth, match, line)
            return
        if text:
            self.recent.append(line)

    def result(self, depth, match, line):
        """Take a result line."""
        status, name, directive, _ = match.groups()
        children = self.close_below(depth)
        outcome = outcome_of(status, directive)
        if outcome == "skipped" and [t.name for t in children] == ["(plan)"]:
            children = []  # skipped before it began
        level = self.level(depth)
        level.seen += 1
        level.tests.append(Test(name or f"test {level.seen}", outcome, children,
                                self.recent + [line]))
        self.recent = []

    def finish(self):
        """End of input: the tests of the top level."""
        unfinished = self.close_below(0)
        top = self.levels[0]
        if unfinished:
            top.tests.append(Test("(unfinished)", "failed", unfinished,
                                  self.recent[-20:]))
        broken = top.broken_plan()
        if broken:
            broken.lines += self.recent[-20:]
            top.tests.append(broken)
        return top.tests


def parse(lines):
    """The tests of one KTAP document."""
    parser = Parser()
    for line in lines:
        parser.feed(line)
    return parser.finish()
