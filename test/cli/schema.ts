import assert from "node:assert/strict";
import { isAbsolute } from "node:path";
import type { Report } from "../../src/protocol/report";

/** Says what is wrong with a value, or nothing. `path` names the value in the message. */
type Check = (value: unknown, path: string) => void;

const fail = (path: string, wanted: string, value: unknown): never =>
  assert.fail(`${path} is not ${wanted}: ${JSON.stringify(value)}`);

const is =
  (wanted: string, test: (value: unknown) => boolean): Check =>
  (value, path) => {
    if (!test(value)) fail(path, wanted, value);
  };

const text = is("a string", (value) => typeof value === "string");
const boolean = is("a boolean", (value) => typeof value === "boolean");
const integer = is("an integer", (value) => Number.isInteger(value));
const id = is("an id", (value) => Number.isInteger(value) && (value as number) > 0);
const count = is("a count", (value) => Number.isInteger(value) && (value as number) >= 0);
const seconds = is("seconds", (value) => typeof value === "number" && Number.isFinite(value) && value >= 0);
const path = is(
  "an absolute path",
  (value) => typeof value === "string" && (isAbsolute(value) || /^<.*>$/.test(value)),
);

const oneOf = (...words: string[]): Check =>
  is(`one of ${words.join(", ")}`, (value) => words.includes(value as string));

const orNull =
  (check: Check): Check =>
  (value, at) => {
    if (value !== null) check(value, at);
  };

const list =
  (check: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return fail(at, "a list", value);
    for (const [i, element] of value.entries()) check(element, `${at}[${i}]`);
  };

/** Every field there, of its type; fields the contract does not name are extensions. */
const object =
  (fields: Record<string, Check>): Check =>
  (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return fail(at, "an object", value);
    for (const [name, check] of Object.entries(fields)) {
      if (!(name in value)) assert.fail(`${at}.${name} is left out`);
      check((value as Record<string, unknown>)[name], `${at}.${name}`);
    }
  };

const place = object({ file: path, line: integer, function: text, user: boolean });

const suspension = object({
  from: seconds,
  ready: orNull(seconds),
  resumed: orNull(seconds),
  at: orNull(place),
  stack: list(place),
  on: object({
    kind: oneOf(
      ..."sleep yield task tasks future lock semaphore event condition barrier".split(" "),
      ..."queue.get queue.put queue.join io thread process other".split(" "),
    ),
    label: text,
    tasks: list(id),
    object: orNull(id),
  }),
  wokenBy: orNull(
    object({ kind: oneOf(..."timer io task thread cancel callback unknown".split(" ")), task: orNull(id) }),
  ),
});

const task = object({
  id,
  loop: id,
  name: text,
  coroutine: text,
  parent: orNull(id),
  createdBy: oneOf(
    ..."create_task ensure_future gather TaskGroup wait_for wait as_completed timeout run".split(" "),
    ..."run_until_complete run_coroutine_threadsafe other".split(" "),
  ),
  createdAt: orNull(place),
  outcome: oneOf("returned", "raised", "cancelled", "pending"),
  exception: orNull(object({ type: text, message: text, at: orNull(place) })),
  cancelledBy: orNull(
    object({
      kind: oneOf("task", "timeout", "taskgroup", "shutdown", "loop", "unknown"),
      task: orNull(id),
      at: orNull(place),
      through: list(id),
      shielded: list(id),
      signal: boolean,
    }),
  ),
  created: seconds,
  started: orNull(seconds),
  ended: orNull(seconds),
  runSeconds: seconds,
  readySeconds: seconds,
  suspendedSeconds: seconds,
  steps: count,
  suspensions: list(suspension),
});

const finding = object({
  rule: oneOf(
    ..."blocking-call starved deadlock never-awaited exception-never-retrieved task-lost".split(" "),
    ..."unfinished-at-exit cancellation-swallowed not-thread-safe sequential-awaits".split(" "),
  ),
  severity: oneOf("error", "warning", "info"),
  message: text,
  at: orNull(place),
  stack: list(place),
  task: orNull(id),
  tasks: list(id),
  object: orNull(id),
  seconds: orNull(seconds),
  from: orNull(seconds),
  help: text,
});

