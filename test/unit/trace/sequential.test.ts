import assert from "node:assert/strict";
import { sequences } from "../../../src/lint/sequences";
import { findings } from "../../../src/trace";
import { StreamWriter } from "./writer";

const lines = (source: string) =>
  sequences("/app/app.py", source).map((run) => run.map(({ from, to }) => [from, to]));

/** The lines of the runs in the body of an async function. */
const inFunction = (body: string) =>
  lines(`async def main(x, state, log):\n${body.replace(/^/gm, "    ")}\n`);

describe("awaits in a row", () => {
  it("that need nothing of one another are a run", () => {
    const source = `async def main():
    a = await fetch("a")
    # a comment, and a blank line

    b = await fetch(
        "b",
    )
    await save_log(1)
    return a, b
`;
    assert.deepEqual(lines(source), [
      [
        [2, 2],
        [5, 7],
        [8, 8],
      ],
    ]);
    assert.deepEqual(
      sequences("/app/app.py", source)[0].map(({ call }) => call),
      ['fetch("a")', 'fetch("b")', "save_log(1)"],
    );
  });

  const not = {
    "use of the earlier result": "a = await fetch(1)\nb = await fetch(a)",
    "use of it in an f-string": 'a = await fetch(1)\nb = await fetch(f"{a}/x")',
    "use of an attribute of it": "a = await fetch(1)\nb = await other(a.id)",
    "the same target": "a = await fetch(1)\na = await fetch(2)",
    "another statement between": "a = await fetch(1)\nprint(a)\nb = await fetch(2)",
    "another block": "a = await fetch(1)\nif x:\n    b = await fetch(2)",
    "a shared object": "a = await log.next_of()\nb = await log.next_of()",
    "a shared argument that may be changed": "a = await step(state)\nb = await step(state)",
    "a session of a database, which serves one at a time":
      "from sqlalchemy.ext.asyncio import AsyncSession\nsession = AsyncSession()\na = await user(session)\nb = await orders(session)",
    sleeps: "await asyncio.sleep(1)\nawait asyncio.sleep(1)",
    "what makes what the next may need":
      "import db\nawait db.init(1)\nawait db.generate_schemas()\nawait create_tables(x)\nawait db.insert(2)",
    "waits for locks": "await state.acquire()\nawait log.acquire()",
    "tasks that run already": "await x\nawait log",
    "code in a string": 'x = """\na = await fetch(1)\nb = await fetch(2)\n"""',
    "part of an expression": "a = await fetch(1) + f(2)\nb = await fetch(2) + f(3)",
    "an await inside": "a = await fetch(await x)\nb = await fetch(2)",
    "functions that assign the same global":
      "async def up():\n    global count\n    count += 1\nasync def show():\n    return count\na = await up()\nb = await show()",
  };
  for (const [why, body] of Object.entries(not)) {
    it(`are not with ${why}`, () => assert.deepEqual(inFunction(body), []));
  }

  it("may share values, and clients that serve several at a time", () => {
    const body = `import aiohttp, asyncio
BASE = "http://x"
def load(path): ...
async def page(url, user_id):
    async with aiohttp.ClientSession() as session:
        a = await fetch(session, BASE, 1)
        b = await fetch(session, BASE, 2)
        c = await session.get(url)
        d = await fetch(url, user_id)
        e = await asyncio.to_thread(load, user_id)
        f = await asyncio.to_thread(load, 2)
`;
    assert.deepEqual(lines(body), [[6, 7, 8, 9, 10, 11].map((line) => [line, line])]);
  });
});

describe("sequential-awaits", () => {
  const source = "async def main():\n    a = await fetch(1)\n    b = await fetch(2)\n    return a + b\n";
  const main = (line: number) => [`/app/app.py:${line} main`, "/app/app.py:9 fetch"];

  function run(): StreamWriter {
    const w = new StreamWriter();
    w.new(1, 0, 0, "/app/app.py:1 main", "t");
    w.step(1, 0, 0.001, 9, main(2)).wake(1, 0.1, 1);
    w.step(1, 0.1, 0.101, 9, main(2)).wake(1, 0.301, 1);
    w.step(1, 0.301, 0.301, 9, main(3)).wake(1, 0.401, 1);
    return w.done(1, 0.401, 0.402);
  }
  const of = (w: StreamWriter, text: string | undefined) =>
    findings(w.trace(), text === undefined ? {} : { sequences: (file) => sequences(file, text) }).filter(
      ({ rule }) => rule === "sequential-awaits",
    );

  it("says what running them together would have saved", () => {
    const [found, ...more] = of(run(), source);
    assert.deepEqual(more, []);
    assert.deepEqual([found.at?.line, found.task, found.seconds?.toFixed(3)], [2, 1, "0.100"]);
    assert.match(found.message, /fetch\(1\) and fetch\(2\).*400 ms.*300 ms/);
  });

  it("says nothing without the source, or where the second uses the first", () => {
    assert.deepEqual(of(run(), undefined), []);
    assert.deepEqual(of(run(), source.replace("fetch(2)", "fetch(a)")), []);
  });
});
