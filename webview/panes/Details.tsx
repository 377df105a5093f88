import type { ComponentChildren } from "preact";
import type { CancelInfo } from "../../src/protocol/report";
import { cancelledBy, createdBy, taskTimes, wokenBy } from "../../src/trace";
import { stallPlace } from "../../src/trace/describe/stalls";
import { graph } from "../graph/state";
import { Icon } from "../icons";
import { setWindow } from "../lanes/state";
import { causeName, objectIcon, STATE_ICONS, stateColour, stateName } from "../model/look";
import { State } from "../model/snapshot";
import { waitInfo } from "../model/wait";
import { copyText } from "../state/actions";
import { now, select, selection, snapshot, tick, trace } from "../state/model";
import { theme } from "../state/theme";
import { count, displayName, duration, instant, taskTitle } from "../util/format";
import { t, tn, tx } from "../util/l10n";
import { TaskPath } from "./PathPanel";
import { PlaceLink } from "./PlaceLink";

/** Everything known about what is selected, at the instant shown. */
export function Details() {
  tick.value;
  const chosen = selection.value;
  return (
    <section class="details" aria-label={t("Details")}>
      <h2>{t("Selected")}</h2>
      {chosen?.kind === "task" && chosen.task < trace.value.tasks.count ? (
        <TaskDetails task={chosen.task} />
      ) : chosen?.kind === "object" && chosen.object < trace.value.objects.count ? (
        <ObjectDetails object={chosen.object} />
      ) : chosen?.kind === "group" ? (
        <GroupDetails tasks={chosen.tasks} />
      ) : (
        <p class="none">{t("Select a task to see where it waits, for what, and who created it.")}</p>
      )}
    </section>
  );
}

export function TaskLink({ task }: { task: number }) {
  return (
    <button type="button" class="link" onClick={() => select({ kind: "task", task })}>
      {nameOf(task)}
    </button>
  );
}

/** "task_two (Task-3)": the name that says most, and the one asyncio gave. */
export function nameOf(task: number): string {
  const { tasks, places } = trace.value;
  const { title, suffix } = taskTitle(tasks.name(task), places.codes[tasks.code.get(task)].qualname);
  return suffix ? `${displayName(title, 80)} (${suffix})` : displayName(title, 120);
}

function TaskDetails({ task }: { task: number }) {
  const it = trace.value;
  const { tasks, places } = it;
  const { state, since, t: at } = snapshot.value;
  const its = state[task] ?? State.absent;
  const parent = tasks.parent.get(task);
  const created = tasks.creationStack.get(task);
  const ended = tasks.ended.get(task);
  const over = its >= State.returned;
  const how = createdBy(it, task);
  return (
    <>
      <h3>
        <span style={{ color: stateColour(theme.value, its) }}>
          <Icon name={STATE_ICONS[its]} />
        </span>
        <span class="name">{nameOf(task)}</span>
      </h3>
      <p class="dim">
        {displayName(places.codes[tasks.code.get(task)].qualname)} ·{" "}
        {its === State.absent
          ? t("not created yet, {time} before its creation", { time: duration(tasks.created.get(task) - at) })
          : over
            ? t("{state} at {time}", { state: stateName(its), time: instant(ended, it.endTime) })
            : t("{state} for {time}", { state: stateName(its), time: duration(at - since[task]) })}
      </p>
      <div class="row">
        <button type="button" class="small" onClick={() => zoomTo(task)}>
          <Icon name="zoom-in" size={13} /> {t("Its life")}
        </button>
        <button
          type="button"
          class="small"
          onClick={() => copyText(describe(task), t("what is known about the task"))}
        >
          <Icon name="copy" size={13} /> {t("Copy")}
        </button>
      </div>
      <Waiting task={task} />
      <Ended task={task} />
      <TaskPath task={task} />
      <h4>
        {tx(how === "other" ? "Created by {who}" : "Created by {who} with {how}", {
          who: parent >= 0 ? <TaskLink task={parent} /> : t("the program"),
          how,
        })}
      </h4>
      {it.stacks.depth(created) > 0 ? (
        <Stack stack={created} />
      ) : (
        <p class="dim">{t("no stack was recorded")}</p>
      )}
      <Times task={task} />
    </>
  );
}

