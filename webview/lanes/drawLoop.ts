import { measure } from "../canvas/text";
import { loopEnd } from "../model/loops";
import { State } from "../model/snapshot";
import { duration } from "../util/format";
import { t } from "../util/l10n";
import { coroutineColour, type LanesScene, RULER, type ToX } from "./draw";
import type { LoopLane } from "./loopLane";
import type { LaneRow } from "./rows";

export function drawLoop(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  row: LaneRow & { kind: "loop" },
  y: number,
  x: ToX,
  plot: number,
): void {
  const { theme, trace, labels } = scene;
  const lane = scene.loopLane(row.loop);
  const top = y + 5;
  const height = row.height - 10;
  // Idle is not nothing: a thin line while the loop waits.
  context.fillStyle = theme.dim;
  context.globalAlpha = 0.5;
  const begin = Math.max(labels, x(Math.max(scene.from, lane.loop.seen)));
  const stop = Math.min(labels + plot, x(Math.min(scene.to, loopEnd(trace, lane.loop))));
  if (stop > begin) context.fillRect(begin, y + row.height / 2, stop - begin, 1);
  context.globalAlpha = 1;
  const first = lane.firstEndingAfter(scene.from);
  const last = Math.min(lane.count, lane.firstEndingAfter(scene.to, first) + 1);
  // Steps closer than two pixels would lie over one another and hide how busy the loop was.
  if (last - first > plot / 2) drawBusyColumns(context, scene, lane, first, top, height, plot);
  else drawSteps(context, scene, lane, first, last, y, row.height, x);
  drawBlocks(context, scene, lane, top, height, x, plot);
  const open = lane.loop.open;
  if (open && open.begin < scene.to) {
    const blocked = trace.endTime - open.begin > trace.blockSeconds;
    context.fillStyle = blocked ? theme.error : theme.running;
    const left = x(open.begin);
    context.fillRect(left, top, Math.max(1.5, x(trace.endTime) - left), height);
  }
}

function drawSteps(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  lane: LoopLane,
  first: number,
  last: number,
  y: number,
  height: number,
  x: ToX,
): void {
  const { steps } = scene.trace;
  let before = Math.max(scene.from, lane.loop.seen);
  for (let i = first; i < last; i++) {
    const row = lane.row(i);
    const begin = steps.begin.get(row);
    const left = x(begin);
    labelIdle(context, scene, before, Math.min(begin, scene.to), x, y, height);
    before = steps.end.get(row);
    const task = steps.task.get(row);
    context.fillStyle = coroutineColour(scene, task);
    context.fillRect(left, y + 5, Math.max(1.5, x(before) - left), height - 10);
  }
  if (last >= lane.count)
    labelIdle(context, scene, before, Math.min(scene.to, loopEnd(scene.trace, lane.loop)), x, y, height);
}

function labelIdle(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  from: number,
  to: number,
  x: ToX,
  y: number,
  height: number,
): void {
  const left = Math.max(scene.labels, x(from));
  const width = x(to) - left;
  if (width < 74) return;
  context.font = `10.5px ${scene.theme.fontFamily}`;
  const text = t("idle {time}", { time: duration(to - from) });
  const wide = measure(context, text);
  if (wide + 16 > width) return;
  const at = left + (width - wide) / 2;
  context.fillStyle = scene.theme.background;
  context.fillRect(at - 5, y + height / 2 - 6, wide + 10, 13);
  context.fillStyle = scene.theme.dim;
  context.fillText(text, at, y + height / 2 + 4);
}

/** Steps of a column that are looked at for its colour. */
const LOOKED_AT = 24;

/** The task whose step is the longest of a column's first ones. */
function longestTask(scene: LanesScene, lane: LoopLane, from: number, to: number): number {
  const { begin, end, task } = scene.trace.steps;
  let longest = -1;
  let length = -1;
  for (let i = from; i < Math.min(to + 1, from + LOOKED_AT, lane.count); i++) {
    const row = lane.row(i);
    const its = end.get(row) - begin.get(row);
    if (its <= length) continue;
    length = its;
    longest = task.get(row);
  }
  return longest;
}

