import { beyond, graphCommand } from "../graph/commands";
import { graph, outlineWidth, tidy } from "../graph/state";
import { Icon } from "../icons";
import { fullest } from "../model/fullest";
import { isOver, STATE_NAMES, State } from "../model/snapshot";
import { cursor, live, snapshot, trace } from "../state/model";
import { change, setting } from "../state/settings";
import { goTo } from "../state/travel";
import { t, tn } from "../util/l10n";
import { slim } from "./narrow";

/** What the lines of the graph mean, and how much of the program is on screen. */
export function Legend() {
  const outlined = outlineWidth.value !== null;
  return (
    <div class={outlined ? "legend outlined" : "legend"}>
      {outlined ? null : (
        <span class="lines">
          <Line kind="awaits" label={t("awaits")} />
          <Line kind="held" label={t("held by")} />
          <Line kind="deadlock" label={t("deadlock")} />
          <Line kind="created" label={t("created")} />
        </span>
      )}
      <Shown />
      <Beyond />
      <ZoomButtons />
    </div>
  );
}

function Line({ kind, label }: { kind: "created" | "awaits" | "held" | "deadlock"; label: string }) {
  return (
    <span>
      <svg width="26" height="10" aria-hidden="true">
        <path d={kind === "created" ? "M0 5H26" : "M0 5H19"} class={`line ${kind}`} />
        {kind === "created" ? null : <path d="M26 5L18 1V9Z" class={`head ${kind}`} />}
      </svg>
      {label}
    </span>
  );
}

/** How many tasks the nodes stand for; those that have ended are a click away. */
function Shown() {
  const model = graph.value;
  const hidden = model.tasks - model.shown;
  const finished = setting.finished.value;
  return (
    <span class="shown">
      {tn(model.shown, "{n} task", "{n} tasks")}
      {hidden > 0 || finished ? (
        <>
          {" · "}
          <button
            type="button"
            class="link"
            aria-pressed={finished}
            onClick={() => change({ finished: !finished })}
          >
            {finished ? t("hide ended ones") : t("{n} ended: show", { n: hidden })}
          </button>
        </>
      ) : null}
      <Over />
    </span>
  );
}

/** At its end a program shows little: the way to an instant that shows what it did. */
function Over() {
  const { totals } = snapshot.value;
  const alive = STATE_NAMES.some((_, state) => state !== State.absent && !isOver(state) && totals[state] > 0);
  if (alive || live.value || cursor.value !== null) return null;
  return (
    <>
      {" · "}
      <button
        type="button"
        class="link"
        title={t("All have ended: go to the instant when most of them were alive")}
        onClick={() => goTo(fullest(trace.value))}
      >
        {t("see them at work")}
      </button>
    </>
  );
}

/** The way to what is out of sight. */
function Beyond() {
  const { below, right, alarm } = beyond.value;
  const go = (name: "down" | "right") => {
    graphCommand.value = { name, id: performance.now() };
  };
  return (
    <>
      {below > 0 ? (
        <button
          type="button"
          class={`link beyond ${alarm ? "late" : ""}`}
          title={
            alarm
              ? t("{n} more below, one of them blocks the loop or is in a deadlock", { n: below })
              : t("{n} more below", { n: below })
          }
          onClick={() => go("down")}
        >
          {alarm ? <Icon name="warning" size={13} /> : null} ↓{" "}
          {slim.value ? below : t("{n} more", { n: below })}
        </button>
      ) : null}
      {right > 0 ? (
        <button
          type="button"
          class="link beyond"
          title={t("{n} more at the right", { n: right })}
          onClick={() => go("right")}
        >
          {slim.value ? right : t("{n} more", { n: right })} →
        </button>
      ) : null}
    </>
  );
}

const buttons = () =>
  [
    { name: "in", icon: "zoom-in", label: t("Zoom in (+)") },
    { name: "out", icon: "zoom-out", label: t("Zoom out (−)") },
    { name: "fit", icon: "screen-full", label: t("Fit everything (0)") },
  ] as const;

/** Beside the graph, not over it: nothing may cover a node. */
function ZoomButtons() {
  const ask = (name: "in" | "out" | "fit") => {
    graphCommand.value = { name, id: performance.now() };
  };
  return (
    <span class="zoom" role="toolbar" aria-label={t("Zoom of the graph")}>
      {buttons().map(({ name, icon, label }) => (
        <button
          key={name}
          type="button"
          class="plain"
          title={label}
          aria-label={label}
          onClick={() => ask(name)}
        >
          <Icon name={icon} size={15} />
        </button>
      ))}
      <button
        type="button"
        class="plain"
        title={t("Tidy: lay the nodes out anew (T)")}
        aria-label={t("Tidy: lay the nodes out anew")}
        onClick={() => {
          tidy();
          ask("fit");
        }}
      >
        <Icon name="type-hierarchy-sub" size={15} />
      </button>
    </span>
  );
}
