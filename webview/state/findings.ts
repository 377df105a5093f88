import { computed, effect, signal } from "@preact/signals";
import type { Finding } from "../../src/protocol/report";
import { bySeriousness, findings as find } from "../../src/trace";
import { live, open, sourceFindings, tick, trace } from "./model";

const own = signal<Finding[]>([]);

/** What is wrong with the program, the most serious first. Kept up to date while the trace grows. */
export const findings = computed(() => withSource(own.value, sourceFindings.value.a));

/** Joins what the trace tells with what took the source, in the order of `findings` of src/trace. */
export function withSource(found: readonly Finding[], more: readonly Finding[]): Finding[] {
  const rules = new Set(more.map((finding) => finding.rule));
  return [...found.filter((finding) => !rules.has(finding.rule)), ...more].sort(bySeriousness);
}

/** At most this often while a program runs, milliseconds; and never more than a tenth of the time. */
const EVERY_MS = 400;
/** While a file is read, at most when it has grown by this factor: looking at all of it again and again would double the time. */
const GROWTH = 2;

/** Looks for findings again whenever the trace has grown, without hurrying. Call once. */
export function watchFindings(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  let cost = 0;
  let events = 0;
  const look = () => {
    timer = undefined;
    const begin = performance.now();
    events = trace.peek().events;
    own.value = find(trace.peek());
    last = performance.now();
    cost = last - begin;
  };
  effect(() => {
    tick.value;
    const grown = trace.value.events >= events * GROWTH || trace.value.events < events;
    if (open.value && !live.value && !grown) return;
    const pause = open.value ? Math.max(EVERY_MS, cost * 10) : 0;
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(0, last + pause - performance.now()));
  });
}
