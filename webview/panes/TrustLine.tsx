import { Icon } from "../icons";
import { tick, trace } from "../state/model";
import { count, duration, percent } from "../util/format";

/** Whether the picture can be believed: what was dropped, what was missed, what tracing itself cost. */
export function TrustLine() {
  tick.value;
  const { value: it } = trace;
  const sum = (pick: (stats: NonNullable<(typeof it.programs)[0]["stats"]>) => number) =>
    it.programs.reduce((total, program) => total + (program.stats ? pick(program.stats) : 0), 0);
  const lost = Math.max(
    sum((stats) => stats.dropped),
    it.loops.reduce((total, loop) => total + loop.lost, 0),
  );
  const missed = sum((stats) => stats.tasksMissed);
  const overhead = sum((stats) => stats.overheadNs) / 1e9;
  const fallback = it.programs.find((program) => program.hello?.mode === "fallback");
  const doubt = lost > 0 || missed > 0 || it.notes.length > 0;
  return (
    <footer class={`trust ${doubt ? "doubt" : ""}`}>
      <span class="verdict">
        <Icon name={doubt ? "warning" : "pass"} size={14} />
        {doubt ? "This picture may be incomplete" : "Complete"}
      </span>
      <span>{lost > 0 ? `${count(lost)} events dropped` : "nothing dropped"}</span>
      <span>
        {count(it.tasks.count)} tasks seen{missed > 0 ? `, ${count(missed)} missed` : ""}
      </span>
      <span>{count(it.events)} events</span>
      <span title="Time the program spent inside the tracer, as it measured it">
        tracer {duration(overhead)} ({percent(overhead / Math.max(1e-9, it.endTime))})
      </span>
      {fallback ? (
        <span title={fallback.hello?.modeReason ?? ""}>
          compatible mode: {fallback.hello?.modeReason || "slower"}
        </span>
      ) : null}
      {it.notes.length > 0 ? <span class="notes">{it.notes.join(" · ")}</span> : null}
    </footer>
  );
}
