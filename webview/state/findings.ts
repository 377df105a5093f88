import { effect, signal } from "@preact/signals";
import type { Finding } from "../../src/protocol/report";
import { findings as find } from "../../src/trace";
import { open, tick, trace } from "./model";

/** What is wrong with the program, the most serious first. Kept up to date while the trace grows. */
export const findings = signal<Finding[]>([]);

/** At most this often while the trace grows, milliseconds; and never more than a tenth of the time. */
const EVERY_MS = 400;

/** Looks for findings again whenever the trace has grown, without hurrying. Call once. */
export function watchFindings(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  let cost = 0;
  const look = () => {
    timer = undefined;
    const begin = performance.now();
    findings.value = find(trace.peek());
    last = performance.now();
    cost = last - begin;
  };
  effect(() => {
    tick.value;
    trace.value;
    const pause = open.value ? Math.max(EVERY_MS, cost * 10) : 0;
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(0, last + pause - performance.now()));
  });
}
