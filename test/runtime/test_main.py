"""A test that failed is tried again, once, and never in silence."""

import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class SecondTry(unittest.TestCase):
    def try_all(self, source):
        """Runs the tests of a text, whose `first` says whether it is their first try: the exit status and what was printed."""
        with tempfile.TemporaryDirectory() as folder:
            package = os.path.join(folder, "runtime")
            os.mkdir(package)
            with open(os.path.join(HERE, "main.py")) as file:
                main = file.read()
            head = """
            import os, unittest
            def first(name):
                try: os.close(os.open(name, os.O_CREAT | os.O_EXCL))
                except FileExistsError: return False
                return True
            """
            texts = {"__init__": "", "main": main, "test_it": textwrap.dedent(head) + textwrap.dedent(source)}
            for name, text in texts.items():
                with open(os.path.join(package, name + ".py"), "w") as file:
                    file.write(text)
            ran = subprocess.run([sys.executable, "-m", "runtime.main"], cwd=folder, capture_output=True, text=True)
            self.assertEqual(ran.stdout, "")
            return ran.returncode, ran.stderr

    def test_passes_the_second_time(self):
        status, text = self.try_all(
            """
            class Its(unittest.TestCase):
                def test_good(self): pass
                def test_shaky(self):
                    self.assertFalse(first("a"), "what was wrong")
                def test_shaky_error(self):
                    if first("b"): raise KeyError("missing")
                def test_parts(self):
                    again = not first("c")
                    for part in (1, 2):
                        with self.subTest(part=part): self.assertTrue(again)
            """
        )
        self.assertEqual(status, 0, text)
        name = "TRIED AGAIN: runtime.test_it.Its.%%s (CPython %d.%d.%d): " % sys.version_info[:3]
        self.assertIn(name % "test_shaky" + "AssertionError: True is not false : what was wrong\n    | Traceback", text)
        self.assertIn(name % "test_shaky_error" + "KeyError: 'missing'\n", text)
        self.assertEqual(text.count("TRIED AGAIN: "), 3)
        self.assertEqual(text.count("    | AssertionError: False is not true"), 2)
        self.assertIn("Ran 4 tests", text)
        self.assertNotIn("FAIL: ", text)

    def test_fails_twice(self):
        status, text = self.try_all(
            """
            class Its(unittest.TestCase):
                def test_bad(self): self.fail("one try" if first("a") else "another try")
                def test_shaky(self): self.assertFalse(first("b"))
            """
        )
        self.assertEqual(status, 1, text)
        self.assertIn("FAIL: test_bad", text)
        self.assertIn("AssertionError: one try", text)
        self.assertIn("AssertionError: another try", text)
        self.assertEqual(text.count("TRIED AGAIN: "), 1)
        self.assertIn("FAILED (failures=1)", text)

    def test_what_is_no_test_at_all(self):
        for source, error in (("import nowhere_to_be_found", "ModuleNotFoundError"), (CLASS, "RuntimeError: nothing to test")):
            with self.subTest(error=error):
                status, text = self.try_all(source)
                self.assertNotEqual(status, 0, text)
                self.assertIn(error, text)
                self.assertNotIn("TRIED AGAIN: ", text)


CLASS = """
class Its(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError("nothing to test")
    def test_it(self): pass
"""

if __name__ == "__main__":
    unittest.main()
