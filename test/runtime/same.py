"""The same program untraced and traced: what tests of equal behaviour are built on."""

import re
import unittest

from . import traced


def neutral(text):
    """Without what depends on the run: addresses and times."""
    return re.sub(r"0x[0-9a-f]+|(?<=when=)[0-9.]+", "0x", text.decode())


class Compared(unittest.TestCase):
    maxDiff = None

    def same(self, source, *args, recorded=True, **options):
        """Runs it both ways; everything it shows must be equal. Returns the traced result."""
        plain = traced.run(source, *args, traced=False, **options)
        shown = traced.run(source, *args, **options)
        # At once: a program that printed nothing mostly says why elsewhere.
        self.assertEqual(*[(neutral(each.out), neutral(each.err), each.code) for each in (shown, plain)])
        if recorded:
            self.assertIsNotNone(shown.run, "nothing was recorded")
            self.assertEqual([note for stats in shown.run.stats for note in stats["notes"]], [])
        return shown
