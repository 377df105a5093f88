import { computed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Finding } from "../../src/protocol/report";
import type { Trace } from "../../src/trace";
import { Surface } from "../canvas/surface";
import { Icon } from "../icons";
import { LoopLane } from "../lanes/loopLane";
import { compareFindings, type Summary, summarize } from "../model/compare";
import { belowTitle, findingTitle } from "../model/look";
import { loopsOf } from "../model/loops";
import { act } from "../state/actions";
import { withSource } from "../state/findings";
import { actions, other, source, sourceFindings, tick, trace } from "../state/model";
import { theme } from "../state/theme";
import { count, duration, percent } from "../util/format";
import { t } from "../util/l10n";
import { ComparedPaths } from "./PathPanel";
import { PlaceLink } from "./PlaceLink";

// The trace that was opened to compare with is the earlier run, whatever its date: "before".
const before = computed(() => (other.value && !other.value.open ? summarize(other.value.trace) : null));
const after = computed(() => {
  tick.value;
  return other.value ? summarize(trace.value) : null;
});

/** Two traces side by side: what became faster, which findings are gone and which are new. */
export function ComparePane() {
  const a = before.value;
  const b = after.value;
  if (!other.value || !a || !b) {
    return (
      <div class="welcome">
        <Icon name="git-compare" size={40} />
        <h2>{other.value ? t("Reading the other trace…") : t("Compare with another run")}</h2>
        <p>{t("Open a trace recorded before a change and see what it brought: time, blocking, findings.")}</p>
        {actions.value.includes("compare") ? (
          <button type="button" class="button" onClick={() => act("compare")}>
            <Icon name="folder-opened" /> {t("Compare with…")}
          </button>
        ) : null}
      </div>
    );
  }
  const { fixed, added, kept } = compareFindings(
    withSource(a.findings, sourceFindings.value.b),
    withSource(b.findings, sourceFindings.value.a),
  );
  const longest = Math.max(other.value.trace.endTime, trace.value.endTime);
  return (
    <div class="pane">
      <div class="scroll compare">
        <h2>
          {other.value.source.title} <Icon name="arrow-right" /> {source.value?.title}
        </h2>
        <div class="tiles">
          <Tile label={t("Wall time")} from={a.wall} to={b.wall} />
          <Tile label={t("Loop blocked")} from={a.blocked} to={b.blocked} />
          <Tile label={t("Waiting for the loop")} from={a.ready} to={b.ready} />
          <Tile label={t("Longest step")} from={a.longestStep} to={b.longestStep} />
        </div>
        <h3>{t("The loop, on one scale")}</h3>
        <LoopStrip
          label={t("before · {time}", { time: duration(a.wall) })}
          of={other.value.trace}
          length={longest}
        />
        <LoopStrip
          label={t("after · {time}", { time: duration(b.wall) })}
          of={trace.value}
          length={longest}
        />
        <ComparedPaths before={other.value.trace} after={trace.value} />
        <div class="columns">
          <FindingList title={t("Fixed")} list={fixed} className="fixed" none={t("No finding went away.")} />
          <FindingList title={t("New")} list={added} className="new" none={t("Nothing new went wrong.")} />
          <FindingList
            title={t("Still there")}
            list={kept}
            className="kept"
            none={t("Nothing is left over.")}
          />
        </div>
        <h3>{t("By coroutine")}</h3>
        <Coroutines a={a} b={b} />
      </div>
    </div>
  );
}

