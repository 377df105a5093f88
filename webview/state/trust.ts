import { computed } from "@preact/signals";
import { trust as reported, type Trace } from "../../src/trace";
import { t } from "../util/l10n";
import { tick, trace } from "./model";

/** What is known of how far the picture can be believed. */
export interface Trust {
  /** Events and tasks that should be in the picture and are not. */
  lost: number;
  missed: number;
  /** Seconds the program spent on being traced, the thread that sends included, as the tracer measured it; null before it first tells. */
  overhead: number | null;
  /** What the tracer and the reader had to say, in sentences. */
  notes: readonly string[];
  /** What was never to be recorded: the picture is right, and says less. */
  unknown: { text: string; why: string }[];
  /** The picture may be wrong. */
  doubt: boolean;
}

export const trust = computed<Trust>(() => {
  tick.value;
  const { value: it } = trace;
  const sum = (pick: (stats: NonNullable<(typeof it.programs)[0]["stats"]>) => number) =>
    it.programs.reduce((total, program) => total + (program.stats ? pick(program.stats) : 0), 0);
  const lost = Math.max(
    sum((stats) => stats.dropped),
    it.loops.reduce((total, loop) => total + loop.lost, 0),
  );
  const missed = sum((stats) => stats.tasksMissed);
  return {
    lost,
    missed,
    overhead: it.programs.some((program) => program.stats) ? reported(it).overheadSeconds : null,
    notes: it.notes,
    unknown: unknownParts(it),
    doubt: lost > 0 || missed > 0 || it.notes.length > 0,
  };
});

/** Nothing is missing: what is not in the picture was not there. */
export const whole = computed(() => !trust.value.doubt && trust.value.unknown.length === 0);

function unknownParts(it: Trace): Trust["unknown"] {
  const parts: Trust["unknown"] = [];
  if (it.programs.some((program) => program.hello?.detail === "light")) {
    parts.push({
      text: t("light detail: no waits, no lines"),
      why: t(
        "Recorded with light detail: where a task is parked and what it waits for is not known, and findings that take it are not found",
      ),
    });
  }
  if (it.programs.some((program) => program.hello?.attached)) {
    parts.push({
      text: t("attached: what was before is not known"),
      why: t(
        "Tracing began while the program was running: tasks created before have no creator, and their earlier steps are unknown",
      ),
    });
  }
  return parts;
}
