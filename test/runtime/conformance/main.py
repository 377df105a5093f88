"""Judges the runtime by test suites of others: the same tests untraced and traced, compared test by test.

    python main.py --python PATH [--python PATH]... [--suite asyncio|aiohttp|...]... [--usual] [--jobs N] [MODULE...]

Exits 1 when a test ends otherwise with the runtime than without, or when a recorder gave up. Results are kept in
.cache/conformance/results.json and make the tables of docs/conformance.md (`--table` does only that).
"""

import argparse
import json
import os
import sys
import textwrap
import traceback
from concurrent.futures import ThreadPoolExecutor

sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from runtime.conformance import compare, suites, table  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", action="append", default=[], help="an interpreter to judge with (default: this one)")
    parser.add_argument("--only", action="append", help="of those interpreters, only versions that begin so, such as 3.13")
    parser.add_argument("--suite", action="append", choices=["asyncio", *suites.PACKAGES], help="default: asyncio")
    parser.add_argument("--usual", action="store_true", help="of asyncio, only the modules that say most")
    parser.add_argument("--seconds", type=int, default=300, help="a module that takes longer is killed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="write the tables of docs/conformance.md from the results kept")
    parser.add_argument("modules", nargs="*", help="parts of the names of modules")
    options = parser.parse_args()
    if options.table:
        table.write()
        return 0
    work = []
    for python in options.python or [sys.executable]:
        version = suites.version_of(python)
        if options.only and not any(version.startswith(only) for only in options.only):
            continue
        for suite in options.suite or ["asyncio"]:
            prepared = suites.cpython(python) if suite == "asyncio" else suites.package(suite, python)
            if prepared is None:
                print("%-8s %-18s has no such tests" % (version, suite))
                continue
            modules = suites.USUAL if options.usual and suite == "asyncio" else prepared.modules
            wanted = [m for m in modules if m in prepared.modules and (not options.modules or any(part in m for part in options.modules))]
            work += [(prepared, module) for module in wanted]
    good = True
    with ThreadPoolExecutor(options.jobs) as pool:
        for result, text in pool.map(lambda item: attempt(*item, options.seconds), work):
            report(result, text)
            good = good and result.good
            if not options.usual:
                table.keep(result.row())
    return 0 if good else 1


def attempt(prepared, module, seconds):
    try:
        return compare.compare(prepared, module, seconds)
    except Exception:
        result = compare.Comparison(prepared.suite, prepared.version, module)
        result.failures.append("the comparison itself failed")
        return result, traceback.format_exc()


def report(result, text):
    line = "%-8s %-18s %-40s %5d tests, %d different" % (
        result.version,
        result.suite,
        result.module,
        result.tests,
        len(result.different),
    )
    for name in ("flaky", "once", "died"):
        if getattr(result, name):
            line += ", %d %s" % (len(getattr(result, name)), name)
    print("; ".join([line, *result.failures]), flush=True)
    for name in ("different", "flaky", "once"):
        for test, (plain, traced) in getattr(result, name).items():
            print("    %s: %s: untraced %s, traced %s" % (name, test, "/".join(plain), "/".join(traced)))
    for test in result.died:
        print("    died, untraced too: %s" % test)
    if not result.good and os.environ.get("VERBOSE"):
        print(textwrap.indent(text[-12000:], "    | "), flush=True)


if __name__ == "__main__":
    sys.exit(main())
