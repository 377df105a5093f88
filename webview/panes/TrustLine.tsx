import { Icon } from "../icons";
import { live, trace } from "../state/model";
import { trust } from "../state/trust";
import { count, duration, percent } from "../util/format";
import { t, tn } from "../util/l10n";

/** Whether the picture can be believed: what was dropped, what was missed, what tracing itself cost. */
export function TrustLine() {
  const { lost, missed, overhead, notes, unknown, doubt } = trust.value;
  const { value: it } = trace;
  const fallback = it.programs.find((program) => program.hello?.mode === "fallback");
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
      {unknown.map(({ text, why }) => (
        <span key={text} class="unknown" title={why}>
          <Icon name="info" size={14} />
          {text}
        </span>
      ))}
      <span
        title={t("What was dropped is not in the picture: a step may be missing, and a wait look too long")}
      >
        {lost > 0 ? tn(lost, "{n} event dropped", "{n} events dropped") : t("nothing dropped")}
      </span>
      <span title={t("Missed tasks ran without being seen: the loop may have been busy with them")}>
        {tn(it.tasks.count, "{n} task seen", "{n} tasks seen")}
        {missed > 0 ? `, ${t("{n} missed", { n: count(missed) })}` : ""}
      </span>
      <span>{tn(it.events, "{n} event", "{n} events")}</span>
      {overhead === null ? null : (
        <span title={t("Time the program spent on being traced, as the tracer measured it")}>
          {t("tracing cost {time} ({share})", {
            time: duration(overhead),
            share: percent(overhead / Math.max(1e-9, it.endTime)),
          })}
        </span>
      )}
      {fallback ? (
        <span title={fallback.hello?.modeReason ?? ""}>
          {t("compatible mode: {why}", { why: fallback.hello?.modeReason || t("slower") })}
        </span>
      ) : null}
      {notes.length > 0 ? (
        <span class="notes" title={notes.join("\n")}>
          {notes.join(" · ")}
        </span>
      ) : null}
    </footer>
  );
}
