import assert from "node:assert/strict";
import { cli, execute, Folder, loopscope, type Options, type Result } from "./cli";
import { interpreters } from "./pythons";

/** Programs, and what is given to them: what they do traced must be what they do under python. */
const PROGRAMS: Record<string, { source: string; args?: string[]; input?: string; env?: NodeJS.ProcessEnv }> =
  {
    "ends without an event loop": { source: "print('plain')" },
    "sys.exit()": { source: "import sys; sys.exit()" },
    "sys.exit(3)": { source: "import sys; sys.exit(3)" },
    "sys.exit(256)": { source: "import sys; sys.exit(256)" },
    "sys.exit(-1)": { source: "import sys; sys.exit(-1)" },
    "sys.exit(message)": { source: "import sys; sys.exit('went wrong')" },
    "sys.exit in a coroutine": { source: loop("import sys; sys.exit(7)") },
    "sys.exit in a task": {
      source:
        "import asyncio, sys\nasync def t(): sys.exit(9)\nasync def main(): await asyncio.create_task(t())\nasyncio.run(main())",
    },
    "os._exit(5)": { source: loop("import os; print('out', flush=True); os._exit(5)") },
    "an exception": { source: "def f():\n    raise ValueError('no')\nf()" },
    "an exception in a coroutine": { source: loop("await asyncio.sleep(0.01); raise ValueError('no')") },
    "an exception in a task nobody looks at": {
      source:
        "import asyncio\nasync def t(): raise ValueError('lost')\nasync def main():\n  a = asyncio.create_task(t())\n  await asyncio.sleep(0.01)\nasyncio.run(main())",
    },
    "an exception group": {
      source: loop("raise ExceptionGroup('g', [ValueError(1)])").replace(
        "ExceptionGroup",
        "__import__('builtins').__dict__.get('ExceptionGroup', lambda *a: ValueError(a))",
      ),
    },
    "KeyboardInterrupt raised": { source: loop("raise KeyboardInterrupt") },
    "a coroutine never awaited": { source: loop("asyncio.sleep(1)") },
    "a syntax error": { source: "async def main(:\n  pass" },
    "a null byte": { source: "print(1)\0" },
    "SIGKILL to itself": { source: loop("import os, signal; os.kill(os.getpid(), signal.SIGKILL)") },
    "SIGTERM to itself": {
      source: loop("import os, signal; os.kill(os.getpid(), signal.SIGTERM); await asyncio.sleep(5)"),
    },
    "SIGSEGV to itself": {
      source: loop("import os, signal; os.kill(os.getpid(), signal.SIGSEGV); await asyncio.sleep(5)"),
    },
    "SIGINT to itself": {
      source: loop("import os, signal; os.kill(os.getpid(), signal.SIGINT); await asyncio.sleep(5)"),
    },
    "os.abort()": { source: "import os; os.abort()" },
    "a signal handler of the loop": {
      source: loop(
        "import os, signal; e = asyncio.Event(); asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, e.set); os.kill(os.getpid(), signal.SIGTERM); await e.wait(); print('handled')",
      ),
    },
    "its arguments": {
      source: "import sys; print(sys.argv[1:])",
      args: ["--help", "--trace", "x", "-m", "", "a b", "ü", "--", "-q", "'\"$HOME`"],
    },
    "its stdin": { source: "import sys; print(sys.stdin.read()[::-1])", input: "one\ntwo\n" },
    "its names": {
      source:
        "import sys, os; print(__name__, __file__, sys.path, os.getcwd(), sys.flags, __builtins__, __spec__, __doc__)",
    },
    "its environment": {
      source:
        "import os; print([k for k in sorted(os.environ) if k != '_'], {k: v for k, v in sorted(os.environ.items()) if 'PYTHON' in k or 'VIRTUAL' in k}, os.environb.get(b'PYTHONPATH'))",
      env: { PYTHONPATH: "/somewhere:/else", VIRTUAL_ENV: "" },
    },
    "an empty PYTHONPATH": {
      source: "import os, sys; print(os.environ.get('PYTHONPATH'), sys.path)",
      env: { PYTHONPATH: "" },
    },
    "its modules": {
      source:
        "import sys; print(sorted(m for m in sys.modules if 'custom' in m or 'loopscope' in m), 'asyncio' in sys.modules)",
    },
    "its threads": { source: "import threading; print(threading.active_count(), threading.enumerate())" },
    "its process group": {
      source:
        "import os; print(os.getpgid(0) == os.getpgid(os.getppid()), os.getsid(0) == os.getsid(os.getppid()))",
    },
    "its file descriptors": {
      source:
        "import os; print(sorted(int(f) for f in os.listdir('/dev/fd'))[:3], os.get_blocking(0), os.get_blocking(1), os.get_blocking(2))",
    },
    "a flood on stdout": {
      source: loop("import sys\nfor i in range(30000): sys.stdout.write('%d\\n' % i)"),
    },
    "output at exit": {
      source: "import asyncio, atexit; atexit.register(print, 'bye'); asyncio.run(asyncio.sleep(0))",
    },
    "a traceback printed": {
      source:
        "import asyncio, traceback\nasync def a(): raise KeyError('x')\nasync def main():\n  try: await asyncio.gather(a(), asyncio.sleep(0.01))\n  except KeyError: traceback.print_exc()\n  asyncio.current_task().print_stack()\nasyncio.run(main())",
    },
    "its tasks": {
      source:
        "import asyncio\nasync def a(): await asyncio.sleep(0.01)\nasync def main():\n  t = asyncio.create_task(a(), name='x'); await asyncio.sleep(0)\n  print(type(t), t.get_name(), t.get_coro().__qualname__, len(asyncio.all_tasks()), [f.f_code.co_name for f in t.get_stack()])\n  print(type(asyncio.get_running_loop()), asyncio.get_running_loop().get_debug())\nasyncio.run(main())",
    },
    "asyncio's debug mode": {
      // On a busy machine any step may be "slow", which debug mode would report.
      source: loop(
        "asyncio.get_running_loop().slow_callback_duration = 60; print(asyncio.get_running_loop().get_debug())",
      ),
      env: { PYTHONASYNCIODEBUG: "1" },
    },
    "development mode": { source: loop("await asyncio.sleep(0)"), env: { PYTHONDEVMODE: "1" } },
  };

