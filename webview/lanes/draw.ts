import type { Finding } from "../../src/protocol/report";
import type { Trace } from "../../src/trace";
import { fillClipped, fillName, measure } from "../canvas/text";
import { drawIcon } from "../icons";
import { STATE_ICONS, stateColour, stateName } from "../model/look";
import { isOver, type Snapshot, State } from "../model/snapshot";
import type { Theme } from "../state/theme";
import { count } from "../util/format";
import { t } from "../util/l10n";
import type { Density } from "./density";
import { drawLoop, drawWakes } from "./drawLoop";
import { drawGroup, drawStrips, drawTask, hatch, type Strips } from "./drawTask";
import type { Lane } from "./lane";
import type { LoopLane } from "./loopLane";
import type { PinnedRow } from "./pin";
import type { LaneRow } from "./rows";
import { ticksOf } from "./ruler";

export const RULER = 26;

/** Everything one drawing of the lanes needs. */
export interface LanesScene {
  trace: Trace;
  theme: Theme;
  rows: readonly LaneRow[];
  first: number;
  last: number;
  pinned: PinnedRow | null;
  /** Pixels scrolled away at the top. */
  scroll: number;
  labels: number;
  from: number;
  to: number;
  cursor: number;
  following: boolean;
  range: { from: number; to: number } | null;
  snapshot: Snapshot;
  selected: number;
  selectedTasks: ReadonlySet<number> | null;
  /** Tasks in a deadlock at the instant shown. */
  deadlock: ReadonlySet<number>;
  /** Tasks that ever were in one, and since when. */
  stuck: ReadonlyMap<number, number>;
  finding: Finding | null;
  lane: (task: number) => Lane;
  loopLane: (loop: number) => LoopLane;
  density: (key: string) => Density | null;
  hover: { row: number; t: number } | null;
}

export function drawLanes(
  context: CanvasRenderingContext2D,
  size: { width: number; height: number; ratio: number },
  scene: LanesScene,
): void {
  const { theme, labels } = scene;
  const plot = Math.max(1, size.width - labels);
  const x = (t: number) => labels + ((t - scene.from) / (scene.to - scene.from)) * plot;
  context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
  context.globalAlpha = 1;
  context.fillStyle = theme.background;
  context.fillRect(0, 0, size.width, size.height);
  const ticks = ticksOf(scene.from, scene.to, plot);
  context.fillStyle = theme.border;
  context.globalAlpha = theme.highContrast ? 0.3 : 1;
  for (const { t } of ticks) context.fillRect(Math.round(x(t)), RULER, 1, size.height);
  context.globalAlpha = 1;
  const strips: Strips = { lanes: [] };
  const drawRow = (i: number, y: number) => {
    const row = scene.rows[i];
    drawBackdrop(context, scene, row, i, y, size.width);
    context.save();
    context.beginPath();
    context.rect(labels, y, plot, row.height);
    context.clip();
    if (row.kind === "loop") drawLoop(context, scene, row, y, x, plot);
    else if (row.kind === "group") drawGroup(context, scene, row, y, x, plot);
    else drawTask(context, scene, row, y, x, strips);
    context.restore();
    drawLabel(context, scene, row, y);
  };
  const { pinned } = scene;
  const covered = pinned ? scene.rows[pinned.index].height + pinned.y : 0;
  context.save();
  context.beginPath();
  context.rect(0, RULER + covered, size.width, size.height - RULER - covered);
  context.clip();
  for (let i = scene.first; i < scene.last; i++) {
    if (i !== pinned?.index) drawRow(i, RULER + scene.rows[i].top - scene.scroll);
  }
  drawStrips(context, scene, strips, plot, size.ratio);
  drawWakes(context, scene, x, size.height);
  context.restore();
  if (pinned) {
    context.save();
    context.beginPath();
    context.rect(0, RULER, size.width, covered);
    context.clip();
    drawRow(pinned.index, RULER + pinned.y);
    context.fillStyle = theme.border;
    context.fillRect(0, RULER + covered - 1, size.width, 1);
    context.restore();
  }
  drawRange(context, scene, x, size.height);
  drawRuler(context, scene, ticks, x, size.width);
  drawStates(context, scene);
  drawCursor(context, scene, x, size);
  context.fillStyle = theme.border;
  context.fillRect(labels - 1, 0, 1, size.height);
}

