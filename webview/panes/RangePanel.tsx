import { computed } from "@preact/signals";
import { loopName } from "../../src/trace";
import { range, setWindow } from "../lanes/state";
import { rangeStatistics } from "../lanes/statistics";
import { parkedAt, waitInfo } from "../model/wait";
import { cursor, select, trace } from "../state/model";
import { displayName, duration, instant, percent } from "../util/format";
import { t, tn, tx } from "../util/l10n";
import { PlaceLink } from "./PlaceLink";

const statistics = computed(() =>
  range.value ? rangeStatistics(trace.value, range.value.from, range.value.to) : null,
);

/** Statistics of the range of time that is selected in the lanes. */
export function RangePanel() {
  const chosen = range.value;
  const result = statistics.value;
  if (!chosen || !result) return null;
  const length = chosen.to - chosen.from;
  const { tasks } = trace.value;
  const name = (task: number) => (task < 0 ? t("a callback") : displayName(tasks.name(task), 80));
  const go = (task: number, at: number) => {
    if (task >= 0) select({ kind: "task", task });
    cursor.value = at;
  };
  return (
    <section class="range" aria-label={t("Selected range")}>
      <h2>{t("Range of {time}", { time: duration(length) })}</h2>
      <p class="dim">
        {t("{from} to {to}", { from: instant(chosen.from, length), to: instant(chosen.to, length) })}
        {", "}
        {tn(result.stepCount, "{n} step", "{n} steps")}{" "}
        <button type="button" class="link" onClick={() => setWindow(chosen.from, chosen.to)}>
          {t("Zoom in")}
        </button>
      </p>
      {result.loops.map(({ loop, busy, idle, blocked }) => (
        <div key={loop} class="shares">
          <div class="bar" aria-hidden="true">
            <i class="busy" style={{ flexGrow: Math.max(0, busy - blocked) / length }} />
            <i class="blocked" style={{ flexGrow: blocked / length }} />
            <i class="idle" style={{ flexGrow: idle / length }} />
          </div>
          <div>
            {result.loops.length > 1 ? `${loopName(trace.value, trace.value.loops[loop])}: ` : ""}
            {tx("loop busy {busy} ({time}), of that blocked {blocked}, idle {idle}", {
              busy: <b>{percent(busy / length)}</b>,
              time: duration(busy),
              blocked: <b>{duration(blocked)}</b>,
              idle: <b>{percent(idle / length)}</b>,
            })}
          </div>
        </div>
      ))}
      <Top title={t("Longest steps")} items={result.steps} name={name} go={go} />
      <Top title={t("Longest waits for the loop")} items={result.delays} name={name} go={go} />
      {result.waits.length > 0 ? <h4>{t("Longest suspensions")}</h4> : null}
      <ul class="top">
        {result.waits.map(({ task, row, seconds, at }) => (
          <li key={row}>
            <button type="button" class="link" onClick={() => go(task, at)}>
              {name(task)}
            </button>
            <span class="dim">{waitInfo(trace.value, row).label}</span>
            <PlaceLink place={parkedAt(trace.value, row)} />
            <span class="amount">{duration(seconds)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Top({
  title,
  items,
  name,
  go,
}: {
  title: string;
  items: { task: number; seconds: number; at: number }[];
  name: (task: number) => string;
  go: (task: number, at: number) => void;
}) {
  if (items.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul class="top">
        {items.map(({ task, seconds, at }) => (
          <li key={at}>
            <button type="button" class="link" onClick={() => go(task, at)}>
              {name(task)}
            </button>
            <span class="amount">{duration(seconds)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
