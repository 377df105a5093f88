import assert from "node:assert/strict";
import { createWorkspace } from "../../../src/lint/index";
import { ignoresFile, isSuppressed, suppresses, unsuppressed } from "../../../src/lint/suppress";

const SLEEP = { rule: "blocking-sleep", equivalents: ["ASYNC251"] };

/** The range of `call` in the text. */
function at(text: string, call: string) {
  const from = text.indexOf(call);
  return { ...SLEEP, from, to: from + call.length };
}

describe("suppressions", () => {
  for (const comment of [
    "# noqa",
    "#noqa",
    "# NOQA",
    "# noqa: ASYNC251",
    "# noqa:ASYNC251",
    "# noqa: E501, ASYNC251",
    "# noqa: E501 ASYNC251 and a reason",
    "# noqa: ASYNC2",
    "# noqa: async251",
    "# noqa: blocking-sleep",
    "# noqa: because it is short",
    "# type: ignore  # noqa: ASYNC251",
    "# loopscope: ignore",
    "#loopscope:ignore",
    "# loopscope: ignore  (start-up only)",
    "# loopscope: ignore[blocking-sleep]",
    "# loopscope: ignore[blocking-http, blocking-sleep]",
    "# loopscope: ignore[ASYNC251]",
    "# pylint: disable=x # loopscope: ignore[blocking-sleep]",
  ]) {
    it(`counts: ${comment}`, () => assert.ok(suppresses(comment, SLEEP)));
  }

  for (const comment of [
    "# no qa",
    "# noqa: E501",
    "# noqa: ASYNC210",
    "# noqa: blocking-http",
    "# loopscope: ignore[blocking-http]",
    "# loopscope: ignore[]",
    "# loopscope: ignore-file",
    "# loopscope is a tool",
  ]) {
    it(`does not count: ${comment}`, () => assert.ok(!suppresses(comment, SLEEP)));
  }

  it("is a comment of the line, not a string that looks like one", () => {
    assert.ok(isSuppressed("time.sleep(1)  # noqa\n", at("time.sleep(1)  # noqa\n", "time.sleep(1)")));
    for (const text of [
      'time.sleep(1); print("# noqa")\n',
      "time.sleep(1); print('''\n# noqa''')\n",
      "time.sleep(1); print(r'\\'# noqa')\n",
      "time.sleep(1)\n# noqa\n",
      "# noqa\ntime.sleep(1)\n",
    ]) {
      assert.ok(!isSuppressed(text, at(text, "time.sleep(1)")), text);
    }
  });

  it("may stand on the first or the last line of a call, not between", () => {
    const call = (first: string, middle: string, last: string) =>
      `time.sleep(  ${first}\n  1  ${middle}\n)  ${last}\n`;
    const range = (text: string) => ({ ...SLEEP, from: 0, to: text.indexOf("\n)") + 2 });
    for (const [text, expected] of [
      [call("# noqa", "", ""), true],
      [call("", "", "# noqa"), true],
      [call("", "# noqa", ""), false],
      [call("", "", ""), false],
    ] as const) {
      assert.equal(isSuppressed(text, range(text)), expected, text);
    }
  });

  it("is found behind a call inside an f-string", () => {
    const text = 'print(f"{time.sleep(1)}")  # noqa\n';
    assert.ok(isSuppressed(text, at(text, "time.sleep(1)")));
  });

  it("counts with CRLF and at the end of a file without a newline", () => {
    for (const text of ["time.sleep(1)  # noqa\r\nx = 1\r\n", "time.sleep(1)  # noqa"]) {
      assert.ok(isSuppressed(text, at(text, "time.sleep(1)")));
    }
  });
});

describe("a comment behind open()", () => {
  it("counts for what the function does with the file, and for no other function", () => {
    const text = `from pathlib import Path
async def main(path: Path):
    with open(path) as file:  # noqa: ASYNC230
        file.read()
    for line in path.open():  # !
        pass
async def other(path):
    with open(path) as file:  # !
        file.read()  # !
`;
    const workspace = createWorkspace({ roots: ["/"] });
    workspace.setFile("/main.py", text);
    assert.deepEqual(
      unsuppressed(text, workspace.findings("/main.py")).map(({ line }) => line),
      text.split("\n").flatMap((line, index) => (line.endsWith("# !") ? [index + 1] : [])),
    );
  });
});

describe("# loopscope: ignore-file", () => {
  const ignored = (text: string) => ignoresFile(text);

  it("counts before the first statement", () => {
    for (const text of [
      "# loopscope: ignore-file\nimport time\n",
      "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n\n#loopscope:ignore-file\r\nimport time\n",
      "\uFEFF# loopscope: ignore-file",
    ]) {
      assert.ok(ignored(text), text);
    }
  });

  it("does not count elsewhere", () => {
    for (const text of ["import time\n# loopscope: ignore-file\n", 'x = "# loopscope: ignore-file"\n', ""]) {
      assert.ok(!ignored(text), text);
    }
  });

  it("leaves no finding", () => {
    const text = "# loopscope: ignore-file\ntime.sleep(1)\n";
    assert.deepEqual(unsuppressed(text, [at(text, "time.sleep(1)")]), []);
  });
});
