import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Folder, loopscope, type Options } from "./cli";
import { CHILDREN, packagesPython } from "./packages";
import { interpreters, python } from "./pythons";

interface Told {
  programs: { id: number; parent: number | null; startedBy: number | null; argv: string[]; pid: number }[];
  tasks: { id: number; name: string; coroutine: string; outcome: string }[];
  trust: { tasksSeen: number; tasksMissed: number };
  findings: { rule: string; at: { line: number } | null }[];
}

/** A child: its tasks are named after its argument. */
const CHILD = `import asyncio, sys

async def work():
    await asyncio.sleep(0)

async def child():
    await asyncio.gather(*(asyncio.create_task(work(), name=f"{sys.argv[1]}-{i}") for i in range(3)))

if __name__ == "__main__":
    asyncio.run(child())
`;

describe("child processes", function () {
  this.timeout(120_000);
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  /** Runs a program with its children, and returns the report; it has to end well, and to miss nothing. */
  async function told(
    source: string,
    words: string[] = [],
    chosen = python(),
    options: Options = {},
  ): Promise<Told> {
    const app = folder.file("app.py", source);
    const report = folder.at("report.json");
    const args = [
      "run",
      "-q",
      "--follow",
      "--python",
      chosen,
      "--report",
      report,
      ...(words.length > 0 ? words : [app]),
    ];
    const { code, stderr } = await loopscope(args, { cwd: folder.path, ...options });
    assert.equal(code, 0, stderr);
    const document = JSON.parse(readFileSync(report, "utf8")) as Told;
    assert.equal(document.trust.tasksMissed, 0);
    return document;
  }

  const named = ({ tasks }: Told, pattern: RegExp) =>
    tasks
      .filter(({ name }) => pattern.test(name))
      .map(({ name, outcome }) => `${name} ${outcome}`)
      .sort();

  const starterOf = ({ programs, tasks }: Told, at: number) =>
    tasks.find(({ id }) => id === programs[at].startedBy)?.name;

  for (const { path, version } of interpreters()) {
    it(`are programs of the trace, and name the task that started them (CPython ${version})`, async () => {
      folder.file("child.py", CHILD);
      const document = await told(
        `import asyncio, os, sys
async def start(name, **how):
    child = await asyncio.create_subprocess_exec(sys.executable, "child.py", name, **how)
    assert await child.wait() == 0
async def shell(name):
    child = await asyncio.create_subprocess_shell(f'"{sys.executable}" child.py {name}; exit 0')
    assert await child.wait() == 0
async def main():
    await asyncio.create_task(start("plain"), name="starts plain")
    await asyncio.create_task(start("bare", env={"PATH": os.environ["PATH"], "PYTHONPATH": "/none"}), name="starts bare")
    await asyncio.create_task(shell("shell"), name="starts shell")
asyncio.run(main())
`,
        [],
        path,
      );
      assert.equal(document.programs.length, 4);
      for (const [i, name] of ["plain", "bare", "shell"].entries()) {
        assert.equal(document.programs[i + 1].parent, 1);
        assert.equal(starterOf(document, i + 1), `starts ${name}`);
        assert.deepEqual(
          named(document, new RegExp(`^${name}-`)),
          [0, 1, 2].map((n) => `${name}-${n} returned`),
        );
      }
    });

    it(`are not held by the step that forked them (CPython ${version})`, async () => {
      const document = await told(
        `import asyncio, os, time
async def child():
    time.sleep(0.3)
async def main():
    await asyncio.sleep(0)
    pid = os.fork()
    if pid == 0:
        time.sleep(0.3)  # holds no loop: the child runs none so far
        asyncio.run(child())
        time.sleep(0.3)
        os._exit(0)
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        await asyncio.sleep(0.01)
asyncio.run(main())
`,
        [],
        path,
      );
      const blocked = document.findings.filter(({ rule, at }) => rule === "blocking-call" && at !== null);
      assert.deepEqual(
        blocked.map(({ at }) => at?.line),
        [3],
      );
    });

    for (const method of ["fork", "spawn", "forkserver"]) {
      it(`are seen when multiprocessing starts them by ${method} (CPython ${version})`, async () => {
        folder.file("child.py", CHILD);
        const document = await told(
          `import warnings
warnings.simplefilter("ignore")  # a fork in a program that has threads
import asyncio, multiprocessing, child, sys
def entry(name):
    sys.argv[1:] = [name]
    asyncio.run(child.child())
async def start(name):
    process = multiprocessing.get_context("${method}").Process(target=entry, args=(name,))
    process.start()
    process.join()
    assert process.exitcode == 0
async def main():
    await asyncio.create_task(start("one"), name="starts one")
if __name__ == "__main__":
    asyncio.run(main())
`,
          [],
          path,
        );
        assert.deepEqual(named(document, /^one-/), ["one-0 returned", "one-1 returned", "one-2 returned"]);
        const at = document.programs.length - 1;
        const starters = document.programs.map((_, i) => starterOf(document, i));
        // The server that forks is started by the task, the child by the server.
        if (method === "forkserver") assert.ok(starters.includes("starts one"));
        else assert.equal(starterOf(document, at), "starts one");
      });
    }
  }

  describe("of servers and tools", () => {
    let environment: string;
    before(function () {
      this.timeout(600_000); // the first time, they are installed
      const found = packagesPython("children", CHILDREN);
      if (found === null) this.skip();
      environment = found;
    });

    const APP = `import asyncio, os, signal, sys

async def beat():
    await asyncio.sleep(0)

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await asyncio.create_task(beat(), name="beat of %s" % ("worker" if os.getppid() == int(os.environ["TOP"]) else "?"))
        await send({"type": "lifespan.startup.complete"})
        os.kill(int(os.environ["TOP"]), signal.SIGTERM if STOPS() else 0)
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

def STOPS():
    # The last of the workers ends the server.
    path = os.environ["COUNT"]
    with open(path, "a") as file:
        file.write("x")
    return os.path.getsize(path) >= int(os.environ["WORKERS"])
`;

    for (const [what, workers, words] of [
      ["uvicorn --workers", 2, ["-m", "uvicorn", "--workers", "2", "--port", "0", "serve:app"]],
      ["uvicorn --reload", 1, ["-m", "uvicorn", "--reload", "--port", "0", "serve:app"]],
      [
        "gunicorn with uvicorn's worker",
        2,
        ["-m", "gunicorn", "-w", "2", "-k", "uvicorn_worker.UvicornWorker", "-b", "127.0.0.1:0", "serve:app"],
      ],
    ] as const) {
      it(`${what}: every worker is a program, with its tasks`, async () => {
        folder.file("serve.py", APP);
        folder.file(
          "top.py",
          `import os, runpy, sys
os.environ["TOP"] = str(os.getpid())
sys.argv[:] = sys.argv[2:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
`,
        );
        const document = await told("", [folder.at("top.py"), ...words], environment, {
          cwd: folder.path,
          env: { COUNT: folder.at("count"), WORKERS: String(workers) },
        });
        assert.deepEqual(named(document, /^beat/), Array(workers).fill("beat of worker returned"));
        assert.ok(document.programs.length > workers, `${document.programs.length} programs`);
        assert.ok(document.programs.slice(1).every(({ parent }) => parent !== null));
      });
    }

    for (const [what, source, expected] of [
      [
        "pytest-asyncio",
        `import asyncio, pytest, sys
async def work():
    await asyncio.sleep(0)
@pytest.mark.asyncio
async def test_one():
    await asyncio.create_task(work(), name="in a test")
if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", __file__]))
`,
        ["in a test returned"],
      ],
      [
        "nest_asyncio",
        `import asyncio, nest_asyncio
nest_asyncio.apply()
async def inner():
    await asyncio.create_task(asyncio.sleep(0.001), name="nested")
async def main():
    before = asyncio.create_task(asyncio.sleep(0.001), name="before")
    asyncio.get_event_loop().run_until_complete(inner())
    await before
asyncio.run(main())
`,
        ["before returned", "nested returned"],
      ],
      [
        "an IPython kernel's loop",
        `import asyncio, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3", startup_timeout=60)
reply = client.execute_interactive(
    "import asyncio\\nawait asyncio.create_task(asyncio.sleep(0.001), name='in a cell')", output_hook=print, timeout=60)
client.stop_channels()
manager.shutdown_kernel()
sys.exit(reply["content"]["status"] != "ok")
`,
        ["in a cell returned"],
      ],
      [
        "anyio",
        `import anyio
async def work(n):
    await anyio.sleep(0.001)
async def main():
    async with anyio.create_task_group() as group:
        for n in range(3):
            group.start_soon(work, n, name=f"any-{n}")
anyio.run(main)
`,
        ["any-0 returned", "any-1 returned", "any-2 returned"],
      ],
    ] as const) {
      it(`${what}: every task is seen`, async () => {
        const document = await told(source, [], environment);
        assert.deepEqual(named(document, /^(in a|before|nested|any)/), expected);
      });
    }
  });
});
