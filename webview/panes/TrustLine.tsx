import { Icon } from "../icons";
import { live, tick, trace } from "../state/model";
import { count, duration, percent } from "../util/format";
import { t, tn } from "../util/l10n";

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
        {doubt
          ? t("This picture may be incomplete")
          : live.value
            ? t("Nothing missing so far")
            : t("Complete")}
      </span>
      <span>{lost > 0 ? tn(lost, "{n} event dropped", "{n} events dropped") : t("nothing dropped")}</span>
      <span>
        {tn(it.tasks.count, "{n} task seen", "{n} tasks seen")}
        {missed > 0 ? `, ${t("{n} missed", { n: count(missed) })}` : ""}
      </span>
      <span>{tn(it.events, "{n} event", "{n} events")}</span>
      <span title={t("Time the program spent inside the tracer, as it measured it")}>
        {t("tracing cost {time} ({share})", {
          time: duration(overhead),
          share: percent(overhead / Math.max(1e-9, it.endTime)),
        })}
      </span>
      {fallback ? (
        <span title={fallback.hello?.modeReason ?? ""}>
          {t("compatible mode: {why}", { why: fallback.hello?.modeReason || t("slower") })}
        </span>
      ) : null}
      {it.notes.length > 0 ? <span class="notes">{it.notes.join(" · ")}</span> : null}
    </footer>
  );
}