/** A program whose main coroutine does this. */
function loop(body: string): string {
  return `import asyncio\nasync def main():\n  ${body.replaceAll("\n", "\n  ")}\nasyncio.run(main())\n`;
}

/** A frame of a traceback, as a pattern. */
const frame = (file: string, name: string) =>
  ` *File ".*/${file}\\.py", line \\d+, in ${name}\\n.*\\n(?: +[~^]+\\n)?`;

/** What depends on the run and not on the program: addresses, process ids, times. */
function settled({ code, stdout, stderr }: Result): Result {
  const settle = (text: string) =>
    text
      .replace(/0x[0-9a-f]+/g, "0x")
      .replace(/(?<=started )\d+/g, "N")
      .replace(/\d+\.\d{3} seconds/g, "N seconds")
      // Of the loop's own machinery: its iteration is ours, in one frame instead of two.
      .replace(
        new RegExp(`${frame("(?:fused|base_events)", "_run_once")}(?:${frame("events", "_run")})?`, "g"),
        "(the loop)\n",
      );
  return { code, stdout: settle(stdout), stderr: settle(stderr) };
}

async function compare(pythonArgs: string[], options: Options, traceArgs: string[] = []): Promise<void> {
  await Promise.all(
    interpreters().map(async ({ path, version }) => {
      const plain = await execute(path, pythonArgs, options);
      const traced = await loopscope(
        ["run", "--quiet", "--python", path, ...traceArgs, ...pythonArgs],
        options,
      );
      assert.deepEqual(settled(traced), settled(plain), `Python ${version}`);
    }),
  );
}

