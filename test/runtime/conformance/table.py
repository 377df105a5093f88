"""The tables of docs/conformance.md, from the results kept."""

import fcntl
import json
import os
import re

from .outcomes import ROOT
from .suites import CACHE

RESULTS = os.path.join(CACHE, "results.json")
PAGE = os.path.join(ROOT, "docs", "conformance.md")


def load():
    try:
        with open(RESULTS, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def keep(row):
    """Adds a row, or replaces it. Runs of several interpreters may do so at once."""
    os.makedirs(CACHE, exist_ok=True)
    with open(RESULTS + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = load()
        rows["%s | %s | %s" % (row["suite"], row["version"], row["module"])] = row
        with open(RESULTS + ".new", "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
        os.replace(RESULTS + ".new", RESULTS)


def order(version):
    return [int(part) for part in version.split(".")]


def summary(rows):
    """One line per suite and interpreter."""
    lines = [
        "| suite | CPython | modules | tests | passed untraced | different traced | flaky untraced | differed once | recorded, MB |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    groups = {}
    for row in rows:
        groups.setdefault((row["suite"], row["version"]), []).append(row)
    for suite, version in sorted(groups, key=lambda key: (key[0] != "asyncio", key[0], order(key[1]))):
        own = groups[suite, version]
        counts = [len(own), *(sum(r[k] for r in own) for k in ("tests", "passed"))]
        counts += [sum(len(r[k]) for r in own) for k in ("different", "flaky", "once")]
        counts.append("%.1f" % (sum(r["bytes"] for r in own) / 1e6))
        name = "`test.test_asyncio`" if suite == "asyncio" else suite
        lines.append("| %s | %s | %s |" % (name, version, " | ".join(map(str, counts))))
    return lines


def details(rows):
    """Every test that did not simply end the same way."""
    lines = []
    for row in sorted(rows, key=lambda r: (r["suite"] != "asyncio", r["suite"], order(r["version"]), r["module"])):
        for kind in ("different", "flaky", "once"):
            for test, (plain, traced) in sorted(row[kind].items()):
                ends = [", ".join("%s ×%d" % (o, way.count(o)) for o in sorted(set(way))) for way in (plain, traced)]
                name = test.replace("test.test_asyncio.", "").replace("|", "\\|")
                lines.append("| %s %s | `%s` | %s | %s | %s |" % (row["suite"], row["version"], name[:140], kind, *ends))
        for test in row["died"]:
            lines.append("| %s %s | `%s` | ends the run | died | |" % (row["suite"], row["version"], test))
        for failure in row["failures"]:
            lines.append("| %s %s | `%s` | the recorder gave up | | %s |" % (row["suite"], row["version"], row["module"], failure))
    if not lines:
        return ["Every test ended the same way, every time."]
    return ["| suite | test | what | untraced | traced |", "| --- | --- | --- | --- | --- |", *lines]


def by_module(rows):
    """How many tests of CPython's suite, per module and interpreter."""
    own = [row for row in rows if row["suite"] == "asyncio"]
    versions = sorted({row["version"] for row in own}, key=order)
    lines = ["| module | %s |" % " | ".join(versions), "| --- |" + " ---: |" * len(versions)]
    for module in sorted({row["module"] for row in own}):
        cells = []
        for version in versions:
            found = [row for row in own if (row["version"], row["module"]) == (version, module)]
            cells.append("" if not found else "%d, **%d different**" % (found[0]["tests"], len(found[0]["different"])))
        lines.append("| `%s` | %s |" % (module, " | ".join(c.replace(", **0 different**", "") for c in cells)))
    return lines


def write():
    rows = list(load().values())
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    for name, lines in (("summary", summary(rows)), ("details", details(rows)), ("modules", by_module(rows))):
        begin, end = "<!-- %s: generated -->" % name, "<!-- end of %s -->" % name
        if begin not in text:
            raise SystemExit("docs/conformance.md has no place for: %s" % name)
        body = "\n".join([begin, "", *lines, "", end])
        text = re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda _: body, text, flags=re.S)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)
