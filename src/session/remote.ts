import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { controlFolder, type Dormant, dormantPrograms } from "./control";
import { runtimeFolder } from "./environment";
import type { PythonProcess } from "./processes";
import { sessionFolder } from "./registry";

/** How long a process may take to come to a point where it runs what others ask. */
const PATIENCE_MS = 5000;
const LOOK_MS = 50;

/** Only an interpreter of the same version can ask, so the process's own is used. */
const ASK = "import sys; sys.remote_exec(int(sys.argv[1]), sys.argv[2])";

/** Puts the runtime, dormant, into a running process (Python 3.14+). Throws an error for the user. */
export async function makeDormant(target: PythonProcess): Promise<Dormant> {
  const { path, dispose } = sessionFolder();
  try {
    const problems = join(path, "problem");
    const script = join(path, "enter.py");
    writeFileSync(script, entering(problems), { mode: 0o600 });
    await askFor(target, script);
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      const dormant = dormantPrograms().find(({ pid }) => pid === target.pid);
      if (dormant) return dormant;
      const problem = read(problems);
      if (problem) throw new Error(`the runtime could not start in process ${target.pid}: ${problem}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new Error(
      `process ${target.pid} did not let us in within ${PATIENCE_MS / 1000} s: its main thread runs no Python code now ` +
        "(it waits in the kernel or in a C function). Make it do something, such as answer a request, and try again.",
    );
  } finally {
    dispose();
  }
}

/** What the process is to run, at its main thread's next instruction. */
function entering(problems: string): string {
  const [runtime, folder, report] = [runtimeFolder(), controlFolder(), problems].map((s) =>
    JSON.stringify(s),
  );
  // No names: it runs among those of the program's __main__.
  return `try:
    __import__("sys").path.insert(0, ${runtime})
    __import__("loopscope_runtime.remote").remote.enter(${runtime}, ${folder})
except Exception:
    open(${report}, "w").write(__import__("traceback").format_exc(limit=0))
`;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8") || null;
  } catch {
    return null; // nothing went wrong so far
  }
}

function askFor({ executable, pid }: PythonProcess, script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(
      executable ?? "python3",
      ["-S", "-E", "-c", ASK, String(pid), script],
      { timeout: 20_000 },
      (error, _, stderr) => {
        if (!error) return resolve();
        const why = stderr.trim().split("\n").at(-1) || error.message;
        const advice = /permission|ptrace/i.test(why)
          ? " The system allows this to the process's parent or to root only (see ptrace_scope): run loopscope with sudo -E, or start the program with loopscope run --dormant."
          : "";
        reject(new Error(`process ${pid} cannot be entered with sys.remote_exec: ${why}.${advice}`));
      },
    );
  });
}