describe("a traced program behaves as under python:", function () {
  this.timeout(60_000);
  let folder: Folder;
  before(() => {
    folder = new Folder();
  });
  after(() => folder.remove());

  for (const [name, { source, args = [], input, env }] of Object.entries(PROGRAMS)) {
    it(name, async () => {
      const script = folder.file("the program.py", source);
      await compare([script, ...args], { input, env, cwd: folder.path });
    });
  }

  it("descriptors that are handed on to it", async function () {
    if (process.platform !== "linux") this.skip();
    const script = folder.file(
      "descriptors.py",
      "import os\nfor fd in range(3, 12):\n  try: print(fd, os.get_inheritable(fd), os.read(fd, 9) if fd != 9 else os.write(fd, b'there'))\n  except OSError: pass\n",
    );
    folder.file("data", "from a file");
    const [{ path }] = interpreters();
    const python = ["run", "--quiet", "--python", path, script];
    const handing = 'exec 3<data 5<data 9>written; echo piped | "$@" 4<&0 </dev/null';
    const run = (words: string[]) =>
      execute("/bin/sh", ["-c", handing, "sh", ...words], { cwd: folder.path });
    const plain = await run([path, script]);
    assert.match(plain.stdout, /^3 True b'from a fi'\n4 True b'piped.n'\n5 True b'from a fi'\n9 True 5\n$/);
    for (const words of [python, [...python.slice(0, 1), "--dormant", ...python.slice(1)]]) {
      assert.deepEqual(await run([process.execPath, cli(), ...words]), plain);
    }
  });

  it("a script that is not there", () => compare(["missing.py", "x"], { cwd: folder.path }));

  it("a folder without __main__", () => compare([folder.path], {}));

  it("a folder with __main__", () => {
    folder.file("app/__main__.py", "import sys; print(__file__, sys.argv, sys.path[0]); sys.exit(4)");
    return compare(["app", "-x"], { cwd: folder.path });
  });

  it("a script in a folder with a name from all over the world", () => {
    folder.file("naïve 日本 $dir/a'b.py", "import sys; print(ascii(sys.argv), ascii(sys.path[0]))");
    return compare(["naïve 日本 $dir/a'b.py", "ß"], { cwd: folder.path });
  });

  it("a script whose name begins with a dash", () => {
    folder.file("-dash.py", "import sys; print(sys.argv)");
    return Promise.all(
      interpreters().map(async ({ path }) => {
        const args = ["--", "-dash.py", "--", "-m"];
        const { stdout } = await loopscope(["run", "-q", "--python", path, ...args], { cwd: folder.path });
        assert.equal(stdout, (await execute(path, args, { cwd: folder.path })).stdout);
      }),
    ).then(() => {});
  });

  it("a script on stdin", () => compare(["-", "a", "b"], { input: "import sys; print(sys.argv, __name__)" }));

  it("a module", () => {
    folder.file("pkg/__init__.py", "");
    folder.file(
      "pkg/tool.py",
      "import sys, asyncio; asyncio.run(asyncio.sleep(0)); print(__name__, __spec__.name, sys.argv, sys.path[0]); sys.exit(6)",
    );
    return compare(["-m", "pkg.tool", "--help", "--", "-m"], { cwd: folder.path });
  });

  it("a module that is not there", () => compare(["-m", "no_such_module"], { cwd: folder.path }));

  it("a module of the standard library", () =>
    compare(["-m", "json.tool", "--indent", "1"], { input: '{"a":1}' }));

  it("the user's own sitecustomize", () => {
    folder.file(
      "own/sitecustomize.py",
      "import sys; print('customized', __name__, __file__); sys.custom = 1",
    );
    const script = folder.file(
      "custom.py",
      "import sys; print(sys.custom, sys.modules['sitecustomize'].__file__)",
    );
    return compare([script], { env: { PYTHONPATH: folder.at("own") } });
  });
});
