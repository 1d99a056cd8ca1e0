#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Say what is wrong with RST files: FILE:LINE: MESSAGE for each finding.

    check_rst.py FILE...

What only the kernel's own build of its documentation knows, directives as
kernel-doc and roles as c:func, counts as known.
"""

import io
import sys

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles

DIRECTIVES = ("kernel-doc", "toctree", "c:function", "code-block", "kernel-figure")
ROLES = ("c:func", "c:type", "c:macro", "doc", "ref", "manpage")


class Known(Directive):
    """A directive of the kernel's: taken as it is."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = {name: directives.unchanged for name in (
        "export", "internal", "doc", "functions", "identifiers", "no-identifiers",
        "maxdepth", "caption", "numbered", "alt")}

    def run(self):
        return []


def known_role(_name, rawtext, text, _lineno, _inliner, _options=None, _content=None):
    """A role of the kernel's: its text."""
    return [nodes.literal(rawtext, text)], []


def findings(path):
    """What docutils warns of, as lines."""
    said = io.StringIO()
    with open(path, encoding="utf-8") as file:
        publish_doctree(file.read(), source_path=path,
                        settings_overrides={"report_level": 2, "halt_level": 5,
                                            "warning_stream": said,
                                            "file_insertion_enabled": False})
    return [line for line in said.getvalue().splitlines() if line.startswith(f"{path}:")]


def main():
    for name in DIRECTIVES:
        directives.register_directive(name, Known)
    for name in ROLES:
        roles.register_canonical_role(name, known_role)
        roles.register_local_role(name, known_role)
    found = [line for path in sys.argv[1:] for line in findings(path)]
    for line in found:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
