import { computed, signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { loopName, loopState, starterOf } from "../../src/trace";
import { Icon, type IconName } from "../icons";
import { loopsOf } from "../model/loops";
import { State } from "../model/snapshot";
import { waitInfo } from "../model/wait";
import { now, snapshot, tick, trace } from "../state/model";
import { duration } from "../util/format";
import { t, tn, tx } from "../util/l10n";
import { Running, TaskName } from "./LoopRunning";
import { slim } from "./narrow";

/** The row of the loop that is shown; the first where there is none such. */
const shown = signal(-1);
const MOST = 60;

const state = computed(() => {
  tick.value;
  const loops = loopsOf(trace.value);
  const loop = loops.find(({ row }) => row === shown.value) ?? loops[0];
  return loop ? { loop, ...loopState(trace.value, loop, now.value) } : null;
});

/** The event loop as textbooks draw it, at the instant of the cursor: poll, ready queue, one step, and round again. */
export function LoopPane() {
  const it = state.value;
  if (!it) return <p class="none pad">{t("No event loop has been seen.")}</p>;
  const loops = loopsOf(trace.value);
  const starter = starterOf(trace.value, trace.value.programs[it.loop.program]);
  const station =
    it.state === "idle"
      ? "poll"
      : it.task >= 0 || it.step >= 0
        ? "run"
        : it.state === "running"
          ? "ready"
          : "none";
  const waitingForIo = Array.from(snapshot.value.state.keys()).filter((task) => isIo(task, it.loop.row));
  return (
    <div class="pane loop-view">
      <div class="pane-bar">
        {loops.length > 1
          ? loops.map((loop) => (
              <button
                key={loop.row}
                type="button"
                class="toggle"
                aria-pressed={loop === it.loop}
                onClick={() => {
                  shown.value = loop.row;
                }}
              >
                {loopName(trace.value, loop)}
              </button>
            ))
          : null}
        <span>
          {tx("{loop} is {state}", {
            loop: <b>{it.loop.kind.replace(/^asyncio\./, "").replace(/^_/, "")}</b>,
            state: <b>{loopStateName(it.state)}</b>,
          })}
          {starter === "" ? "" : `, ${t("started by {who}", { who: starter })}`}
          {it.iteration >= 0 ? `, ${t("in iteration {n}", { n: it.iteration + 1 })}` : ""}
        </span>
      </div>
      <div class="scroll">
        <div class="stations">
          <Station
            active={station === "poll"}
            number={1}
            icon="clockface"
            title={t("Wait for timers and I/O")}
            hint={
              station === "poll"
                ? t("Idle for {time}: nothing to run until one of these.", {
                    time: duration(now.value - it.since),
                  })
                : t("Looked at once a round; the loop sleeps here when the ready queue is empty.")
            }
          >
            <h3>{t("Timers ({n})", { n: it.timers.length })}</h3>
            <List
              items={it.timers.slice(0, MOST)}
              rest={it.timers.length - MOST}
              none={t("no timer is scheduled")}
              render={({ task, due }) => {
                const left = due - now.value;
                return (
                  <>
                    <TaskName task={task} />
                    <span class={`amount ${left < 0 ? "late" : ""}`}>
                      {left < 0
                        ? t("overdue by {time}", { time: duration(-left) })
                        : t("in {time}", { time: duration(left) })}
                    </span>
                  </>
                );
              }}
              keyOf={({ task }) => task}
            />
            <h3>
              {t("I/O")}{" "}
              <span class="dim">
                {it.watched >= 0
                  ? tn(it.watched, "{n} connection or file watched", "{n} connections and files watched")
                  : t("what is watched is not known")}
              </span>
            </h3>
            <List
              items={waitingForIo.slice(0, MOST)}
              rest={waitingForIo.length - MOST}
              none={t("no task waits for I/O")}
              render={(task) => (
                <>
                  <TaskName task={task} />
                  <span class="dim">{waitInfo(trace.value, snapshot.value.row[task]).label}</span>
                </>
              )}
              keyOf={(task) => task}
            />
          </Station>
          <Station
            active={station === "ready"}
            number={2}
            icon="layers"
            title={t("The ready queue")}
            hint={t(
              "Tasks that could go on, first come first served. Each waits until those before it let go.",
            )}
          >
            <List
              ordered
              items={it.ready.slice(0, MOST)}
              rest={it.ready.length - MOST}
              none={t("empty: nobody waits for the loop")}
              render={(task) => (
                <>
                  <TaskName task={task} />
                  <span class="amount">{duration(now.value - snapshot.value.since[task])}</span>
                </>
              )}
              keyOf={(task) => task}
            />
          </Station>
          <Station
            active={station === "run"}
            number={3}
            icon="debug-start"
            title={t("Run one step")}
            hint={t(
              "One task at a time, up to its next await that has to wait. Nothing else runs meanwhile.",
            )}
          >
            <Running it={it} />
          </Station>
        </div>
        <p class="again">
          <svg viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">
            <path d="M97 0V10H3V4" />
          </svg>
          <span>
            <Icon name="sync" size={12} /> {t("and again: one round is an iteration")}
          </span>
        </p>
      </div>
    </div>
  );
}

function loopStateName(state: "absent" | "idle" | "running" | "stopped"): string {
  switch (state) {
    case "absent":
      return t("not there yet");
    case "idle":
      return t("idle");
    case "running":
      return t("running");
    case "stopped":
      return t("stopped");
  }
}

function isIo(task: number, loop: number): boolean {
  const { state: states, row } = snapshot.value;
  if (states[task] !== State.suspended || row[task] < 0 || trace.value.tasks.loop.get(task) !== loop)
    return false;
  return waitInfo(trace.value, row[task]).kind === "io";
}

function Station({
  active,
  number,
  icon,
  title,
  hint,
  children,
}: {
  active: boolean;
  number: number;
  icon: IconName;
  title: string;
  hint: string;
  children: ComponentChildren;
}) {
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where the stations stand one below the other the one that matters may be out of sight.
    const scroller = element.current?.closest(".scroll");
    if (!active || !slim.value || !scroller) return;
    // Not `scrollIntoView`, which scrolls everything around it as well.
    scroller.scrollTop += element.current!.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  }, [active]);
  return (
    <section
      ref={element}
      class={`station ${active ? "active" : ""}`}
      aria-current={active ? "step" : undefined}
    >
      <h2>
        <span class="step-number">{number}</span>
        <Icon name={icon} /> {title}
        {active ? <span class="here">{t("now")}</span> : null}
      </h2>
      <p class="hint">{hint}</p>
      {children}
    </section>
  );
}

function List<T>({
  items,
  rest,
  none,
  render,
  keyOf,
  ordered = false,
}: {
  items: T[];
  rest: number;
  none: string;
  render: (item: T) => ComponentChildren;
  keyOf: (item: T) => number;
  ordered?: boolean;
}) {
  if (items.length === 0) return <p class="none">{none}</p>;
  const Tag = ordered ? "ol" : "ul";
  return (
    <Tag class="queue">
      {items.map((item) => (
        <li key={keyOf(item)}>{render(item)}</li>
      ))}
      {rest > 0 ? <li class="dim">{t("and {n} more", { n: rest })}</li> : null}
    </Tag>
  );
}
