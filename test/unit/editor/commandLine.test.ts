import assert from "node:assert/strict";
import { readCommandLine } from "../../../src/editor/runs/commandLine";

describe("a command line to run with trace", () => {
  for (const [line, title, args] of [
    ["uvicorn app:app --port 8000", "uvicorn", ["-m", "uvicorn", "app:app", "--port", "8000"]],
    [".venv/bin/uvicorn app:app", "uvicorn", ["-m", "uvicorn", "app:app"]],
    ["python3.12 -m pkg.tool -v", "pkg.tool", ["-m", "pkg.tool", "-v"]],
    ["python app.py --colour", "app.py", ["app.py", "--colour"]],
    [`src/app.py "two words" it\\'s 'a "b"'`, "app.py", ["src/app.py", "two words", "it's", 'a "b"']],
    ["app.py C:\\data\\x", "app.py", ["app.py", "C:\\data\\x"]],
  ] as const) {
    it(line, () => assert.deepEqual(readCommandLine(line), { title, args }));
  }

  for (const line of ["", "   ", "python", "-m", "--help"]) {
    it(`names no program: “${line}”`, () => assert.equal(readCommandLine(line), null));
  }
});