/** An instant to its place on the canvas, CSS pixels. */
export type ToX = (t: number) => number;

function drawBackdrop(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  row: LaneRow,
  index: number,
  y: number,
  width: number,
): void {
  const { theme } = scene;
  if (row.kind === "loop" && index > 0) {
    context.fillStyle = theme.border;
    context.fillRect(0, y, width, 1);
  }
  const chosen =
    row.kind === "task"
      ? row.task === scene.selected || scene.selectedTasks?.has(row.task)
      : row.kind === "group" && scene.selectedTasks?.has(row.tasks[0]);
  const finding = scene.finding;
  const evidence =
    finding !== null &&
    ((row.kind === "task" && (finding.task === row.task + 1 || finding.tasks.includes(row.task + 1))) ||
      (row.kind === "group" && row.tasks.some((task) => finding.tasks.includes(task + 1))));
  if (chosen || evidence) {
    context.fillStyle = theme.selection;
    context.fillRect(0, y, width, row.height);
  } else if (scene.hover?.row === index) {
    context.fillStyle = theme.hover;
    context.fillRect(0, y, width, row.height);
  }
  if (chosen && theme.highContrast) {
    context.strokeStyle = theme.focus;
    context.strokeRect(0.5, y + 0.5, width - 1, row.height - 1);
  }
}

function drawLabel(context: CanvasRenderingContext2D, scene: LanesScene, row: LaneRow, y: number): void {
  const { theme, labels, snapshot } = scene;
  const room = labels - 10;
  context.textBaseline = "alphabetic";
  if (row.kind !== "loop") {
    // The colour its steps have in the loop's lane.
    context.fillStyle = coroutineColour(scene, row.kind === "task" ? row.task : row.tasks[0]);
    context.fillRect(0, y + 1, 3, Math.max(1, row.height - 2));
  }
  if (row.kind === "loop") {
    context.fillStyle = theme.foreground;
    context.font = `600 12px ${theme.fontFamily}`;
    drawIcon(context, "sync", 8, y + 5, 14);
    fillClipped(context, row.label, 27, y + 16, room - 20);
    context.fillStyle = theme.dim;
    context.font = `10.5px ${theme.fontFamily}`;
    fillClipped(context, row.detail, 27, y + 29, room - 20);
    return;
  }
  if (row.height < 10) return;
  const small = row.height < 16;
  const indent = 8 + Math.min(row.depth, 5) * 10;
  const tall = row.kind === "group" && row.height >= 42;
  const baseline = y + row.height / 2 + (small ? 3.5 : tall ? -3 : 4);
  const icon = small ? 9 : 13;
  if (row.kind === "group") {
    context.fillStyle = theme.dim;
    drawIcon(context, row.open ? "chevron-down" : "chevron-right", indent, baseline - 11, 14);
    context.font = `11.5px ${theme.fontFamily}`;
    context.fillStyle = theme.foreground;
    const badge = `×${count(row.tasks.length)}`;
    const width = measure(context, badge);
    const end = indent + 18 + fillName(context, row.label, indent + 18, baseline, room - indent - 26 - width);
    context.fillStyle = theme.dim;
    context.fillText(badge, end + 7, baseline);
    const most = scene.density(row.key)?.most ?? 0;
    if (row.height < 42 || most < 1) return;
    context.font = `10.5px ${theme.fontFamily}`;
    const text = t("at most {n} at once", { n: count(Math.round(most)) });
    fillClipped(context, text, indent + 18, baseline + 15, room - indent - 18);
    return;
  }
  const state = snapshot.state[row.task] ?? State.absent;
  context.fillStyle = scene.deadlock.has(row.task) ? theme.error : stateColour(theme, state);
  drawIcon(context, STATE_ICONS[state], indent, y + (row.height - icon) / 2, icon);
  context.fillStyle = isOver(state) || state === State.absent ? theme.dim : theme.foreground;
  context.font = `${small ? 9.5 : 11.5}px ${theme.fontFamily}`;
  fillName(context, row.label, indent + icon + 5, baseline, room - indent - icon - 5);
}

