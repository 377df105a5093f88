"""asyncio is met as it is imported, however often it was only looked for before, and wherever it comes from."""

import subprocess
import sys
import tempfile
import textwrap
import unittest

from . import decode, traced
from .same import Compared

MAIN = """
    import asyncio
    async def main():
        await asyncio.sleep(0)
    asyncio.run(main())
    print(sys.meta_path, vars(asyncio.__loader__).keys())
"""


class Hook(Compared):
    def recorded(self, source):
        shown = self.same(textwrap.dedent(source) + textwrap.dedent(MAIN))
        self.assertEqual(shown.code, 0, shown.err)
        self.assertEqual(shown.run.find("main").outcome, "returned")

    def test_looked_for_and_not_imported(self):
        self.recorded(
            """
            import sys
            from importlib.util import find_spec
            print([find_spec("asyncio").name for _ in range(3)])
            """
        )

    def test_a_spec_that_is_used_late(self):
        """Executed once more by what was found before the import, asyncio is not instrumented again."""
        self.recorded(
            """
            import sys
            from importlib.util import find_spec
            spec = find_spec("asyncio")
            import asyncio
            init = asyncio.BaseEventLoop.__init__
            spec.loader.exec_module(asyncio)
            print(asyncio.BaseEventLoop.__init__ is init)
            """
        )

    def test_a_loader_of_many_modules(self):
        """That of a zip file, from which another module is imported after asyncio was looked for."""
        self.recorded(
            """
            import glob, os, sys, zipfile
            from importlib.util import find_spec
            with zipfile.ZipFile("modules.zip", "w") as file:
                for path in glob.glob(os.path.join(find_spec("asyncio").submodule_search_locations[0], "*.py")):
                    file.write(path, "asyncio/" + os.path.basename(path))
                file.writestr("other.py", "print('other')")
            sys.path.insert(0, "modules.zip")
            print([find_spec("asyncio").origin for _ in range(2)])
            import other
            """
        )

    def test_a_module_of_the_program_with_that_name(self):
        """Where it raises, the traceback has none of our frames, nor those of the import system that would end at them."""
        shown = self.same(
            """
            import sys
            with open("asyncio.py", "w") as file:
                file.write("def run(): raise ValueError('its own')\\nrun()\\n")
            sys.path.insert(0, ".")
            import asyncio
            """,
            recorded=False,
        )
        self.assertIn(b"ValueError: its own", shown.err)

    def test_asyncio_as_a_program(self):
        """`python -m asyncio` looks for the package before it imports it."""
        with tempfile.NamedTemporaryFile() as trace:
            ran = subprocess.run(
                [sys.executable, "-m", "asyncio"],
                input=b"await asyncio.sleep(0, 'slept')\n",
                env=traced.environment("file:" + trace.name),
                capture_output=True,
                timeout=60,
            )
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertIn(b"slept", ran.stdout)
            run = decode.Run(trace.read())
        self.assertEqual([task.outcome for task in run.tasks][:1], ["returned"])


if __name__ == "__main__":
    unittest.main()
