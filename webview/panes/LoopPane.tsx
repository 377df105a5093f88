import { computed, signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { loopName, loopState } from "../../src/trace";
import { stallPlace } from "../../src/trace/describe/stalls";
import { Icon, type IconName } from "../icons";
import { State } from "../model/snapshot";
import { parkedAt, waitInfo } from "../model/wait";
import { now, select, selectedTask, snapshot, tick, trace } from "../state/model";
import { duration, plural } from "../util/format";
import { nameOf } from "./Details";
import { PlaceLink } from "./PlaceLink";

/** Which loop is shown; the first with anything to show. */
const shown = signal(0);
const MOST = 60;

const state = computed(() => {
  tick.value;
  const loop = trace.value.loops[shown.value] ?? trace.value.loops[0];
  return loop ? { loop, ...loopState(trace.value, loop, now.value) } : null;
});

/** The event loop as textbooks draw it, at the instant of the cursor: poll, ready queue, one step, and round again. */
export function LoopPane() {
  const it = state.value;
  if (!it) return <p class="none pad">No event loop has been seen.</p>;
  const { loops } = trace.value;
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
          <b>{it.loop.kind.replace(/^asyncio\./, "").replace(/^_/, "")}</b> is <b>{it.state}</b>
          {it.iteration >= 0 ? `, in iteration ${it.iteration + 1}` : ""}
        </span>
      </div>
      <div class="scroll">
        <Ring station={station} />
        <div class="stations">
          <Station
            active={station === "poll"}
            number={1}
            icon="clockface"
            title="Wait for timers and I/O"
            hint={
              station === "poll"
                ? `Idle for ${duration(now.value - it.since)}: nothing to run until one of these.`
                : "Looked at again when the ready queue is empty."
            }
          >
            <h4>Timers ({it.timers.length})</h4>
            <List
              items={it.timers.slice(0, MOST)}
              rest={it.timers.length - MOST}
              none="no timer is scheduled"
              render={({ task, due }) => {
                const left = due - now.value;
                return (
                  <>
                    <TaskName task={task} />
                    <span class={`amount ${left < 0 ? "late" : ""}`}>
                      {left < 0 ? `overdue by ${duration(-left)}` : `in ${duration(left)}`}
                    </span>
                  </>
                );
              }}
              keyOf={({ task }) => task}
            />
            <h4>
              I/O{" "}
              <span class="dim">
                {it.watched >= 0
                  ? `${plural(it.watched, "file descriptor")} watched`
                  : "watched descriptors not known"}
              </span>
            </h4>
            <List
              items={waitingForIo.slice(0, MOST)}
              rest={waitingForIo.length - MOST}
              none="no task waits for I/O"
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
            title="The ready queue"
            hint="Tasks that could go on, first come first served. Each waits until those before it let go."
          >
            <List
              ordered
              items={it.ready.slice(0, MOST)}
              rest={it.ready.length - MOST}
              none="empty: nobody waits for the loop"
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
            title="Run one step"
            hint="One task at a time, up to its next await that has to wait. Nothing else runs meanwhile."
          >
            <Running />
          </Station>
        </div>
      </div>
    </div>
  );
}

function isIo(task: number, loop: number): boolean {
  const { state: states, row } = snapshot.value;
  if (states[task] !== State.suspended || row[task] < 0 || trace.value.tasks.loop.get(task) !== loop)
    return false;
  return waitInfo(trace.value, row[task]).kind === "io";
}

/** The running task, how long it has held the loop, and its call stack. */
function Running() {
  const it = state.value!;
  if (it.state !== "running" || (it.task < 0 && it.step < 0)) {
    return (
      <p class="none">
        {it.state === "idle"
          ? "nothing: the loop is idle"
          : it.state === "stopped"
            ? "the loop has stopped"
            : "between two steps"}
      </p>
    );
  }
  if (it.task < 0) return <p>a callback, for {duration(now.value - it.since)}</p>;
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
        <p class="late">It blocks the loop: everything else waits.</p>
      ) : null}
      <h4>{stall ? "Call stack (sampled)" : before >= 0 ? "Went on from" : "First step of"}</h4>
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
        <p class="dim">{trace.value.places.codes[tasks.code.get(it.task)].qualname}</p>
      )}
      {it.step >= 0 ? (
        <p class="dim">
          This step lasts {duration(steps.end.get(it.step) - steps.begin.get(it.step))}
          {next ? ", up to " : ""}
          {next ? <PlaceLink place={next} /> : null}
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

function TaskName({ task }: { task: number }) {
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
  return (
    <section class={`station ${active ? "active" : ""}`} aria-current={active ? "step" : undefined}>
      <h3>
        <span class="step-number">{number}</span>
        <Icon name={icon} /> {title}
        {active ? <span class="here">now</span> : null}
      </h3>
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
      {rest > 0 ? <li class="dim">and {rest} more</li> : null}
    </Tag>
  );
}

/** The loop itself: three stations and the way round, with a dot at the one it is in. */
function Ring({ station }: { station: "poll" | "ready" | "run" | "none" }) {
  const at = { poll: 130, ready: 400, run: 670, none: -100 }[station];
  return (
    <svg class="ring" viewBox="0 0 800 92" role="img" aria-label={`The loop is at: ${station}`}>
      <path class="way" d="M130 34H670" />
      <path class="way" d="M670 34C780 34 780 80 670 80H130C20 80 20 34 130 34" />
      <path class="tip" d="M275 34l-10-6v12z" />
      <path class="tip" d="M545 34l-10-6v12z" />
      <path class="tip" d="M392 80l12-6v12z" />
      {[
        { x: 130, name: "poll", label: "1 poll" },
        { x: 400, name: "ready", label: "2 ready queue" },
        { x: 670, name: "run", label: "3 run a step" },
      ].map(({ x, name, label }) => (
        <g key={name} class={name === station ? "active" : ""}>
          <rect x={x - 62} y={18} width={124} height={32} rx={16} />
          <text x={x} y={39}>
            {label}
          </text>
        </g>
      ))}
      <text class="again" x={400} y={74}>
        again
      </text>
      <circle class="dot" cx={at} cy={58} r={4} />
    </svg>
  );
}
