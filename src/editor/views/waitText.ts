import { WAITS } from "../../protocol/stream";
import type { Trace } from "../../trace";

/** What the suspension of a step's row waits for, in a word or two: "Lock 'ledger'", "sleep". */
export function waitText(trace: Trace, row: number): string {
  const { steps, waits, tasks, objects, stacks, places } = trace;
  const wait = steps.wait.get(row);
  if (wait > 0) return `await ${tasks.name(wait - 1)}`;
  const object = waits.object.get(-wait);
  if (object >= 0) return objects.label(object);
  const kind = WAITS[waits.kind.get(-wait)];
  if (kind !== "other") return kind;
  return places.get(stacks.leaf(steps.stack.get(row))).function;
}
