#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check the tools that show a heap, on files saved from one (heaps/ beside this).

Prints KTAP. Each case is a function; its first line of doc is its name. A case
returns whether all is well, or None to be skipped.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
HEAPS = HERE / "heaps"
SAMPLE = HEAPS / "sample"
SVG = "{http://www.w3.org/2000/svg}"


def run(tool, *args):
    """Exit status, output, errors."""
    done = subprocess.run([HERE.parent / f"spanheap-{tool}", *map(str, args)],
                          capture_output=True, text=True, timeout=600)
    return done.returncode, done.stdout, done.stderr


def figure(name, heap=SAMPLE):
    return int(re.search(rf"^{name} (\d+)$", (heap / "stats").read_text(), re.M)[1])


def rectangles(svg):
    """Title and width of what is drawn."""
    root = ElementTree.fromstring(svg)
    found = []
    for parent in root.iter():
        for rect in parent.findall(f"{SVG}rect"):
            title = rect.find(f"{SVG}title")
            if title is None:
                title = parent.find(f"{SVG}title")
            if title is not None:
                found.append((title.text, float(rect.get("width"))))
    return found


def case_help():
    """each tool explains itself"""
    return all(run(tool, "--help")[0] == 0 and len(run(tool, "--help")[1]) > 300
               for tool in ("map", "flame", "metrics", "top"))


def case_advice():
    """without debugfs each tool says what to do"""
    if os.path.isdir("/sys/kernel/debug/spanheap"):
        return None
    for tool, args in (("map", ["x"]), ("flame", ["x"]), ("metrics", []), ("top", ["--once"])):
        status, _, errors = run(tool, *args)
        if status == 0 or not re.search("mount debugfs|load spanheap|use sudo", errors):
            return False
    return True


def case_missing():
    """a copy that is not there or not one is an error, not a traceback"""
    with tempfile.TemporaryDirectory() as folder:
        wrong = Path(folder, "wrong")
        wrong.write_text("what is this\n")
        results = [run("map", wrong), run("flame", wrong), run("metrics", folder),
                   run("top", "--once", folder), run("metrics", f"{folder}/none")]
    return all(status and errors and "Traceback" not in errors for status, _, errors in results)


def case_map_terminal():
    """the map on the terminal has every page taken into use"""
    status, out, _ = run("map", "--no-colour", "--width", "64", SAMPLE)
    pages = sum(int(line.split()[2]) for line in (SAMPLE / "map").read_text().splitlines()
                if not line.startswith("#") and " arena " not in line)
    rows = out[out.index("arena 0\n") + 8:out.index("0-5 objects")].split("\n")[:-1]
    drawn = sum(len(row.ljust(64)) for row in rows)
    return status == 0 and pages <= drawn < pages + 64 and "L" in rows[-3] + rows[-2] + rows[-1]


def case_map_svg():
    """the map as a picture has as much of each kind as the heap"""
    with tempfile.TemporaryDirectory() as folder:
        status, _, _ = run("map", SAMPLE, "--svg", f"{folder}/map.svg")
        drawn = rectangles(Path(folder, "map.svg").read_text())
    wanted = {}
    for line in (SAMPLE / "map").read_text().splitlines():
        words = line.split()
        if not line.startswith("#") and words[3] != "arena":
            wanted[words[3]] = wanted.get(words[3], 0) + int(words[2])
    side = 7
    return status == 0 and all(
        sum(width for title, width in drawn if title == kind) == side * pages
        for kind, pages in wanted.items())


def case_flame():
    """the flame graph is as wide as the bytes"""
    status, svg, _ = run("flame", SAMPLE)
    frames = dict(rectangles(svg))
    total = sum(int(line.rpartition(" ")[2]) for line in (SAMPLE / "profile").read_text().splitlines())
    sites = [title for title in frames if title.startswith("index_add_[spanheap_sample]")]
    whole = [width for title, width in frames.items() if title.startswith("all: ")]
    return (status == 0 and total == figure("object_bytes") and len(sites) == 1 and
            whole == [1179.5] and "100.0 %" in sites[0])


def case_flame_alloc():
    """--alloc shows what was ever allocated"""
    return "allocated: " in run("flame", "--alloc", SAMPLE)[1] and (
        "load_open_" in run("flame", "--alloc", SAMPLE)[1])


