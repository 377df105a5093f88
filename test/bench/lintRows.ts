/** The measurements of `npm run bench:lint`; run by lint.ts, bundled. Prints one JSON row a line. */
import { Workspace as Ruff } from "@astral-sh/ruff-wasm-nodejs";
import { createWorkspace } from "../../src/lint/index";
import type { LintWorkspace } from "../../src/lint/types";
import { program } from "./lintProgram";

/** Times in milliseconds, and what 95 in 100 of them must not exceed. */
export interface Row {
  name: string;
  times: number[];
  limit: number | null;
}

function record(name: string, times: number[], limit: number | null): void {
  console.log(JSON.stringify({ name, times, limit } satisfies Row));
}

function timed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

const word = "await asyncio.sleep(1); time.sleep(2)";

/** Types a line key by key at places all over the file, and takes it away again. */
function type(workspace: LintWorkspace, path: string, rounds: number): number[] {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const text = workspace.text(path)!;
    const near = Math.floor((text.length * (round + 0.5)) / rounds);
    let at = text.indexOf("\n    value = ", near);
    if (at < 0) at = text.lastIndexOf("\n    value = ");
    workspace.setFile(path, [{ from: at, to: at, text: "\n    " }]);
    workspace.findings(path);
    for (let i = 0; i < word.length; i++) {
      times.push(
        timed(() => {
          workspace.setFile(path, [{ from: at + 5 + i, to: at + 5 + i, text: word[i] }]);
          workspace.findings(path);
        }),
      );
    }
    workspace.setFile(path, [{ from: at, to: at + 5 + word.length, text: "" }]);
    workspace.findings(path);
  }
  return times;
}

function keystrokes(size: number, rounds: number, limit: number): void {
  const text = program(size, "helpers");
  const workspace = createWorkspace({ roots: ["/bench"] });
  workspace.setFile("/bench/helpers.py", program(400, "base"));
  workspace.setFile("/bench/app.py", text);
  workspace.findings("/bench/app.py");
  type(workspace, "/bench/app.py", Math.ceil(rounds / 3));
  record(`keystroke to findings, ${size} lines`, type(workspace, "/bench/app.py", rounds), limit);
  const at = text.indexOf("\n\ndef load_", text.length / 3);
  workspace.setFile("/bench/app.py", [{ from: at, to: at, text: "\nvalue = load_0(1, [2,\n" }]);
  record("  the same while the code is broken", type(workspace, "/bench/app.py", rounds), limit);
  const ruff = new Ruff({ lint: { select: ["ASYNC"] } }, 1);
  const again = () => timed(() => ruff.check(text));
  for (let i = 0; i < 5; i++) again();
  record(
    `  ruff's ASYNC rules, ${size} lines`,
    Array.from({ length: Math.min(40, rounds * 4) }, again),
    null,
  );
}

const files = () => Array.from({ length: 50 }, (_, i) => program(2000, i === 0 ? "base" : `m${i - 1}`));

/** In a process of its own: nothing is compiled yet, as when an editor starts the server. */
function coldWorkspace(limit: number): void {
  const texts = files();
  const workspace = createWorkspace({ roots: ["/bench"] });
  const time = timed(() => {
    for (const [i, text] of texts.entries()) workspace.setFile(`/bench/m${i}.py`, text);
    workspace.allFindings();
  });
  record("cold workspace of 100000 lines, all findings", [time], limit);
}

function warmWorkspace(): void {
  const texts = files().map((text, i) => [`/bench/m${i}.py`, text] as const);
  const warm = createWorkspace({ roots: ["/bench"] });
  for (const [path, text] of texts) warm.setFile(path, text);
  warm.allFindings();
  propagation(warm);
  const kept = texts.map(([path, text]) => [path, text, warm.serialize(path)!.data] as const);
  const snapshot = warm.snapshot();
  const restored: number[] = [];
  const slices: number[] = [];
  for (let i = 0; i < 3; i++) {
    const workspace = createWorkspace({ roots: ["/bench"] });
    restored.push(
      timed(() => {
        for (const [path, text, data] of kept) workspace.restore(path, text, data);
        if (!workspace.recall(snapshot)) throw new Error("the findings were not known again");
        workspace.allFindings();
      }),
    );
    for (let isReady = false; !isReady; )
      slices.push(
        timed(() => {
          isReady = workspace.prepare(10);
        }),
      );
  }
  record("  the same from its cache", restored, 1000);
  record("  and each slice of the work behind that", slices, null);
  record(
    "  a file of it that is asked for at once",
    Array.from({ length: 3 }, () => soon(kept)),
    null,
  );
}

function soon(kept: readonly (readonly [string, string, string])[]): number {
  const workspace = createWorkspace({ roots: ["/bench"] });
  for (const [path, text, data] of kept) workspace.restore(path, text, data);
  return timed(() => void workspace.findingsSoon("/bench/m5.py"));
}

/** A helper at the bottom starts and stops blocking: every file above it hears of it. */
function propagation(workspace: LintWorkspace): void {
  const path = "/bench/m0.py";
  const times: number[] = [];
  for (let i = 0; i < 40; i++) {
    const at = workspace.text(path)!.indexOf("\n    value = ") + 1;
    const change =
      i % 2 === 0 ? { from: at, to: at, text: "    time.sleep(1)\n" } : { from: at - 18, to: at, text: "" };
    times.push(
      timed(() => {
        workspace.setFile(path, [change]);
        workspace.affected();
      }),
    );
    for (const file of workspace.affected()) workspace.findings(file);
  }
  record("one change through the call graph of 100000 lines", times.slice(4), 20);
}

if (process.argv[2] === "cold") coldWorkspace(3000);
else {
  keystrokes(2000, 12, 5);
  keystrokes(20000, 6, 15);
  warmWorkspace();
}