const report = object({
  schema: oneOf("loopscope-report/1"),
  program: object({
    argv: list(text),
    runtime: is("a runtime and its version", (value) => /^\S+ \d+\.\d+\.\d+/.test(String(value))),
    pid: id,
    exitCode: orNull(integer),
    signal: orNull(is("a signal", (value) => /^SIG[A-Z0-9]+$/.test(String(value)))),
    ended: boolean,
    wallSeconds: seconds,
  }),
  trust: object({
    events: count,
    dropped: count,
    tasksSeen: count,
    tasksMissed: count,
    mode: oneOf("fast", "fallback"),
    detail: oneOf("full", "light"),
    overheadSeconds: seconds,
  }),
  loops: list(
    object({ id, thread: text, kind: text, iterations: count, runSeconds: seconds, idleSeconds: seconds }),
  ),
  tasks: list(task),
  objects: list(
    object({
      id,
      kind: text,
      label: text,
      createdAt: orNull(place),
      heldBy: list(id),
      waiters: list(id),
    }),
  ),
  findings: list(finding),
  criticalPath: orNull(
    object({
      task: id,
      name: text,
      coroutine: text,
      seconds,
      parts: list(
        object({
          kind: oneOf("run", "wait", "ready", "unknown"),
          label: text,
          at: orNull(place),
          stack: list(place),
          seconds,
          count,
          cancelled: count,
          tasks: list(id),
        }),
      ),
      through: list(object({ object: orNull(id), label: text, count })),
    }),
  ),
});

/** Checks a report, field by field, against the contract, and what must hold between its fields. */
export function validReport(json: string): Report {
  const value = JSON.parse(json) as Report;
  report(value, "report");
  const tasks = new Map(value.tasks.map((one) => [one.id, one]));
  const loops = new Set(value.loops.map((one) => one.id));
  const path = value.criticalPath;
  const told = path?.parts.reduce((sum, part) => sum + part.seconds, 0) ?? 0;
  assert.ok(
    Math.abs(told - (path?.seconds ?? 0)) < 1e-6,
    "the parts of the critical path are all of its time",
  );
  assert.equal(tasks.size, value.tasks.length, "task ids are unique");
  for (const one of value.tasks) {
    const name = `task ${one.id}`;
    assert.ok(loops.has(one.loop), `${name}: its loop is listed`);
    if (one.parent !== null) assert.ok(tasks.has(one.parent), `${name}: its parent is listed`);
    if (one.started !== null) assert.ok(one.started >= one.created, `${name} starts after its creation`);
    if (one.ended !== null && one.started !== null)
      assert.ok(one.ended >= one.started, `${name} ends after its start`);
    assert.equal(one.outcome === "pending", one.ended === null, `${name}: a pending task has no end`);
    assert.equal(one.outcome === "raised", one.exception !== null, `${name}: an exception when it raised`);
    let last = one.started ?? one.created;
    for (const { from, ready, resumed } of one.suspensions) {
      assert.ok(from >= last - 1e-6, `${name}: suspensions are in order`);
      if (ready !== null) assert.ok(ready >= from - 1e-6, `${name}: ready after it was suspended`);
      if (resumed !== null)
        assert.ok(resumed >= (ready ?? from) - 1e-6, `${name}: resumed after it was ready`);
      last = resumed ?? from;
    }
    if (one.ended !== null) {
      const sum = one.runSeconds + one.readySeconds + one.suspendedSeconds;
      const life = one.ended - one.created;
      assert.ok(Math.abs(sum - life) < 1e-3, `${name}: the three states add up: ${sum} of ${life}`);
    }
  }
  return value;
}

const EVENTS =
  "created started suspended woken resumed blocked returned raised cancelled loop-started loop-idle loop-stopped".split(
    " ",
  );

export interface Row {
  seconds: number;
  task: string;
  event: string;
  where: string;
  detail: string;
}

/** Checks a tab-separated timeline, row by row. */
export function validTimeline(text: string): Row[] {
  assert.ok(text.endsWith("\n"));
  let last = 0;
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => {
      const fields = line.split("\t");
      assert.equal(fields.length, 5, line);
      const [time, task, event, where, detail] = fields;
      assert.match(time, /^\d+\.\d{3}$/, line);
      assert.ok(Number(time) >= last, `out of order: ${line}`);
      last = Number(time);
      assert.ok(EVENTS.includes(event), line);
      assert.match(where, /^(?:\S.*:\d+ \S.*)?$/, line);
      return { seconds: Number(time), task, event, where, detail };
    });
}
