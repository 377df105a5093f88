import { computed } from "@preact/signals";
import { loopName } from "../../src/trace";
import { loopLane } from "../lanes/state";
import { loopEnd, loopsOf } from "../model/loops";
import { State } from "../model/snapshot";
import { cursor, now, snapshot, tick, trace } from "../state/model";
import { count, duration, instant, percent } from "../util/format";
import { t, tn, tx } from "../util/l10n";
import { narrow } from "./narrow";
import { ProgramPath } from "./PathPanel";

/** More loops than this are not told one by one. */
const MOST = 4;

/** What each loop did with its time, from the index its lane is drawn with. */
const loops = computed(() => {
  tick.value;
  const it = trace.value;
  return loopsOf(it)
    .filter((loop) => loop.lastEnd > Number.NEGATIVE_INFINITY)
    .slice(0, MOST)
    .map((loop) => {
      const lane = loopLane(loop.row);
      const until = lane.firstEndingAfter(it.endTime);
      const busy = lane.busyUntil(until, it.endTime);
      const { begin, end } = it.steps;
      const blocked = lane.blocks.reduce((sum, row) => sum + end.get(row) - begin.get(row), 0);
      const all = Math.max(1e-9, busy, loopEnd(it, loop) - loop.seen);
      return { loop, busy, blocked, all, blocks: lane.blocks.length };
    });
});

/** The program in one look: what its loop did with the time, and how its tasks fare at the instant shown. */
export function Overview() {
  const { totals } = snapshot.value;
  const over = totals[State.returned] + totals[State.raised] + totals[State.cancelled];
  const alive = totals.reduce((sum, n) => sum + n, 0) - totals[State.absent] - over;
  return (
    <section class="overview" aria-label={t("In one look")}>
      <h2>{t("In one look")}</h2>
      {loops.value.map(({ loop, busy, blocked, all, blocks }) => (
        <div key={loop.row} class="shares">
          <div class="bar" aria-hidden="true">
            <i class="blocked" style={{ flexGrow: blocked / all }} />
            <i class="busy" style={{ flexGrow: Math.max(0, busy - blocked) / all }} />
            <i class="idle" style={{ flexGrow: Math.max(0, all - busy) / all }} />
          </div>
          <p>
            {loops.value.length > 1 ? `${loopName(trace.value, loop)}: ` : ""}
            {blocks > 0 ? (
              <>
                <span class="late">
                  {tx("blocked {time}", { time: <b>{duration(blocked)}</b> })}
                  {blocks > 1 ? ` ${t("in {n} steps", { n: blocks })}` : ""}
                </span>
                {", "}
              </>
            ) : null}
            {tx("busy {busy}, idle {idle} of {time}", {
              busy: <b>{percent(busy / all)}</b>,
              idle: <span class="whole">{percent(Math.max(0, all - busy) / all)}</span>,
              time: <span class="whole">{duration(all)}</span>,
            })}
          </p>
        </div>
      ))}
      <p>
        {cursor.value === null
          ? ""
          : `${t("At {time}:", { time: instant(now.value, trace.value.endTime) })} `}
        {tn(alive, "{n} task alive", "{n} tasks alive")}
        {totals[State.ready] > 0 ? (
          <span class="waits">, {t("{n} waiting for the loop", { n: count(totals[State.ready]) })}</span>
        ) : null}
        {over > 0 ? `, ${t("{n} ended", { n: count(over) })}` : ""}
        {totals[State.raised] > 0 ? (
          <span class="late">, {t("{n} failed", { n: count(totals[State.raised]) })}</span>
        ) : null}
      </p>
      <ProgramPath brief={narrow.value} />
    </section>
  );
}