def case_flame_escapes():
    """names that mean something in XML are escaped, a profile may be empty"""
    with tempfile.TemporaryDirectory() as folder:
        odd = Path(folder, "profile")
        odd.write_text('a<b>&"c";operator<< 100\n')
        good = [title for title, _ in rectangles(run("flame", odd)[1])]
        odd.write_text("")
        empty = run("flame", odd)
    return 'a<b>&"c": 100 bytes, 100.0 %' in good and empty[0] == 0 and "no samples" in empty[1]


def is_prometheus(text):
    """The rules of the text format that apply here; prints what breaks one."""
    lines = text.split("\n")
    if lines[-1]:
        print("# does not end with a line")
        return False
    name, kind, seen, closed = None, None, set(), set()
    sample = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\} '
                        r"(-?[0-9]+(?:\.[0-9]+)?)")
    for line in lines[:-1]:
        meta = re.fullmatch(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)", line)
        if meta and meta[1] == "HELP":
            closed.add(name)
            name, kind = meta[2], None
            good = name not in closed
        elif meta:
            kind = meta[3]
            # What is called otherwise than its type says has none, to Prometheus.
            good = meta[2] == name and kind in ("gauge", "counter") and (
                name.endswith("_total") == (kind == "counter"))
        else:
            found = sample.fullmatch(line)
            good = bool(found) and bool(kind) and found[1] == name and (
                line.split("} ")[0] not in seen) and float(found[3]) >= 0
            seen.add(line.split("} ")[0])
        if not good:
            print(f"# breaks a rule: {line}")
            return False
    return len(seen) > 50


def case_metrics():
    """the metrics follow the rules of Prometheus and are the heap's figures"""
    status, out, _ = run("metrics", HEAPS)
    return (status == 0 and is_prometheus(out) and
            f'spanheap_objects_bytes{{heap="sample"}} {figure("object_bytes")}\n' in out and
            f'spanheap_allocations_total{{heap="sample"}} {figure("mallocs")}\n' in out and
            f'spanheap_metadata_bytes{{heap="sample",kind="span"}} {figure("span_meta")}\n' in out)


def case_metrics_rules():
    """the check of the rules finds what breaks them"""
    good = run("metrics", HEAPS)[1]
    bad = [good[:-1], good.replace("_total{", "{", 1), good + "\n",
           good.replace("# TYPE", "# TIPE", 1), good.replace('"} ', '} ', 1),
           good.replace("_total counter", " counter", 1), good.replace(" gauge", " untyped", 1)]
    return not any(is_prometheus(text) for text in bad)


def case_metrics_names():
    """a heap's name may be anything"""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SAMPLE, Path(folder, 'a"b\\c'))
        out = run("metrics", folder)[1]
    return is_prometheus(out) and r'heap="a\"b\\c"' in out


def case_metrics_file():
    """-o replaces a file, readable for all"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "spanheap.prom")
        path.write_text("old")
        status, out, _ = run("metrics", HEAPS, "-o", path)
        return (status == 0 and not out and path.read_text() == run("metrics", HEAPS)[1] and
                path.stat().st_mode & 0o777 == 0o644 and os.listdir(folder) == [path.name])


def case_top():
    """one screen of all heaps shows the sample first, its classes and its fragmentation"""
    status, out, _ = run("top", "--once", HEAPS)
    lines = out.splitlines()
    share = figure("fragmentation_permille") / 10
    return (status == 0 and lines[0].startswith("spanheap: 2 heaps") and
            lines[3].startswith("sample ") and f"{share:.1f}%" in lines[3] and
            lines[4].startswith("default ") and any(re.match(r"sample +48 ", l) for l in lines))


def heed_interrupts():
    """What a shell starts in the background ignores them, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def case_top_refresh():
    """the screen refreshes until it is interrupted, with rates, and follows what changes"""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SAMPLE, Path(folder, "sample"))
        top = subprocess.Popen([HERE.parent / "spanheap-top", "--interval", "0.2", folder],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=heed_interrupts)
        stats = Path(folder, "sample", "stats")
        first = top.stdout.readline()
        stats.write_text(stats.read_text().replace(f"mallocs {figure('mallocs')}",
                                                   f"mallocs {figure('mallocs') + 1000000}", 1))
        seen = ""
        while seen.count("\033[2J") < 3:
            seen += top.stdout.readline()
        top.send_signal(2)
        _, errors = top.communicate(timeout=600)
    return first.startswith("\033[H\033[2J") and top.returncode == 0 and not errors and bool(
        re.search(r"^sample .*[0-9.]+[KM] +0 ", seen, re.M))