function change(from: number, to: number): { text: string; mood: string } {
  if (from === to) return { text: t("the same"), mood: "" };
  if (from === 0) return { text: t("new"), mood: "worse" };
  const share = (to - from) / from;
  const text = `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
  return {
    text,
    mood: Math.abs(share) < 0.1 || Math.abs(to - from) < 1e-3 ? "" : share < 0 ? "better" : "worse",
  };
}

function Tile({ label, from, to }: { label: string; from: number; to: number }) {
  const { text, mood } = change(from, to);
  return (
    <div class={`tile ${mood}`}>
      <span class="dim">{label}</span>
      <b>
        {duration(from)} → {duration(to)}
      </b>
      <span class="delta">
        {mood ? <Icon name={mood === "better" ? "arrow-down" : "arrow-up"} size={13} /> : null} {text}
      </span>
    </div>
  );
}

function FindingList({
  title,
  list,
  className,
  none,
}: {
  title: string;
  list: Finding[];
  className: string;
  none: string;
}) {
  return (
    <section class={className}>
      <h3>
        {title} <span class="number">{list.length}</span>
      </h3>
      {list.length === 0 ? <p class="none">{none}</p> : null}
      <ul>
        {list.slice(0, 50).map((finding) => (
          <li key={`${finding.rule}${finding.from}${finding.task}`}>
            <b>{findingTitle(finding.rule)}</b> {finding.seconds === null ? "" : duration(finding.seconds)}{" "}
            <PlaceLink place={finding.at} />
            <div class="dim two-lines" title={finding.message}>
              {belowTitle(finding.message)}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Coroutines({ a, b }: { a: Summary; b: Summary }) {
  const names = [...new Set([...a.coroutines.keys(), ...b.coroutines.keys()])];
  const run = (name: string) => Math.max(a.coroutines.get(name)?.run ?? 0, b.coroutines.get(name)?.run ?? 0);
  names.sort((x, y) => run(y) - run(x));
  const cell = (x: number | undefined, y: number | undefined) => {
    const { mood } = change(x ?? 0, y ?? 0);
    return (
      <td class={`number ${mood}`}>
        {x === undefined ? "–" : duration(x)} → {y === undefined ? "–" : duration(y)}
      </td>
    );
  };
  return (
    <table class="tasks numbers">
      <thead>
        <tr>
          <th scope="col">{t("Coroutine")}</th>
          <th scope="col">{t("Tasks")}</th>
          <th scope="col">{t("Running")}</th>
          <th scope="col">{t("Ready")}</th>
          <th scope="col">{t("Suspended")}</th>
          <th scope="col">{t("Longest step")}</th>
        </tr>
      </thead>
      <tbody>
        {names.slice(0, 200).map((name) => {
          const x = a.coroutines.get(name);
          const y = b.coroutines.get(name);
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">
                {count(x?.tasks ?? 0)} → {count(y?.tasks ?? 0)}
              </td>
              {cell(x?.run, y?.run)}
              {cell(x?.ready, y?.ready)}
              {cell(x?.suspended, y?.suspended)}
              {cell(x?.longest, y?.longest)}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Busy and blocked time of the first loop, drawn to a common scale. */
function LoopStrip({ label, of, length }: { label: string; of: Trace; length: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const surface = new Surface(canvas.current!, (context, { width, height }) => {
      const colours = theme.value;
      context.fillStyle = colours.background;
      context.fillRect(0, 0, width, height);
      context.fillStyle = colours.border;
      context.fillRect(0, Math.floor(height / 2), (of.endTime / length) * width, 1);
      const [loop] = loopsOf(of);
      if (!loop) return;
      const lane = new LoopLane(of, loop, of.blockSeconds).update();
      const pixel = length / width;
      context.fillStyle = colours.running;
      for (let column = 0; column < width; column++) {
        const share = lane.busyBetween(column * pixel, (column + 1) * pixel) / pixel;
        if (share <= 0) continue;
        context.globalAlpha = 0.4 + 0.6 * Math.min(1, share);
        context.fillRect(column, 4, 1, height - 8);
      }
      context.globalAlpha = 1;
      context.fillStyle = colours.error;
      for (const row of lane.blocks) {
        const left = of.steps.begin.get(row) / pixel;
        context.fillRect(left, 4, Math.max(2, of.steps.end.get(row) / pixel - left), height - 8);
      }
    });
    const stop = theme.subscribe(() => surface.invalidate());
    return () => {
      stop();
      surface.dispose();
    };
  }, [of, length]);
  return (
    <div class="strip">
      <span class="dim">{label}</span>
      <canvas ref={canvas} />
    </div>
  );
}
