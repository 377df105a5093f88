import assert from "node:assert/strict";
import { findings } from "../../../src/trace";
import { at, of, SLEEP, started } from "./programs";
import { record } from "./recorded";
import { StreamWriter } from "./writer";

/** A program that makes a loop for each piece of work, as a Flask with async views does. */
const LOOPS = `
import asyncio, threading, time
async def waits():
    await asyncio.sleep(0)
async def view(seconds):
    waiting = asyncio.create_task(waits())
    await asyncio.sleep(0)
    time.sleep(seconds)
    await waiting
for seconds in 0.06, 0.15, 0.06:
    asyncio.run(view(seconds))
threading.Thread(target=asyncio.run, args=[view(0.06)]).start()
`;

describe("findings of what held a loop", () => {
  it("are one for a line, however many loops a program runs", () => {
    const { trace } = record(LOOPS);
    for (const rule of ["blocking-call", "starved"] as const) {
      const [found, ...more] = findings(trace).filter((each) => each.rule === rule);
      assert.deepEqual([found.tasks.length, more.length], [4, 0], rule);
      assert.ok(found.seconds! >= 0.15 && found.message.includes("4 times"), found.message);
    }
  });
});

describe("blocking-call", () => {
  it("is at the line that was sampled", () => {
    const w = started(1);
    w.stall(1, 0.1, 0.2, [at(7), at(3, "main")]);
    w.step(1, 0.1, 0.6, 9, [at(9)]);
    const [found] = of(w, "blocking-call");
    assert.deepEqual([found.at?.line, found.task, found.seconds, found.from], [7, 1, 0.5, 0.1]);
    assert.deepEqual(
      found.stack.map(({ line }) => line),
      [3, 7],
    );
  });

  it("names what the line was in for most of the time", () => {
    const w = started(1);
    const inside = (line: number, name: string) => [at(7), `lib:/usr/lib/python3.12/x.py:${line} ${name}`];
    w.stall(1, 0.1, 0.11, inside(1, "prepare").reverse());
    for (const t of [0.12, 0.13, 0.14]) w.stall(1, 0.1, t, inside(2, "Socket.read").reverse());
    const [found] = of(w.step(1, 0.1, 0.3, 9, [at(9)]), "blocking-call");
    assert.match(found.message, /at app.py:7 in Socket.read: /);
  });

  it("tells of every line that held it for a good part of the time, as long as each was sampled", () => {
    const w = started(1);
    // Samples are ever further apart: those of line 7 are more, those of line 8 stand for more.
    for (const t of [0.15, 0.16, 0.17]) w.stall(1, 0.1, t, [at(7)]);
    w.stall(1, 0.1, 0.18, [at(6)]);
    for (const t of [0.22, 0.3]) w.stall(1, 0.1, t, [at(8)]);
    const [found] = of(w.step(1, 0.1, 0.35, 9, [at(9)]), "blocking-call");
    assert.equal(found.at?.line, 8);
    assert.match(found.message, /held the event loop for 250 ms at app\.py:8, and at app\.py:7: nothing/);
  });

  it("blames nobody for asyncio that waits for the threads of its pool at the end", () => {
    const severity = (coroutine: string) => {
      const w = new StreamWriter().run(0, 1).new(1, 0, 0, coroutine, "t");
      w.stall(1, 0.1, 0.2, ["lib:/usr/lib/python3.12/threading.py:359 Condition.wait"]);
      return of(w.step(1, 0.1, 0.4, 9, [coroutine]), "blocking-call")[0].severity;
    };
    const own = "lib:/usr/lib/python3.12/asyncio/base_events.py:574 BaseEventLoop.shutdown_default_executor";
    assert.deepEqual([severity(own), severity(at(3, "main"))], ["info", "warning"]);
  });

  it("blames nobody for a module that installed code imports, such as a server that loads the program", () => {
    const loads = [
      "lib:/site-packages/server/main.py:3 serve",
      "lib:<frozen importlib._bootstrap>:1 _find_and_load",
    ];
    const lazily = (...by: string[]) => {
      const w = started(1);
      w.stall(
        1,
        0.1,
        0.2,
        [...by, at(2, "<module>"), loads[1], "lib:/site-packages/big.py:5 <module>"].reverse(),
      );
      return of(w.step(1, 0.1, 0.4, 9, [at(9)]), "blocking-call")[0];
    };
    const loaded = lazily(...loads);
    assert.deepEqual([loaded.severity, loaded.at?.line], ["info", 2]);
    assert.match(loaded.message, /Installed code imports this module/);
    const own = lazily(at(7), loads[1]);
    assert.deepEqual([own.severity, own.at?.line], ["warning", 2]);
    assert.match(own.message, /at the top of the module/);
  });

  it("is an error when it lasts, but not where only installed code was", () => {
    const severity = (frame: string) => {
      const w = started(1).stall(1, 0.1, 0.2, [frame]);
      return of(w.step(1, 0.1, 2.1, 9, [at(9)]), "blocking-call").map((found) => found.severity);
    };
    assert.deepEqual(severity(at(7)), ["error"]);
    assert.deepEqual(severity("lib:/site-packages/kernel/poll.py:3 poll"), ["warning"]);
  });

  it("says so when there is no sample", () => {
    const w = started(1);
    w.step(1, 0.1, 0.3, 9, [at(9)]);
    const [found] = of(w, "blocking-call");
    assert.deepEqual([found.at?.line, found.severity], [9, "info"]);
    assert.match(found.message, /no sample/);
  });

  it("accuses no place for a sample that shows no code of the program", () => {
    const w = started(1);
    w.stall(1, 0.1, 0.2, []);
    w.step(1, 0.1, 0.4, 9, [at(9)]);
    const [found] = of(w, "blocking-call");
    assert.deepEqual([found.at?.line, found.severity], [9, "info"]);
    assert.match(found.message, /no sample was taken/);
  });

  it("is one finding for a line that blocks often", () => {
    const w = started(1);
    for (let i = 0; i < 5; i++) {
      w.stall(1, i, i + 0.1, [at(7)])
        .step(1, i, i + 0.2, 9, [at(9)])
        .wake(1, i + 0.5, 1);
    }
    const found = of(w, "blocking-call");
    assert.equal(found.length, 1);
    assert.match(found[0].message, /5 times, 1\.00 s in all/);
  });

  it("sees the step that runs now", () => {
    const w = started(1);
    w.stall(1, 0.1, 0.2, [at(7)]).now(2.1, 1, 0.1);
    const [found] = of(w, "blocking-call");
    assert.deepEqual([found.seconds, found.at?.line], [2, 7]);
    assert.match(found.message, /holds it still/);
  });

  it("tells of a garbage collection that held all threads for most of a step", () => {
    const w = started(1);
    const seconds = [0.4, 0.2, 0.2, 0.2];
    for (const [i, each] of seconds.entries()) {
      w.stall(1, i, i + 0.1, [at(7)])
        .step(1, i, i + each, 9, [at(9)])
        .wake(1, i + 0.5, 1);
    }
    w.garbage(0.01, 0.401, 0.35); // in the first
    w.garbage(0.97, 1.05, 0.04); // at the beginning of the second
    w.garbage(1.99, 2.19, 0.02); // in the third, as it seems, but that thread could run
    const [found] = of(w, "blocking-call");
    assert.equal(found.severity, "warning");
    assert.match(
      found.message,
      /held the event loop for 400 ms at app\.py:7, while the garbage collector went through all objects: nothing else/,
    );
    assert.match(
      found.message,
      /4 times, 1\.00 s in all; the garbage collector ran in one of these\. Call gc\.freeze\(\)/,
    );
  });

  it("blames a garbage collection where there is no sample", () => {
    const w = started(1)
      .step(1, 0.1, 0.3, 9, [at(9)])
      .garbage(0.09, 0.301, 0.15);
    const [found] = of(w, "blocking-call");
    assert.equal(found.severity, "warning");
    assert.match(
      found.message,
      /began in app\.py:9, while the garbage collector went through all objects: nothing else/,
    );
  });

  it("does not count what is shorter than the threshold", () => {
    assert.deepEqual(of(started(1).step(1, 0.1, 0.149, 9, [at(9)]), "blocking-call"), []);
  });
});