/** More steps than pixels: each column as strong as the loop was busy in it, in the colour of its longest step. */
function drawBusyColumns(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  lane: LoopLane,
  first: number,
  top: number,
  height: number,
  plot: number,
): void {
  const columns = Math.floor(plot);
  const width = (scene.to - scene.from) / columns;
  let at = first;
  let before = lane.busyUntil(at, scene.from);
  for (let column = 0; column < columns; column++) {
    const right = scene.from + (column + 1) * width;
    const from = at;
    at = lane.firstEndingAfter(right, at);
    const busy = lane.busyUntil(at, right);
    const share = Math.min(1, (busy - before) / width);
    before = busy;
    if (share <= 0) continue;
    context.fillStyle = coroutineColour(scene, longestTask(scene, lane, from, at));
    context.globalAlpha = 0.35 + 0.65 * share;
    context.fillRect(scene.labels + column, top, 1, height);
  }
  context.globalAlpha = 1;
}

function drawBlocks(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  lane: LoopLane,
  top: number,
  height: number,
  x: ToX,
  plot: number,
): void {
  const { trace, theme, labels } = scene;
  const { steps, tasks } = trace;
  for (const row of lane.blocks) {
    const begin = steps.begin.get(row);
    const end = steps.end.get(row);
    if (end < scene.from || begin > scene.to) continue;
    const left = Math.max(labels, x(begin));
    const width = Math.max(2, Math.min(labels + plot, x(end)) - left);
    context.fillStyle = theme.error;
    context.fillRect(left, top, width, height);
    if (width < 40) continue;
    const task = steps.task.get(row);
    const name = task < 0 ? t("a callback") : tasks.name(task);
    context.font = `600 11px ${theme.fontFamily}`;
    context.fillStyle = theme.background;
    const time = duration(end - begin);
    const texts = [t("{name} blocks the loop {time}", { name, time }), `${name} ${time}`, time];
    const fits = texts.find((text) => measure(context, text) <= width - 12);
    if (fits) context.fillText(fits, left + 6, top + height / 2 + 4);
  }
}

/** For the selected task: who made it ready, each time. */
export function drawWakes(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  x: ToX,
  height: number,
): void {
  const { trace, selected, theme } = scene;
  if (selected < 0) return;
  const position = new Map<number, number>();
  for (let i = scene.first; i < scene.last; i++) {
    const row = scene.rows[i];
    const middle = RULER + row.top - scene.scroll + row.height / 2;
    if (row.kind === "task") position.set(row.task, middle);
    else if (row.kind === "group") for (const task of row.tasks) position.set(task, middle);
  }
  const mine = position.get(selected);
  if (mine === undefined) return;
  const lane = scene.lane(selected);
  const first = Math.max(0, lane.at(scene.from));
  const last = Math.min(lane.gallop(first, scene.to), first + 400);
  context.strokeStyle = theme.foreground;
  context.fillStyle = theme.foreground;
  context.lineWidth = 1;
  for (let i = first; i <= last; i++) {
    const row = lane.row[i];
    if (lane.state[i] !== State.suspended || row < 0) continue;
    const ready = trace.steps.ready.get(row);
    const by = trace.steps.by.get(row);
    if (Number.isNaN(ready) || by < 0 || by === selected) continue;
    const at = x(ready);
    const other = position.get(by) ?? (by < selected ? RULER : height);
    const down = Math.sign(mine - other);
    context.globalAlpha = 0.85;
    context.beginPath();
    context.moveTo(at, other);
    context.lineTo(at, mine - down * 9);
    context.stroke();
    context.beginPath();
    context.moveTo(at, mine - down * 4);
    context.lineTo(at - 4, mine - down * 11);
    context.lineTo(at + 4, mine - down * 11);
    context.fill();
    context.beginPath();
    context.arc(at, other, 2.5, 0, 7);
    context.fill();
    context.globalAlpha = 1;
  }
}
