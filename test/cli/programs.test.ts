import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { execute, Folder, loopscope, type Options, type Result } from "./cli";
import { packagesPython } from "./packages";
import { validReport } from "./schema";

const REQUESTS = 2000;

/** The socket listens before the port is told, so the first request waits instead of failing. */
const LISTEN = `
import asyncio, socket, sys
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("127.0.0.1", 0))
sock.listen(100)
print("port", sock.getsockname()[1], flush=True)
`;

const AIOHTTP = `${LISTEN}
from aiohttp import web

async def hello(request):
    await asyncio.sleep(0.001)
    return web.json_response({"n": int(request.query["n"])})

app = web.Application()
app.router.add_get("/", hello)
web.run_app(app, sock=sock, print=None)
`;

const FASTAPI = `${LISTEN}
import uvicorn
from fastapi import FastAPI

app = FastAPI()

@app.get("/")
async def hello(n: int):
    await asyncio.sleep(0.001)
    return {"n": n}

config = uvicorn.Config(app, log_level="warning", loop=sys.argv[1])
uvicorn.Server(config).run(sockets=[sock])
`;

const FILES = `import asyncio, aiofiles, sys, tempfile, os

async def main():
    path = os.path.join(tempfile.mkdtemp(), "x")
    async with aiofiles.open(path, "w") as file:
        await file.write("hello")
    async with aiofiles.open(path) as file:
        print(await file.read())

asyncio.run(main())
`;

const SUBPROCESS = `import asyncio, sys

async def main():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import sys; print(sys.stdin.read()[::-1], end=''); sys.exit(3)",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate(b"olleh")
    print(out.decode(), process.returncode)

asyncio.run(main())
`;

const STREAMS = `import asyncio

async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for _ in range(200):
        writer.write(b"hello\\n")
        assert await reader.readline() == b"HELLO\\n"
    writer.close()
    await writer.wait_closed()
    server.close()
    print("echoed")

asyncio.run(main())
`;

/** Sends requests, 20 at a time, and checks every answer. */
async function load(port: number, requests: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  let next = 0;
  const one = (n: number) =>
    new Promise<void>((resolve, reject) => {
      get({ host: "127.0.0.1", port, path: `/?n=${n}`, agent }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => {
          if (text.replaceAll(" ", "") === `{"n":${n}}`) resolve();
          else reject(new Error(`request ${n}: ${response.statusCode} ${text}`));
        });
      }).on("error", reject);
    });
  const client = async () => {
    while (next < requests) await one(next++);
  };
  await Promise.all(Array.from({ length: 20 }, client));
  agent.destroy();
}

describe("programs that people write", function () {
  this.timeout(120_000);
  let folder: Folder;
  let python: string;
  before(function () {
    this.timeout(600_000);
    const found = packagesPython();
    if (found === null) return this.skip();
    python = found;
    folder = new Folder();
  });
  after(() => folder?.remove());

  /** A server that is loaded and then stopped with Ctrl-C. */
  function loaded(requests: number): Options {
    return {
      on: {
        text: "\n",
        act: async (child, stdout) => {
          await load(Number(/port (\d+)/.exec(stdout)?.[1]), requests);
          child.kill("SIGINT");
        },
      },
    };
  }

  const SERVERS: [string, string, string[], RegExp][] = [
    ["aiohttp", AIOHTTP, [], /^asyncio\./],
    ["FastAPI on uvicorn", FASTAPI, ["asyncio"], /^asyncio\./],
    ["FastAPI on uvicorn and uvloop", FASTAPI, ["uvloop"], /^uvloop\.Loop$/],
  ];
  for (const [name, source, args, loop] of SERVERS) {
    it(`${name} answers ${REQUESTS} requests, and stops as untraced`, async () => {
      const script = folder.file("server.py", source);
      const report = folder.at("server.json");
      const traced = await loopscope(
        ["run", "-q", "--python", python, "--report", report, script, ...args],
        loaded(REQUESTS),
      );
      const plain = await execute(python, [script, ...args], loaded(10));
      const settled = ({ code, stderr }: Result) => ({ code, stderr });
      assert.deepEqual(settled(traced), settled(plain));
      const { loops, trust, tasks, findings } = validReport(readFileSync(report, "utf8"));
      assert.match(loops[0].kind, loop);
      assert.equal(trust.dropped, 0);
      assert.equal(trust.tasksMissed, 0);
      const sleeps = tasks
        .flatMap(({ suspensions }) => suspensions)
        .filter(({ on }) => on.kind === "sleep" && on.label.includes("0.001"));
      assert.equal(sleeps.length, REQUESTS);
      for (const { at } of sleeps) assert.equal(at?.function, "hello");
      assert.deepEqual(
        findings.filter(({ severity }) => severity === "error"),
        [],
      );
    });
  }

  async function same(source: string): Promise<ReturnType<typeof validReport>> {
    const script = folder.file("program.py", source);
    const report = folder.at("program.json");
    const traced = await loopscope(["run", "-q", "--python", python, "--report", report, script]);
    assert.deepEqual(traced, await execute(python, [script]));
    assert.equal(traced.code, 0, traced.stderr);
    return validReport(readFileSync(report, "utf8"));
  }

  it("aiofiles waits for its thread", async () => {
    const { tasks } = await same(FILES);
    const waits = tasks[0].suspensions.filter(({ on }) => on.kind === "thread");
    assert.ok(waits.length >= 3, JSON.stringify(tasks[0].suspensions.map(({ on }) => on)));
    assert.ok(waits.every(({ at }) => at?.function === "main"));
  });

  it("an asyncio subprocess", async () => {
    const { tasks } = await same(SUBPROCESS);
    const kinds = new Set(tasks.flatMap(({ suspensions }) => suspensions.map(({ on }) => on.kind)));
    assert.ok(kinds.has("process"), [...kinds].join());
  });

  it("streams", async () => {
    const { tasks } = await same(STREAMS);
    const waits = tasks[0].suspensions.filter(({ on }) => on.kind === "io");
    assert.ok(waits.length >= 100, String(waits.length));
  });

  it("uvloop's own run", async () => {
    const { loops } = await same(
      "import asyncio, uvloop\nasync def main():\n  await asyncio.gather(*(asyncio.sleep(0.01) for _ in range(10)))\n  print(type(asyncio.get_running_loop()))\nuvloop.run(main()) if hasattr(uvloop, 'run') else (uvloop.install(), asyncio.run(main()))\n",
    );
    assert.equal(loops[0].kind, "uvloop.Loop");
  });
});