/** What a suspended task waits for and who could wake it; what a running one is held up by. */
function Waiting({ task }: { task: number }) {
  const it = trace.value;
  const { state, row, t: instantShown, since } = snapshot.value;
  const at = row[task];
  if (state[task] === State.running) {
    const loop = it.loops[it.tasks.loop.get(task)];
    const stall = loop ? stallPlace(it, loop, since[task]) : null;
    if (!stall) return null;
    return (
      <>
        <h4 class="late">{t("Holds the loop, seen at")}</h4>
        <Stack stack={stall.stack} />
      </>
    );
  }
  if (at < 0) return null;
  if (state[task] === State.ready) {
    const woken = wokenBy(it, at);
    return (
      <>
        <h4>
          {tx("Woken by {who}, waits for the loop", {
            who: woken?.task ? <TaskLink task={woken.task - 1} /> : causeName(woken?.kind ?? "unknown"),
          })}
        </h4>
        <Stack stack={it.steps.stack.get(at)} />
      </>
    );
  }
  if (state[task] !== State.suspended) return null;
  const wait = waitInfo(it, at);
  const holders =
    wait.object >= 0
      ? (instantShown >= it.endTime
          ? [...it.objects.holders(wait.object)]
          : it.objects.holdersAt(wait.object, instantShown)
        ).filter((holder) => holder >= 0)
      : [];
  return (
    <>
      <h4>
        {tx("Waits for {what}", {
          what: !wait.known ? (
            t("something that was not recorded")
          ) : wait.object >= 0 ? (
            <button
              type="button"
              class="link"
              onClick={() => select({ kind: "object", object: wait.object })}
            >
              {displayName(wait.label)}
            </button>
          ) : (
            displayName(wait.label)
          ),
        })}
      </h4>
      {Number.isNaN(wait.due) ? null : (
        <p class={wait.due < instantShown ? "late" : "dim"}>
          {wait.due < instantShown
            ? t("overdue by {time}: the loop is busy", { time: duration(instantShown - wait.due) })
            : t("due in {time}", { time: duration(wait.due - instantShown) })}
        </p>
      )}
      {holders.length > 0 ? <p>{tx("held by {tasks}", { tasks: <TaskList tasks={holders} /> })}</p> : null}
      {wait.tasks.length > 0 ? (
        <p>
          {tx(wait.kind === "tasks" ? "of which {tasks}" : "{tasks}", {
            tasks: <TaskList tasks={wait.tasks} />,
          })}
        </p>
      ) : null}
      <Stack stack={it.steps.stack.get(at)} />
    </>
  );
}

function Ended({ task }: { task: number }) {
  const it = trace.value;
  const its = snapshot.value.state[task];
  if (its === State.raised) {
    const exception = it.exceptions.get(task);
    if (!exception) return null;
    return (
      <>
        <h4 class="late">
          {exception.type}: {displayName(exception.message, 400)}
        </h4>
        {exception.stack > 0 ? <Stack stack={exception.stack} /> : <PlaceLink place={exception.at} />}
      </>
    );
  }
  if (its !== State.cancelled) return null;
  const by = cancelledBy(it, task);
  if (!by) return null;
  const links = (ids: readonly number[]) => <TaskList tasks={ids.map((id) => id - 1)} />;
  return (
    <>
      <h4>
        {tx("Cancelled by {who}", { who: canceller(by) })} {by.at ? <PlaceLink place={by.at} /> : null}
      </h4>
      {by.through.length > 0 ? <p>{tx("through {tasks}", { tasks: links(by.through) })}</p> : null}
      {by.shielded.length > 0 ? (
        <p>{tx("a shield kept it from {tasks}", { tasks: links(by.shielded) })}</p>
      ) : null}
    </>
  );
}

/** Who began a cancellation: a task itself, or what it set up. */
function canceller({ kind, task, signal }: CancelInfo): ComponentChildren {
  const who = task === null ? null : <TaskLink task={task - 1} />;
  if (who && kind === "task") return who;
  if (who && kind === "timeout") return tx("a timeout in {who}", { who });
  if (who && kind === "taskgroup") return tx("its task group, because {who} failed", { who });
  return signal ? "Ctrl-C" : causeName(kind);
}

function TaskList({ tasks }: { tasks: readonly number[] }) {
  return (
    <>
      {tasks.slice(0, 12).map((task, i) => (
        <span key={task}>
          {i > 0 ? ", " : ""}
          <TaskLink task={task} />
        </span>
      ))}
      {tasks.length > 12 ? ` ${t("and {n} more", { n: tasks.length - 12 })}` : ""}
    </>
  );
}

