import { computed, signal } from "@preact/signals";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { TIMELINE_EVENTS, type TimelineEvent, type TimelineRow, timeline } from "../../src/trace";
import { only } from "../graph/state";
import { Icon, type IconName } from "../icons";
import { cursor, live, now, select, selectedTask, trace } from "../state/model";
import { Pace } from "../state/pace";
import { goLive } from "../state/travel";
import { displayName } from "../util/format";
import { t, tn } from "../util/l10n";
import { slim } from "./narrow";
import { PlaceLink } from "./PlaceLink";
import { useWindow } from "./useWindow";

/** Height of a row, CSS pixels; a narrow one has the sentence below the name. */
const ROW = { wide: 24, narrow: 42 };
const ICONS: Record<TimelineEvent, IconName> = {
  created: "add",
  started: "debug-start",
  suspended: "debug-pause",
  woken: "bell",
  resumed: "debug-continue",
  blocked: "error",
  returned: "check",
  raised: "close",
  cancelled: "circle-slash",
  "loop-started": "sync",
  "loop-idle": "clockface",
  "loop-stopped": "debug-stop",
};

const hidden = signal<ReadonlySet<TimelineEvent>>(new Set());
const onlySelected = signal(false);
/** While the program runs the newest rows are shown, until the list is scrolled up. */
const following = signal(true);

const pace = new Pace();

/** The whole story. */
const story = computed(() => {
  pace.tick.value;
  const it = trace.value;
  return pace.measure(() => timeline(it));
});

/** Looked at one by one when a filter is on: a story of millions of rows is cut here. */
const MOST_FILTERED = 400_000;

/** Indices of the rows that pass the filters; null: all. */
const passing = computed<Int32Array | null>(() => {
  const out = hidden.value;
  const task = onlySelected.value ? selectedTask.value : -1;
  const matches = only.value;
  if (out.size === 0 && task < 0 && !matches) return null;
  const result: number[] = [];
  const all = story.value;
  for (let i = 0; i < Math.min(all.length, MOST_FILTERED); i++) {
    const row = all.row(i);
    if (out.has(row.event)) continue;
    if (task >= 0 && row.task !== task) continue;
    if (matches && (row.task < 0 || !matches(row.task))) continue;
    result.push(i);
  }
  return Int32Array.from(result);
});

/** The story in sentences: what happened, in order. */
export function TimelinePane() {
  const all = story.value;
  const filtered = passing.value;
  const length = filtered ? filtered.length : all.length;
  const at = (i: number) => (filtered ? filtered[i] : i);
  const row = slim.value ? ROW.narrow : ROW.wide;
  const { scroller, from, to, before, after, reveal, height } = useWindow(length, row);
  const shown = now.value;
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (all.time(at(middle)) <= shown) low = middle + 1;
    else high = middle;
  }
  const current = low - 1;
  useEffect(() => {
    if (cursor.value !== null) reveal(current);
    else following.value = true;
  }, [cursor.value, trace.value]);
  const follows = live.value && following.value && cursor.value === null;
  useLayoutEffect(() => {
    if (follows) scroller.current!.scrollTop = scroller.current!.scrollHeight;
  }, [follows, length, row, height]);
  useEffect(() => {
    const element = scroller.current!;
    let top = element.scrollTop;
    const scrolled = () => {
      // Growing, the list does not scroll: upwards is the user's doing.
      if (element.scrollHeight - element.clientHeight - element.scrollTop < ROW.wide) following.value = true;
      else if (element.scrollTop < top) following.value = false;
      top = element.scrollTop;
    };
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => element.removeEventListener("scroll", scrolled);
  }, []);
  const visible = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  return (
    <div class="pane">
      <div class="pane-bar wrap">
        <span class="dim">{tn(length, "{n} event", "{n} events")}</span>
        {TIMELINE_EVENTS.map((event) => (
          <button
            key={event}
            type="button"
            class="toggle hides"
            title={eventName(event)}
            aria-label={eventName(event)}
            aria-pressed={!hidden.value.has(event)}
            onClick={() => {
              const next = new Set(hidden.value);
              if (!next.delete(event)) next.add(event);
              hidden.value = next;
            }}
          >
            <Icon name={ICONS[event]} size={12} /> <span class="wide-only">{eventName(event)}</span>
          </button>
        ))}
        <button
          type="button"
          class="toggle"
          aria-pressed={onlySelected.value}
          onClick={() => {
            onlySelected.value = !onlySelected.value;
          }}
        >
          {t("only the selected task")}
        </button>
        {live.value ? (
          <button
            type="button"
            class="toggle"
            aria-pressed={follows}
            title={t("Show the newest events as they come")}
            onClick={() => {
              if (cursor.value !== null) goLive();
              following.value = !follows;
            }}
          >
            {t("follow")}
          </button>
        ) : null}
      </div>
      <div class="scroll" ref={scroller}>
        <div style={{ height: `${before}px` }} />
        <ol class="story">
          {visible.map((i) => (
            <Event key={at(i)} row={all.row(at(i))} current={i === current} />
          ))}
        </ol>
        <div style={{ height: `${after}px` }} />
      </div>
    </div>
  );
}

