import type { Loop, LoopState } from "../../src/trace";
import { stallPlace } from "../../src/trace/describe/stalls";
import { parkedAt } from "../model/wait";
import { now, select, selectedTask, snapshot, trace } from "../state/model";
import { displayName, duration } from "../util/format";
import { t, tx } from "../util/l10n";
import { nameOf } from "./Details";
import { PlaceLink } from "./PlaceLink";

/** The running task, how long it has held the loop, and its call stack. */
export function Running({ it }: { it: LoopState & { loop: Loop } }) {
  if (it.state !== "running" || (it.task < 0 && it.step < 0)) {
    return (
      <p class="none">
        {it.state === "idle"
          ? t("nothing: the loop is idle")
          : it.state === "stopped"
            ? t("the loop has stopped")
            : t("between two steps")}
      </p>
    );
  }
  if (it.task < 0) return <p>{t("a callback, for {time}", { time: duration(now.value - it.since) })}</p>;
  const { steps, stacks, tasks } = trace.value;
  const held = now.value - it.since;
  const stall = stallPlace(trace.value, it.loop, it.since);
  const before = previousStep(it.task, it.step);
  // Sampled while it held the loop; else where it went on from, and where it is going to be parked next.
  const stack = stall ? stall.stack : before >= 0 ? steps.stack.get(before) : 0;
  const next = it.step >= 0 ? parkedAt(trace.value, it.step) : null;
  const frames = stack > 0 ? stacks.frames(stack).reverse() : [];
  return (
    <>
      <div class="running">
        <TaskName task={it.task} />
        <span class={`amount ${held > trace.value.blockSeconds ? "late" : ""}`}>{duration(held)}</span>
      </div>
      {held > trace.value.blockSeconds ? (
        <p class="late">{t("It blocks the loop: everything else waits.")}</p>
      ) : null}
      <h3>{stall ? t("Call stack (sampled)") : before >= 0 ? t("Went on from") : t("First step of")}</h3>
      {frames.length > 0 ? (
        <ol class="stack-list">
          {frames.map((place, i) => (
            <li key={`${i}${place.file}${place.line}`} class={place.user ? "user" : "library"}>
              <span>{place.function}</span>
              <PlaceLink place={place} />
            </li>
          ))}
        </ol>
      ) : (
        <p class="dim">{displayName(trace.value.places.codes[tasks.code.get(it.task)].qualname)}</p>
      )}
      {it.step >= 0 ? (
        <p class="dim">
          {tx(next ? "This step lasts {time}, up to {place}" : "This step lasts {time}", {
            time: duration(steps.end.get(it.step) - steps.begin.get(it.step)),
            place: <PlaceLink place={next} />,
          })}
        </p>
      ) : null}
    </>
  );
}

function previousStep(task: number, step: number): number {
  const { steps, tasks } = trace.value;
  if (step < 0) return tasks.lastStep.get(task);
  const at = snapshot.value.row[task];
  if (at >= 0 && at !== step) return at;
  // The chain is linked forward only: found from the front, which is short for all but servers' workers.
  let before = -1;
  for (let row = tasks.firstStep.get(task), n = 0; row >= 0 && row !== step && n < 200_000; n++) {
    before = row;
    row = steps.next.get(row);
  }
  return before;
}

export function TaskName({ task }: { task: number }) {
  return (
    <button
      type="button"
      class={`link ${selectedTask.value === task ? "chosen" : ""}`}
      onClick={() => select({ kind: "task", task })}
    >
      {nameOf(task)}
    </button>
  );
}