function Times({ task }: { task: number }) {
  const it = trace.value;
  const times = taskTimes(it, task);
  const created = it.tasks.created.get(task);
  const ended = it.tasks.ended.get(task);
  const total = Math.max(1e-12, times.run + times.ready + times.suspended);
  return (
    <>
      <h4>{t("Its time")}</h4>
      <div class="bar three" aria-hidden="true">
        <i class="running" style={{ flexGrow: times.run / total }} />
        <i class="ready" style={{ flexGrow: times.ready / total }} />
        <i class="suspended" style={{ flexGrow: times.suspended / total }} />
      </div>
      <dl class="facts">
        <Fact label={t("Running")} value={duration(times.run)} />
        <Fact label={t("Ready")} value={duration(times.ready)} />
        <Fact label={t("Suspended")} value={duration(times.suspended)} />
        <Fact label={t("Steps")} value={count(it.tasks.steps.get(task))} />
        <Fact label={t("Longest step")} value={duration(times.longestStep)} />
        <Fact label={t("Longest wait for the loop")} value={duration(times.longestReady)} />
        <Fact label={t("Created")} value={instant(created, it.endTime)} />
        <Fact label={t("Ended")} value={Number.isNaN(ended) ? t("not yet") : instant(ended, it.endTime)} />
      </dl>
    </>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function ObjectDetails({ object }: { object: number }) {
  const { objects } = trace.value;
  const resource = graph.value.resources.find((candidate) => candidate.objects.includes(object));
  const waiters = (resource?.waiters ?? []).flatMap((node) => graph.value.cards[node].node.tasks);
  const holders = objects.holdersAt(object, snapshot.value.t).filter((task) => task >= 0);
  return (
    <>
      <h3>
        <Icon name={objectIcon(objects.kind(object))} />
        <span class="name">{displayName(objects.label(object))}</span>
      </h3>
      <h4>{holders.length > 0 ? t("Held by") : t("Held by nobody known")}</h4>
      {holders.length > 0 ? <TaskList tasks={holders} /> : null}
      <h4>{tn(waiters.length, "{n} task waiting", "{n} tasks waiting")}</h4>
      <TaskList tasks={waiters} />
      <h4>{t("Created at")}</h4>
      <Stack stack={objects.creationStack.get(object)} />
    </>
  );
}

function GroupDetails({ tasks }: { tasks: number[] }) {
  const { code } = trace.value.tasks;
  return (
    <>
      <h3>
        <span class="name">
          {displayName(trace.value.places.codes[code.get(tasks[0])].qualname)} ×{count(tasks.length)}
        </span>
      </h3>
      <p class="dim">{t("Same creator, same coroutine, parked at the same line.")}</p>
      <TaskList tasks={tasks} />
      <Waiting task={tasks[0]} />
    </>
  );
}

/** Frames, innermost first, as a traceback is read from its end. */
function Stack({ stack }: { stack: number }) {
  const frames = trace.value.stacks.frames(stack).reverse();
  return (
    <ol class="stack-list">
      {frames.map((place, i) => (
        <li key={`${i} ${place.file}:${place.line}`} class={place.user ? "user" : "library"}>
          <span>{place.function}</span>
          <PlaceLink place={place} />
        </li>
      ))}
    </ol>
  );
}

function zoomTo(task: number): void {
  const { tasks, endTime } = trace.value;
  const from = tasks.created.get(task);
  const to = Number.isNaN(tasks.ended.get(task)) ? endTime : tasks.ended.get(task);
  setWindow(from - (to - from) * 0.05, to + (to - from) * 0.05);
}

/** A text for a bug report: state, await stack, creation stack. */
function describe(task: number): string {
  const it = trace.value;
  const { state, row } = snapshot.value;
  const stack = (id: number) => it.stacks.frames(id).map((p) => `  ${p.file}:${p.line} in ${p.function}`);
  const lines = [
    `${it.tasks.name(task)}: ${t("{state} at {time}", { state: stateName(state[task]), time: `${now.value.toFixed(6)} s` })}`,
  ];
  if (state[task] === State.suspended && row[task] >= 0) {
    lines.push(
      t("waits for {what}", { what: waitInfo(it, row[task]).label }),
      ...stack(it.steps.stack.get(row[task])),
    );
  }
  lines.push(t("created at"), ...stack(it.tasks.creationStack.get(task)));
  return lines.join("\n");
}
