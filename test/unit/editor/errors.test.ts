import assert from "node:assert/strict";
import { errors, type UserError } from "../../../src/editor/errors";

describe("errors for the user", () => {
  const all: UserError[] = [
    errors.noFile(),
    errors.notPython("a.txt", "plaintext"),
    errors.notSaved("a.py"),
    errors.untitled(),
    errors.notLocal("vscode-vfs"),
    errors.noSuchFile("/a.py"),
    errors.noInterpreter(["python3 from PATH"]),
    errors.interpreterUnusable("/x is Python 3.8.1, which is too old.", "the Python extension"),
    errors.untrusted(),
    errors.notStarted("no channel could be opened. Check TMPDIR."),
    errors.noLoop("a.py", 1),
    errors.notATrace("a.loopscope", "it is empty."),
    errors.nothingToSave(),
    errors.nothingToCompare(),
    errors.sourceMissing("/a.py"),
  ];

  it("say what happened and what to do, in whole sentences", () => {
    for (const { message } of all) {
      assert.ok(message.split(". ").length >= 2 || message.includes(";"), message);
      assert.match(message, /\.$/, message);
      assert.doesNotMatch(message, /undefined|\[object/, message);
    }
  });

  it("give the editor's advice instead of the command line's", () => {
    const { message } = errors.interpreterUnusable(
      "the Python interpreter /x was not found. Check the path given with --python, or leave it out.",
      "the setting loopscope.pythonPath",
    );
    assert.equal(
      message,
      "The Python interpreter /x was not found. It was named by the setting loopscope.pythonPath. Choose another with “Python: Select Interpreter” or the setting loopscope.pythonPath.",
    );
  });

  it("tell a program without a loop from one that failed before it", () => {
    assert.match(errors.noLoop("a.py", 0).message, /without an asyncio event loop/);
    assert.match(errors.noLoop("a.py", 1).message, /with exit code 1 before its event loop began/);
    assert.match(errors.noLoop("a.py", null).message, /a\.py ended before/);
  });
});
