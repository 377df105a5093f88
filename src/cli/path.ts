import type { CriticalPath, Place } from "../protocol/report";
import { digits, isWorthTelling, mainOf } from "../trace";
import { plain, type Style } from "./style";
import { count, location } from "./summary";

type Part = CriticalPath["parts"][number];

const MOST = 4;

/** "3.09 s": a length in a column of such. */
const long = (seconds: number) => `${seconds.toFixed(2)} s`;

/**
 * Why the program took as long as it did, a line for each thing that it spent its time with; nothing when it took none.
 * `title` begins the first line, as many blanks the others.
 */
export function* pathLines(path: CriticalPath | null, paint: Style, title = ""): Generator<string> {
  if (path === null || !isWorthTelling(path)) return;
  const { parts, through } = mainOf(path, MOST);
  yield `${paint.bold(title)}${plain(path.name)} (${plain(path.coroutine)}) took ${long(path.seconds)}:`;
  const blanks = " ".repeat(title.length);
  const width = long(path.seconds).length;
  for (const part of parts) {
    const share = `${Math.round((part.seconds / path.seconds) * 100)} %`.padStart(5);
    yield paint.fold(
      `${blanks}${long(part.seconds).padStart(width)} ${paint.dim(share)}  ${words(part)}`,
      blanks.length + width + 8,
    );
  }
  for (const { label, count: n } of through) {
    yield `${blanks}${" ".repeat(width + 8)}${digits(n)} times one task had to wait for another at ${plain(label)}`;
  }
}

const SAID: Record<Part["kind"], (label: string) => string> = {
  wait: (label) => label,
  run: (label) => `running ${label}`,
  ready: (label) => (label === "" ? "the event loop was busy" : `the event loop was busy with ${label}`),
  unknown: () => "not recorded, or too far back to be followed",
};

/** "asyncio.sleep(0.5) at app.py:6 in fetch, awaited at app.py:13 in main, 6 times, one after another" */
function words(part: Part): string {
  const { kind, label, at, stack, tasks, cancelled } = part;
  const said = SAID[kind](plain(label));
  const from = stack.length > 1 ? `, awaited at ${within(stack[0])}` : "";
  const again = part.count > 1 && kind === "wait" ? `, ${digits(part.count)} times, one after another` : "";
  const who = again && tasks.length > 1 ? `, in ${count(tasks.length, "task")}` : "";
  const cut =
    cancelled === 0
      ? ""
      : cancelled === part.count
        ? ", cancelled"
        : `, ${digits(cancelled)} of them cancelled`;
  return `${said}${at ? ` at ${within(at)}` : ""}${from}${again}${who}${cut}`;
}

const within = (place: Place) => `${location(place)} in ${plain(place.function)}`;