describe("starved", () => {
  it("counts ten steps of 10 ms like one of 100", () => {
    const w = started(11);
    for (let i = 0; i < 10; i++) w.done(2 + i, i / 100, (i + 1) / 100);
    w.done(1, 0.1, 0.101);
    const [found, ...more] = of(w, "starved");
    assert.deepEqual(more, []);
    assert.deepEqual([found.task, found.seconds], [1, 0.1]);
    assert.match(found.message, /work \(t2, t3 and 8 others\) 100 ms \(100 %\) in 10 steps/);
  });

  it("says where the longest of the steps was seen, and comes after what is at fault", () => {
    const w = started(3);
    for (const [i, task] of [2, 3].entries()) {
      w.stall(task, i * 0.2, i * 0.2 + 0.01, [at(7 + i)]).done(task, i * 0.2, (i + 1) * 0.2 + i * 0.01);
    }
    w.done(1, 0.41, 0.411);
    const [found] = of(w, "starved");
    assert.match(found.message, /work \(t2 and t3\) 410 ms \(100 %\) in 2 steps, the longest at app.py:8\./);
    assert.deepEqual(
      findings(w.trace()).map(({ rule, at: place }) => [rule, place?.line]),
      [
        ["blocking-call", 8],
        ["blocking-call", 7],
        ["starved", 100],
      ],
    );
  });

  it("says between which awaits the longest of the steps ran, where it was too short to be sampled", () => {
    const wake = (w: StreamWriter, task: number) => w.wake(task, 0.06, 2);
    const message = (w: StreamWriter) => of(w.done(1, 0.16, 0.17), "starved")[0].message;
    const begun = () => {
      const w = started(3)
        .step(2, 0, 0.001, 9, [at(5)])
        .step(3, 0.001, 0.002, 9, [at(6)]);
      return wake(wake(w.step(1, 0.002, 0.003, 9, [at(9)]), 2), 3).wake(1, 0.06, 2);
    };
    const between = begun()
      .step(2, 0.06, 0.12, 9, [at(8)])
      .done(3, 0.12, 0.16);
    assert.match(message(between), /in 2 steps, the longest between app\.py:5 and app\.py:8\./);
    const round = begun()
      .step(2, 0.06, 0.12, 9, [at(5)])
      .done(3, 0.12, 0.16);
    assert.match(message(round), /the longest from app\.py:5 round to it again\./);
    const after = begun().done(2, 0.06, 0.1).done(3, 0.1, 0.16);
    assert.match(message(after), /the longest after app\.py:6\./);
    const first = started(2).step(2, 0, 0.16, 9, [at(5)]);
    assert.match(message(first), /in 1 step before app\.py:5\./);
  });

  it("comes first where no single step is at fault", () => {
    const w = started(32);
    w.stall(2, 0, 0.01, [at(7)]).done(2, 0, 0.06);
    for (let i = 0; i < 30; i++) w.done(3 + i, 0.06 + i * 0.04, 0.1 + i * 0.04);
    w.done(1, 1.26, 1.27);
    assert.equal(findings(w.trace())[0].rule, "starved");
  });

  it("counts tasks of one name", () => {
    const w = new StreamWriter().run(0, 1);
    for (let key = 1; key <= 4; key++) w.new(key, 0, 0, at(1), key < 4 ? "same" : "other", [at(100, "main")]);
    for (let key = 1; key <= 3; key++) w.done(key, (key - 1) * 0.03, key * 0.03);
    const [found] = of(w.done(4, 0.09, 0.1), "starved");
    assert.match(found.message, /work \(3 × same\) 90 ms/);
  });

  it("names no line of asyncio's, and the innermost of an installed package", () => {
    const server = "lib:/venv/lib/python3.12/site-packages/uvicorn/server.py:248 Server.main_loop";
    const places = [[server, SLEEP], [SLEEP]].map((frames) => {
      const w = started(2);
      w.step(2, 0, 0.001, 9, frames).waits(2, "sleep", 0, 0.01).done(1, 0.001, 0.3);
      const [found] = of(w.iter(0.3, 1).wake(2, 0.3, 1).done(2, 0.3, 0.301), "starved");
      return [/was ready(.*) but/.exec(found.message)?.[1], found.at?.function];
    });
    assert.deepEqual(places, [
      [" at server.py:248", "main_loop"],
      ["", "sleep"],
    ]);
  });

  it("is one finding for a thousand tasks with one cause", () => {
    const w = started(1001);
    w.done(1, 0, 0.2);
    for (let i = 0; i < 1000; i++) w.done(2 + i, 0.2 + i / 1e6, 0.2 + (i + 1) / 1e6);
    const found = of(w, "starved");
    assert.deepEqual(
      found.map(({ tasks }) => tasks.length),
      [1000],
    );
    assert.match(found[0].message, / 1,000 tasks waited like this, 1,000 times in all\./);
  });

  it("sees a sleeper whose timer came due while the loop was held", () => {
    const w = started(2);
    w.step(2, 0, 0.001, 9, [at(5), SLEEP])
      .waits(2, "sleep", 0, 0.01)
      .done(1, 0.001, 0.3);
    w.iter(0.3, 1).wake(2, 0.3, 1).done(2, 0.3, 0.301);
    const [found] = of(w, "starved");
    assert.deepEqual([found.task, found.seconds?.toFixed(3), found.at?.line], [2, "0.289", 5]);
  });

  it("does not blame anybody for a loop that did not run yet", () => {
    const w = new StreamWriter();
    w.new(1, 0, 0, at(1), "t").run(1, 1).done(1, 1.001, 1.002);
    assert.deepEqual(of(w, "starved"), []);
  });
});
