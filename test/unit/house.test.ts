import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `protocol`, `trace` and `lint` run in a test, a browser or a CI job, so they may import neither. */
const PURE = ["src/protocol", "src/trace", "src/lint"];
const FORBIDDEN =
  /(?:from|import|require)\s*\(?\s*["'](vscode|node:[^"']*|fs|path|os|net|child_process|zlib|buffer)["']/;

function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("house rules", () => {
  for (const folder of PURE) {
    it(`${folder} imports neither vscode nor Node`, () => {
      const offenders = sources(folder).filter((file) => FORBIDDEN.test(readFileSync(file, "utf8")));
      assert.deepEqual(offenders, []);
    });
  }

  it("src/trace imports nothing of the linter: the view is made of the one, and does without the other", () => {
    const offenders = sources("src/trace").filter((file) =>
      /from "[^"]*\/lint\//.test(readFileSync(file, "utf8")),
    );
    assert.deepEqual(offenders, []);
  });

  it("the check itself sees an offending import", () => {
    assert.match('import { readFileSync } from "node:fs";', FORBIDDEN);
    assert.match('import * as vscode from "vscode";', FORBIDDEN);
  });
});
