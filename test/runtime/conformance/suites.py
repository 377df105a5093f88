"""The suites that judge the runtime: CPython's own of asyncio, and those of packages whose source distribution carries them."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile

from . import outcomes

CACHE = os.path.join(outcomes.ROOT, ".cache", "conformance")

# What a few minutes of `npm test` can afford.
USUAL = "test_tasks test_futures test_locks test_queues test_taskgroups test_timeouts test_waitfor test_base_events".split()

COMMON = ["pytest", "pytest-timeout"]


def localhost_has_ipv6():
    try:
        return bool(socket.getaddrinfo("localhost", None, socket.AF_INET6))
    except OSError:
        return False


# Where it has not, fixtures of anyio that bind to it fail and leave sockets unclosed, and whichever test the garbage collector comes by
# in fails for that, traced or not: every run has other failures.
WITHOUT_IPV6 = [] if localhost_has_ipv6() else ["-k", "not (test_sockets and (ipv6 or dualstack or connection_refused and multi))"]


class Package:
    """A package whose tests are run. without: what of the source distribution must not shadow the installed package."""

    def __init__(self, name, version, needs, without, oldest=10, arguments=()):
        self.name = name
        self.version = version
        self.needs = [*COMMON, *needs]
        self.without = without
        self.oldest = oldest
        self.arguments = list(arguments)


PACKAGES = {
    p.name: p
    for p in (
        Package("aiofiles", "25.1.0", ["pytest-asyncio"], ["src"]),
        Package(
            "aiohttp",
            "3.14.5",
            "freezegun proxy.py pytest-cov pytest-mock blockbuster trustme pytest-xdist pytest-codspeed isal zlib_ng uvloop Brotli setuptools".split(),
            ["aiohttp"],
            arguments=["-m", "not dev_mode and not autobahn and not internal"],
        ),
        Package(
            "anyio",
            "4.16.0",
            "blockbuster hypothesis psutil pytest-mock trustme truststore uvloop trio coverage".split(),
            ["src"],
            arguments=["-m", "not network", "-p", "anyio", "-p", "pytest_mock", "-p", "no:asyncio", *WITHOUT_IPV6],
        ),
        Package("hypercorn", "0.18.0", "httpx hypothesis mock pytest-asyncio pytest-trio trio uvloop".split(), ["src"]),
        Package(
            "httpx",
            "0.28.1",
            "httpx[brotli,cli,http2,socks,zstd] chardet cryptography trio trustme uvicorn".split(),
            ["httpx"],
            arguments=["-m", "not network"],
        ),
        Package(
            "starlette",
            "1.10.0",
            "blockbuster httpx httpx2[zstd] itsdangerous jinja2 python-multipart pyyaml trio opentelemetry-sdk importlib-metadata".split(),
            ["starlette"],
            oldest=11,
        ),
        Package(
            "uvicorn",
            "0.54.0",
            "uvicorn[standard] pytest-mock trustme cryptography httpx2 a2wsgi wsproto zttp coverage".split(),
            ["uvicorn"],
        ),
    )
}


class Prepared:
    """A suite ready to run under one interpreter."""

    def __init__(self, suite, version, python, kind, arguments, cwd, modules):
        self.suite = suite
        self.version = version
        self.python = python
        self.kind = kind
        self.arguments = arguments
        self.cwd = cwd
        self.modules = modules

    def run(self, names, traced, seconds):
        wanted = [("test.test_asyncio." + n if n in self.modules else n) for n in names] if self.kind == "unittest" else names
        return outcomes.run(self.python, self.kind, self.arguments + wanted, traced, seconds, self.cwd)

    def can_run_alone(self, test):
        """Not so for what stands for a class or a module that could not be set up."""
        return test.startswith("test.") if self.kind == "unittest" else "::" in test


def version_of(python):
    code = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def cpython(python):
    """CPython's test.test_asyncio, or None where it is not installed."""
    code = "import test.test_asyncio as t, os; print('\\n'.join(sorted(f[:-3] for f in os.listdir(t.__path__[0]) if f.startswith('test_'))))"
    modules = subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.split()
    return Prepared("asyncio", version_of(python), python, "unittest", [], None, modules) if modules else None


def package(name, python):
    """The tests of a package in an environment of their own; None where it does not support the interpreter."""
    suite = PACKAGES[name]
    version = version_of(python)
    if int(version.split(".")[1]) < suite.oldest:
        return None
    own = environment(suite, python, version)
    folder = sources(suite)
    tests = os.path.join(folder, "tests")
    modules = sorted(
        os.path.relpath(os.path.join(where, f), folder)
        for where, _, files in os.walk(tests)
        for f in files
        if f.startswith("test_") and f.endswith(".py")
    )
    arguments = ["-q", "-o", "addopts=", "-p", "no:cacheprovider", "--timeout", "60", *suite.arguments]
    return Prepared("%s %s" % (name, suite.version), version, own, "pytest", arguments, folder, modules)


def environment(suite, python, version):
    folder = os.path.join(CACHE, "venvs", "%s-%s" % (suite.name, version))
    own = os.path.join(folder, "bin", "python")
    stamp = os.path.join(folder, "needs.json")
    needs = ["%s==%s" % (suite.name, suite.version), *suite.needs]
    if not os.path.exists(stamp) or json.load(open(stamp)) != needs:
        print("installing %s for CPython %s" % (suite.name, version), file=sys.stderr, flush=True)
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *needs], check=True)
        with open(stamp, "w") as file:
            json.dump(needs, file)
    return own


def sources(suite):
    """The source distribution, unpacked, without the package itself."""
    name = "%s-%s" % (suite.name, suite.version)
    folder = os.path.join(CACHE, "sources", name)
    if not os.path.exists(folder):
        kept = os.path.join(CACHE, "downloads")
        os.makedirs(kept, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-binary", suite.name, "--no-deps", "--dest", kept]
        subprocess.run([*command, "%s==%s" % (suite.name, suite.version)], check=True)
        with tarfile.open(os.path.join(kept, name + ".tar.gz")) as archive:
            archive.extractall(os.path.dirname(folder), filter="data")
        for shadow in suite.without:
            shutil.rmtree(os.path.join(folder, shadow))
    return folder