function Event({ row, current }: { row: TimelineRow; current: boolean }) {
  const go = () => {
    cursor.value = row.t >= trace.value.endTime ? null : row.t;
    if (row.task >= 0) select({ kind: "task", task: row.task });
  };
  return (
    <li class={`${row.event} ${current ? "current" : ""}`} aria-current={current}>
      <button type="button" class="when" title={t("Go to this instant")} onClick={go}>
        {row.t.toFixed(4)}
      </button>
      <Icon name={ICONS[row.event]} size={13} />
      <span class="sentence">
        <b>{row.task < 0 && row.name === "loop" ? t("the loop") : displayName(row.name, 80)}</b>{" "}
        {sentence(row)}
      </span>
      {row.place ? <PlaceLink place={row.place} /> : null}
    </li>
  );
}

/** What happened, as the end of a sentence that begins with the task's name. */
function sentence({ event, detail, place }: TimelineRow): string {
  const what = displayName(detail, 160);
  const where = place ? ` ${t("in {function}", { function: displayName(place.function, 60) })}` : "";
  switch (event) {
    case "created":
      if (what.startsWith("other in "))
        return t("was created in {name}", { name: what.slice("other in ".length) });
      return what && what !== "other" ? t("was created by {what}", { what }) : t("was created");
    case "started":
      return t("took its first step");
    case "suspended":
      return (what ? t("was suspended: {what}", { what }) : t("was suspended")) + where;
    case "woken":
      return what ? t("became ready: {what}", { what }) : t("became ready");
    case "resumed":
      return t("went on");
    case "blocked":
      return (what ? t("blocked the loop for {time}", { time: what }) : t("blocked the loop")) + where;
    case "returned":
      return t("returned");
    case "raised":
      return t("raised {what}", { what });
    case "cancelled":
      return what ? t("was cancelled: {what}", { what }) : t("was cancelled");
    case "loop-started":
      return what ? t("began to run ({what})", { what }) : t("began to run");
    case "loop-idle":
      return what ? t("had nothing to do: {what}", { what }) : t("had nothing to do");
    case "loop-stopped":
      return what ? t("stopped: {what}", { what }) : t("stopped");
  }
}

/** An event on its filter button. */
function eventName(event: TimelineEvent): string {
  switch (event) {
    case "created":
      return t("created");
    case "started":
      return t("started");
    case "suspended":
      return t("suspended");
    case "woken":
      return t("woken");
    case "resumed":
      return t("resumed");
    case "blocked":
      return t("blocked");
    case "returned":
      return t("returned");
    case "raised":
      return t("raised");
    case "cancelled":
      return t("cancelled");
    case "loop-started":
      return t("loop starts");
    case "loop-idle":
      return t("loop idle");
    case "loop-stopped":
      return t("loop stops");
  }
}
