import { useMemo } from "preact/hooks";
import type { CriticalPath } from "../../src/protocol/report";
import { criticalPath, isWorthTelling, mainOf, pathInfo, programPath, type Trace } from "../../src/trace";
import { live, tick, trace } from "../state/model";
import { displayName, duration, percent } from "../util/format";
import { t, tn, tx } from "../util/l10n";
import { PlaceLink } from "./PlaceLink";

type Part = CriticalPath["parts"][number];

/** Where the time of the whole program went, once it has ended; `brief`: the most of it, in a sentence. */
export function ProgramPath({ brief }: { brief: boolean }) {
  tick.value;
  const it = trace.value;
  const over = !live.value;
  const info = useMemo(() => {
    const path = over ? programPath(it) : null;
    const info = path === null ? null : pathInfo(it, path);
    return info === null || !isWorthTelling(info) ? null : info;
  }, [it, over, it.steps.count]);
  if (info === null) return null;
  if (brief) return <Sentence path={info} />;
  return (
    <>
      <h3>{t("Where the {time} went", { time: duration(info.seconds) })}</h3>
      <Parts path={info} most={3} />
    </>
  );
}

/** "3.01 s of 3.09 s: asyncio.sleep(0.3) · scraper.py:11 · 97 %, 10 times": for where there is no room for a list. */
function Sentence({ path }: { path: CriticalPath }) {
  const [part] = path.parts;
  if (part === undefined) return null;
  return (
    <p class="path-line">
      {tx("{time} of {all}:", { time: <b>{duration(part.seconds)}</b>, all: duration(path.seconds) })}{" "}
      {displayName(said(part), 160)} {part.at ? <PlaceLink place={part.at} /> : null}{" "}
      <span class="dim">{again(part, part.seconds / path.seconds)}</span>
    </p>
  );
}

/** The same of two traces, one beside the other; nothing where one of them does not tell. */
export function ComparedPaths({ before, after }: { before: Trace; after: Trace }) {
  const infos = useMemo(
    () => [before, after].map((it) => [it, programPath(it)] as const),
    [before, after, before.steps.count, after.steps.count],
  );
  const [from, to] = infos.map(([it, path]) => (path === null ? null : pathInfo(it, path)));
  if (!from || !to || ![from, to].some(isWorthTelling)) return null;
  return (
    <div class="columns">
      <Column title={t("Where the {time} went before", { time: duration(from.seconds) })} path={from} />
      <Column title={t("Where the {time} went after", { time: duration(to.seconds) })} path={to} />
    </div>
  );
}

function Column({ title, path }: { title: string; path: CriticalPath }) {
  return (
    <section>
      <h3>{title}</h3>
      <Parts path={path} most={4} />
    </section>
  );
}

/** Where the time of a task that has ended went, and of those it waited for. */
export function TaskPath({ task }: { task: number }) {
  const it = trace.value;
  const ended = it.tasks.ended.get(task);
  const info = useMemo(
    () => (Number.isNaN(ended) ? null : pathInfo(it, criticalPath(it, task))),
    [it, task, ended],
  );
  if (info === null || info.parts.every(({ kind }) => kind !== "wait" && kind !== "ready")) return null;
  return (
    <>
      <h4>{t("Where the {time} went", { time: duration(info.seconds) })}</h4>
      <Parts path={info} most={5} />
    </>
  );
}

function Parts({ path, most }: { path: CriticalPath; most: number }) {
  const { parts, through } = mainOf(path, most);
  return (
    <ol class="path">
      {parts.map((part) => (
        <li key={`${part.kind} ${part.label} ${part.at?.line}`}>
          <b>{duration(part.seconds)}</b>
          <span title={displayName(said(part), 400)}>{displayName(said(part), 160)}</span>
          <span class="dim">
            {part.at ? <PlaceLink place={part.at} /> : null}
            {part.stack.length > 1
              ? tx(", awaited at {place}", { place: <PlaceLink place={part.stack[0]} /> })
              : ""}
            {part.at ? " · " : ""}
            {again(part, part.seconds / path.seconds)}
          </span>
        </li>
      ))}
      {through.map(({ object, label, count }) => (
        <li key={object ?? label}>
          <span class="dim">
            {t("{n} times one task had to wait for another at {what}", {
              n: count,
              what: displayName(label),
            })}
          </span>
        </li>
      ))}
    </ol>
  );
}

function said({ kind, label }: Part): string {
  if (kind === "wait") return label;
  if (kind === "run") return t("running {what}", { what: label });
  if (kind === "unknown") return t("not recorded, or too far back to be followed");
  return label === ""
    ? t("the event loop was busy")
    : t("the event loop was busy with {what}", { what: label });
}

/** "100 %, 10 times, one after another, in 10 tasks" */
function again({ kind, count, tasks, cancelled }: Part, share: number): string {
  const words = [percent(share)];
  if (kind === "wait" && count > 1) {
    words.push(t("{n} times, one after another", { n: count }));
    if (tasks.length > 1) words.push(tn(tasks.length, "in {n} task", "in {n} tasks"));
  }
  if (cancelled === count) words.push(t("cancelled"));
  else if (cancelled > 0) words.push(t("{n} of them cancelled", { n: cancelled }));
  return words.join(", ");
}