const hues = new WeakMap<Trace, Map<number, number>>();

/** Steps are told apart by the coroutine that ran. Hues are given out as coroutines are met, so that the first ones differ. */
export function coroutineColour({ trace, theme }: LanesScene, task: number): string {
  if (task < 0) return theme.dim;
  let known = hues.get(trace);
  if (!known) {
    known = new Map();
    hues.set(trace, known);
  }
  const code = trace.tasks.code.get(task);
  let hue = known.get(code);
  if (hue === undefined) {
    hue = known.size;
    known.set(code, hue);
  }
  return theme.palette[hue % theme.palette.length];
}

/** What the colours of the lanes mean, in the corner that the ruler leaves free. */
function drawStates(context: CanvasRenderingContext2D, { theme, labels }: LanesScene): void {
  context.font = `10.5px ${theme.fontFamily}`;
  let x = 8;
  for (const state of [State.running, State.ready, State.suspended]) {
    const name = stateName(state);
    if (x + 11 + measure(context, name) > labels - 4) return;
    context.fillStyle = stateColour(theme, state);
    context.globalAlpha = state === State.suspended ? 0.5 : 1;
    context.fillRect(x, 9, 8, 9);
    if (state === State.ready) hatch(context, theme, x, 9, 8, 9);
    context.globalAlpha = 1;
    context.fillStyle = theme.dim;
    context.fillText(name, x + 11, 17);
    x += 11 + measure(context, name) + 9;
  }
}

function drawRange(context: CanvasRenderingContext2D, scene: LanesScene, x: ToX, height: number): void {
  const finding = scene.finding;
  const shown =
    scene.range ??
    (finding && finding.from !== null
      ? { from: finding.from, to: finding.from + (finding.seconds ?? 0) }
      : null);
  if (!shown) return;
  const left = Math.max(scene.labels, x(shown.from));
  const right = Math.max(left + 1, x(shown.to));
  context.fillStyle = scene.theme.focus;
  context.globalAlpha = 0.16;
  context.fillRect(left, 0, right - left, height);
  context.globalAlpha = 1;
  context.fillRect(left, 0, 1, height);
  context.fillRect(right - 1, 0, 1, height);
}

function drawRuler(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  ticks: { t: number; label: string }[],
  x: ToX,
  width: number,
): void {
  const { theme } = scene;
  context.fillStyle = theme.border;
  context.fillRect(0, RULER - 1, width, 1);
  context.font = `10.5px ${theme.fontFamily}`;
  for (const { t, label } of ticks) {
    const at = Math.round(x(t));
    if (at < scene.labels - 1) continue;
    context.fillStyle = theme.border;
    context.fillRect(at, RULER - 6, 1, 6);
    context.fillStyle = theme.dim;
    if (at + 4 + measure(context, label) < width) context.fillText(label, at + 4, 13);
  }
}

function drawCursor(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  x: ToX,
  size: { width: number; height: number },
): void {
  const at = Math.round(x(scene.cursor));
  if (at < scene.labels || at > size.width + 6) return;
  const { theme } = scene;
  const colour = scene.following ? theme.dim : theme.foreground;
  context.fillStyle = colour;
  context.fillRect(at, RULER - 4, 1, size.height);
  context.beginPath();
  context.moveTo(at - 5.5, RULER - 12);
  context.lineTo(at + 6.5, RULER - 12);
  context.lineTo(at + 0.5, RULER - 3);
  context.fill();
}