def case_pprof():
    """google-pprof reads the pprof file: names, and bytes as the heap has them"""
    pprof = shutil.which("google-pprof")
    if not pprof:
        return None
    out = subprocess.run([pprof, "--text", "--show_bytes", SAMPLE / "pprof"],
                         capture_output=True, text=True, timeout=600).stdout
    return f"Total: {figure('object_bytes')} B" in out and bool(
        re.search(rf"^ *{figure('object_bytes')} 100.0% .* index_add_\[spanheap_sample\]$", out, re.M))


def case_broken_pipe():
    """a reader that has seen enough is no error"""
    for tool, args in (("map", [SAMPLE]), ("flame", [SAMPLE]), ("metrics", [HEAPS]),
                       ("top", ["--once", HEAPS])):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([HERE.parent / f"spanheap-{tool}", *map(str, args)],
                              stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
        os.close(writer)
        if done.returncode or done.stderr:
            print(f"# {tool}: {done.returncode} {done.stderr}")
            return False
    return True


def case_unwritable():
    """a file that cannot be written is an error in one line"""
    results = [run("map", SAMPLE, "--svg", "/no/such/folder/x"), run("flame", SAMPLE, "-o", "/"),
               run("metrics", HEAPS, "-o", "/no/such/folder/x"), run("metrics", HEAPS, "-o", "/")]
    return all(status == 1 and errors.count("\n") == 1 for status, _, errors in results)


def case_intervals():
    """an interval that is none is refused"""
    return all(run("top", "--once", "--interval", value, HEAPS)[0] == 2
               for value in ("nan", "inf", "-inf", "0", "-1", "1e300", "x", ""))


def case_garbage():
    """files with anything in them are an error in one line"""
    garbage = ["", "\n", "class bytes\n1 x\n", "class\n1\n", "x 1\ny 2\n", "\0\xff\n", "a b c\n" * 9,
               "1 2 3\n", "-1 -1 -1 free\n", "0 0 1 class\n", "a;b -5\n", "99999999999999999999 1\n"]
    for text in garbage:
        with tempfile.TemporaryDirectory() as folder:
            heap = Path(folder, "heap")
            shutil.copytree(SAMPLE, heap)
            for name in ("classes", "stats", "map", "profile", "scavenger"):
                (heap / name).write_text(text)
                for tool, args in (("map", [heap]), ("flame", [heap]), ("metrics", [folder]),
                                   ("top", ["--once", folder])):
                    status, _, errors = run(tool, *args)
                    if status and errors.count("\n") != 1 or not status and errors:
                        print(f"# {tool}, {name}: {text!r}: {errors}")
                        return False
                shutil.copy(SAMPLE / name, heap / name)
    return True


def case_top_goes_on():
    """the screen goes on when a heap goes, and when it comes back"""
    with tempfile.TemporaryDirectory() as folder:
        heap = Path(folder, "sample")
        shutil.copytree(SAMPLE, heap)
        top = subprocess.Popen([HERE.parent / "spanheap-top", "--interval", "0.1", folder],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=heed_interrupts)
        wait_for = lambda words: next(line for line in top.stdout if words in line)
        wait_for("spanheap: 1 heaps")
        shutil.rmtree(heap)
        wait_for("spanheap: 0 heaps")
        shutil.copytree(SAMPLE, heap)
        wait_for("spanheap: 1 heaps")
        top.send_signal(2)
        _, errors = top.communicate(timeout=20)
    return top.returncode == 0 and not errors


def mixed_up(*files):
    """File and line of what Coccinelle's script finds in these."""
    out = subprocess.run(["spatch", "--sp-file", HERE.parent / "spanheap-mixed-free.cocci",
                          "-D", "report", "--very-quiet", "--no-includes", *files],
                         capture_output=True, text=True, timeout=600, check=True).stdout
    return sorted(tuple(line.split(":")[:2]) for line in out.splitlines())


def case_mixed_free():
    """frees that do not go with the allocation are found, and no others"""
    if not shutil.which("spatch"):
        return None
    wrong, right = HERE / "mixed/wrong.c", HERE / "mixed/right.c"
    marked = sorted((str(wrong), str(number))
                    for number, line in enumerate(wrong.read_text().splitlines(), 1)
                    if "/* WRONG */" in line)
    return len(marked) > 10 and mixed_up(wrong, right) == marked


def main():
    """Run all cases."""
    cases = [(f.__doc__, f) for name, f in globals().items() if name.startswith("case_")]
    failed = 0
    print(f"TAP version 13\n1..{len(cases)}")
    for number, (name, case) in enumerate(cases, 1):
        good = case()
        failed += good is False
        print(f"{'not ok' if good is False else 'ok'} {number} {name}" +
              (" # SKIP" if good is None else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
