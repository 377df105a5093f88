import { StepFlag, TaskFlag, type Trace } from "../../src/trace";

/** Upper bounds of the histogram of step times, seconds; the last is open. */
export const BUCKETS = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, Number.POSITIVE_INFINITY] as const;
export const BUCKET_NAMES = ["< 10 µs", "< 100 µs", "< 1 ms", "< 10 ms", "< 100 ms", "≥ 100 ms"] as const;

/** What the table shows of each task, by column. Seconds. */
export interface TaskTable {
  /** Rows of the tasks that exist. */
  tasks: Int32Array;
  run: Float64Array;
  ready: Float64Array;
  suspended: Float64Array;
  longest: Float64Array;
  steps: Int32Array;
  /** `BUCKETS.length` counts a task. */
  histogram: Uint32Array;
}

/** Sums over all steps, in one pass. */
export function taskTable(trace: Trace): TaskTable {
  const { steps, tasks } = trace;
  const n = tasks.count;
  const table: TaskTable = {
    tasks: new Int32Array(n),
    run: new Float64Array(n),
    ready: new Float64Array(n),
    suspended: new Float64Array(n),
    longest: new Float64Array(n),
    steps: new Int32Array(n),
    histogram: new Uint32Array(n * BUCKETS.length),
  };
  for (let row = 0; row < steps.count; row++) {
    const task = steps.task.get(row);
    if (task < 0) continue;
    const flags = steps.flags.get(row);
    const end = steps.end.get(row);
    if (!(flags & StepFlag.parked)) addStep(table, task, end - steps.begin.get(row));
    if (flags & StepFlag.last) continue;
    const next = steps.next.get(row);
    const ended = tasks.ended.get(task);
    const until = next >= 0 ? steps.begin.get(next) : Number.isNaN(ended) ? trace.endTime : ended;
    const ready = steps.ready.get(row);
    const woken = Number.isNaN(ready) ? until : Math.min(ready, until);
    table.suspended[task] += Math.max(0, woken - end);
    table.ready[task] += Math.max(0, until - woken);
  }
  let count = 0;
  for (let task = 0; task < n; task++) {
    if (tasks.flags.get(task) & TaskFlag.void) continue;
    table.tasks[count++] = task;
    const first = tasks.firstStep.get(task);
    const ended = tasks.ended.get(task);
    const until = first >= 0 ? steps.begin.get(first) : Number.isNaN(ended) ? trace.endTime : ended;
    if (first < 0 || !(steps.flags.get(first) & StepFlag.parked)) {
      table.ready[task] += Math.max(0, until - tasks.created.get(task));
    }
  }
  for (const { open } of trace.loops) {
    if (open && open.task >= 0 && open.task < n)
      addStep(table, open.task, Math.max(0, trace.endTime - open.begin));
  }
  table.tasks = table.tasks.subarray(0, count);
  return table;
}

function addStep(table: TaskTable, task: number, length: number): void {
  table.run[task] += length;
  table.steps[task]++;
  if (length > table.longest[task]) table.longest[task] = length;
  let bucket = 0;
  while (length >= BUCKETS[bucket]) bucket++;
  table.histogram[task * BUCKETS.length + bucket]++;
}

export const COLUMNS = [
  "name",
  "coroutine",
  "state",
  "created",
  "run",
  "ready",
  "suspended",
  "steps",
  "longest",
] as const;
export type Column = (typeof COLUMNS)[number];

/** Rows of tasks in the order of a column. */
export function sortTasks(
  trace: Trace,
  table: TaskTable,
  rows: ArrayLike<number>,
  column: Column,
  descending: boolean,
  state: Uint8Array,
): Int32Array {
  const order = Int32Array.from(rows);
  const { tasks, places } = trace;
  const sign = descending ? -1 : 1;
  const by = (value: (task: number) => number) => order.sort((a, b) => sign * (value(a) - value(b)) || a - b);
  if (column === "name" || column === "coroutine") {
    const text = new Map<number, string>();
    for (const task of order) {
      text.set(task, column === "name" ? tasks.name(task) : places.codes[tasks.code.get(task)].qualname);
    }
    const collator = new Intl.Collator(undefined, { numeric: true });
    return order.sort((a, b) => sign * collator.compare(text.get(a)!, text.get(b)!) || a - b);
  }
  switch (column) {
    case "state":
      return by((task) => state[task]);
    case "created":
      return by((task) => tasks.created.get(task));
    case "steps":
      return by((task) => table.steps[task]);
    default:
      return by((task) => table[column][task]);
  }
}

/** One field of a CSV file: quoted when it must be, and never read as a formula by a spreadsheet. */
export function csvField(value: string | number): string {
  if (typeof value === "number") return Number.isNaN(value) ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
