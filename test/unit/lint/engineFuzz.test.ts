import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createWorkspace } from "../../../src/lint/index";
import { random, randomEdit, sameAsAfresh, unitsFitTree } from "./engineFuzz";

const stdlib = execFileSync("python3", ["-c", "import sysconfig; print(sysconfig.get_paths()['stdlib'])"])
  .toString()
  .trim();

const sets = [
  ["queue.py", "asyncio/queues.py", "asyncio/locks.py"],
  ["contextlib.py", "asyncio/staggered.py", "asyncio/streams.py"],
  ["socketserver.py", "smtplib.py", "asyncio/base_subprocess.py"],
];

const labelled = readFileSync(resolve("test/fixtures/lint/corpus/shop/handlers.py"), "utf8");
const helpers = readFileSync(resolve("test/fixtures/lint/corpus/shop/db.py"), "utf8");

/** LOOPSCOPE_FUZZ=30 does so many more of each set. */
const rounds = 1 + Number(process.env.LOOPSCOPE_FUZZ ?? 0);
const cases = Array.from({ length: rounds }, (_, round) =>
  sets.map((set, i) => ({ set, seed: round * sets.length + i })),
).flat();

describe("edits of real code", () => {
  for (const { seed, set } of cases) {
    it(`find what a first reading finds: ${set.join(", ")} (seed ${seed})`, function () {
      this.timeout(120_000);
      const next = random(seed);
      const workspace = createWorkspace({ roots: ["/fuzz"] });
      for (const name of set) workspace.setFile(`/fuzz/${name}`, readFileSync(join(stdlib, name), "utf8"));
      workspace.setFile("/fuzz/shop/__init__.py", "from .db import connect, Repository\n");
      workspace.setFile("/fuzz/shop/db.py", helpers);
      workspace.setFile("/fuzz/shop/handlers.py", labelled);
      workspace.allFindings();
      const paths = workspace.paths();
      const edits: string[] = [];
      for (let i = 0; i < 24; i++) {
        const path = paths[Math.floor(next() * paths.length)];
        const edit = randomEdit(workspace.text(path)!, next);
        edits.push(`${path} ${JSON.stringify(edit)}`);
        workspace.setFile(path, [edit]);
        if (next() < 0.5) workspace.findings(path);
        unitsFitTree(workspace, path, edits.join("\n"));
        if (i % 4 === 3) sameAsAfresh(workspace, edits.join("\n"));
      }
    });
  }

  it("leave nothing behind once they are undone and the typing pauses", () => {
    const path = "/fuzz/queue.py";
    const text = readFileSync(join(stdlib, "asyncio/queues.py"), "utf8");
    const next = random(11);
    const workspace = createWorkspace({ roots: ["/fuzz"] });
    workspace.setFile(path, text);
    for (let i = 0; i < 40; i++) {
      const before = workspace.text(path)!;
      const edit = randomEdit(before, next);
      workspace.setFile(path, [edit]);
      const taken = before.slice(edit.from, edit.to);
      workspace.setFile(path, [{ from: edit.from, to: edit.from + edit.text.length, text: taken }]);
      assert.equal(workspace.text(path), text);
      workspace.refresh(path);
      assert.equal(workspace.refresh(path), false, "there is nothing left to refresh");
      sameAsAfresh(workspace, JSON.stringify(edit));
      unitsFitTree(workspace, path, JSON.stringify(edit));
    }
  });
});
