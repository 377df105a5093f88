import { Surface } from "../canvas/surface";
import { deadlock } from "../graph/state";
import { openMenu } from "../panes/menu";
import { openPlace } from "../state/actions";
import {
  cursor,
  highlighted,
  now,
  select,
  selectedTask,
  selection,
  snapshot,
  tick,
  trace,
} from "../state/model";
import { change, setting, settings } from "../state/settings";
import { theme } from "../state/theme";
import { t as translate } from "../util/l10n";
import { Densities } from "./densities";
import { drawLanes, RULER } from "./draw";
import { type HoverInfo, loopInfoAt, sliceInfo } from "./hover";
import { laneMenu } from "./menu";
import { type PinnedRow, pinnedLoop } from "./pin";
import { type LaneRow, rowAt } from "./rows";
import {
  laneCache,
  laneRoom,
  loopLane,
  opened,
  panWindow,
  plotWidth,
  range,
  rows,
  span,
  stuck,
  zoomWindow,
} from "./state";

type Drag =
  | { kind: "pan"; x: number; y: number; moved: boolean; shift: boolean }
  | { kind: "range"; from: number; moved: boolean; x: number }
  | { kind: "cursor" }
  | { kind: "labels" };

/** The share of the width that names may take: in a side bar the lanes need the room. */
const mostLabels = (width: number) => (width < 480 ? 0.42 : 0.5);

/** Pointer and wheel over the lanes, the scroll bar beside them, and what is drawn. */
export class LanesController {
  private readonly surface: Surface;
  private readonly filler: HTMLElement;
  private drag: Drag | null = null;
  private hover: { row: number; t: number } | null = null;
  private info: HoverInfo | null = null;
  private readonly densities = new Densities(() => this.surface.invalidate());
  private readonly pointers = new Map<number, number>();
  private readonly listeners = new AbortController();

  private revealed = -1;

  constructor(
    canvas: HTMLCanvasElement,
    private readonly scroller: HTMLElement,
    private readonly tooltip: HTMLElement,
  ) {
    this.filler = scroller.firstElementChild as HTMLElement;
    this.surface = new Surface(canvas, (context, size) => this.draw(context, size));
    // The scroller lies over the canvas and takes the pointer: its bar is native, the rest is ours.
    this.on("scroll", () => this.surface.invalidate());
    this.on("pointerdown", (event) => this.down(event));
    this.on("pointermove", (event) => this.move(event));
    this.on("pointerup", (event) => this.up(event));
    this.on("pointercancel", (event) => this.up(event));
    this.on("pointerleave", () => this.leave());
    this.on("contextmenu", (event) => this.contextMenu(event));
    this.on("dblclick", (event) => this.doubleClick(event));
    scroller.addEventListener("wheel", (event) => this.wheel(event), {
      passive: false,
      signal: this.listeners.signal,
    });
  }

  /** Draws again when anything it shows has changed; run inside an effect. */
  follow(): void {
    tick.value;
    span.value;
    theme.value;
    now.value;
    selection.value;
    range.value;
    highlighted.value;
    deadlock.value;
    stuck.value;
    snapshot.value;
    setting.labels.value;
    const all = rows.value;
    const last = all.at(-1);
    const chosen = selectedTask.value;
    if (chosen !== this.revealed) {
      this.revealed = chosen;
      if (chosen >= 0) queueMicrotask(() => this.reveal(chosen));
    }
    this.filler.style.height = `${(last ? last.top + last.height : 0) + RULER + 8}px`;
    this.surface.invalidate();
  }

  dispose(): void {
    this.listeners.abort();
    this.densities.stop();
    this.surface.dispose();
  }

  private on<K extends keyof HTMLElementEventMap>(
    type: K,
    handler: (event: HTMLElementEventMap[K]) => void,
  ): void {
    this.scroller.addEventListener(type, handler, { signal: this.listeners.signal });
  }

  private get plot(): { left: number; width: number } {
    const left = Math.min(
      settings.peek().labels,
      this.surface.size.width * mostLabels(this.surface.size.width),
    );
    return { left, width: Math.max(1, this.surface.size.width - left) };
  }

  private time(x: number): number {
    const { left, width } = this.plot;
    const { from, to } = span.peek();
    return from + ((x - left) / width) * (to - from);
  }

  private draw(
    context: CanvasRenderingContext2D,
    size: { width: number; height: number; ratio: number },
  ): void {
    laneRoom.value = size.height - RULER - 8;
    plotWidth.value = this.plot.width;
    const all = rows.value;
    const scroll = this.scroller.scrollTop;
    const first = rowAt(all, scroll);
    let last = first;
    while (last < all.length && all[last].top < scroll + size.height - RULER) last++;
    const { from, to } = span.value;
    const buckets = Math.max(50, Math.min(2000, Math.round(size.width)));
    const groups = all.slice(first, last).filter((row) => row.kind === "group");
    this.densities.want(groups, from, to, buckets);
    const chosen = selection.value;
    drawLanes(context, size, {
      trace: trace.value,
      theme: theme.value,
      rows: all,
      first,
      last,
      pinned: this.pinned(),
      scroll,
      labels: this.plot.left,
      from,
      to,
      cursor: now.value,
      following: cursor.value === null,
      range: range.value,
      snapshot: snapshot.value,
      selected: chosen?.kind === "task" ? chosen.task : -1,
      selectedTasks: chosen?.kind === "group" ? new Set(chosen.tasks) : null,
      deadlock: deadlock.value.tasks,
      stuck: stuck.value,
      finding: highlighted.value,
      lane: (task) => laneCache().get(task),
      loopLane,
      density: (key) => this.densities.get(key),
      hover: this.hover,
    });
  }

  private at(event: MouseEvent): { x: number; y: number } {
    const box = this.scroller.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private pinned(): PinnedRow | null {
    return pinnedLoop(rows.peek(), this.scroller.scrollTop, this.surface.size.height - RULER);
  }

  private row(y: number): number {
    const all = rows.peek();
    const pinned = this.pinned();
    if (pinned && y > RULER && y < RULER + pinned.y + all[pinned.index].height) return pinned.index;
    const inside = y - RULER + this.scroller.scrollTop;
    const index = rowAt(all, inside);
    const row = all[index];
    return row && inside >= row.top && inside < row.top + row.height ? index : -1;
  }

  private down(event: PointerEvent): void {
    const { x, y } = this.at(event);
    if (x > this.scroller.clientWidth) return; // the scroll bar
    this.pointers.set(event.pointerId, x);
    if (event.button !== 0) return;
    this.scroller.setPointerCapture(event.pointerId);
    const { left } = this.plot;
    if (Math.abs(x - left) < 4) this.drag = { kind: "labels" };
    else if (y < RULER && x > left) {
      if (Math.abs(this.x(now.peek()) - x) < 8) this.drag = { kind: "cursor" };
      else this.drag = { kind: "range", from: this.time(x), moved: false, x };
    } else if (event.shiftKey && x > left) this.drag = { kind: "range", from: this.time(x), moved: false, x };
    else this.drag = { kind: "pan", x, y, moved: false, shift: event.shiftKey };
  }

  private x(t: number): number {
    const { left, width } = this.plot;
    const { from, to } = span.peek();
    return left + ((t - from) / (to - from)) * width;
  }

  private move(event: PointerEvent): void {
    const { x, y } = this.at(event);
    if (this.pointers.size === 2 && this.pointers.has(event.pointerId)) {
      this.pinch(event.pointerId, x);
      return;
    }
    const { drag } = this;
    if (!drag) {
      this.point(x, y, event);
      return;
    }
    if (drag.kind === "labels") change({ labels: Math.min(600, Math.max(60, x)) });
    else if (drag.kind === "cursor") this.setCursor(this.time(x));
    else if (drag.kind === "range") {
      if (!drag.moved && Math.abs(x - drag.x) < 4) return;
      drag.moved = true;
      const t = this.time(x);
      range.value = { from: Math.max(0, Math.min(drag.from, t)), to: Math.max(drag.from, t) };
    } else {
      if (!drag.moved && Math.hypot(x - drag.x, y - drag.y) < 4) return;
      this.hideTooltip();
      panWindow((drag.x - x) / this.plot.width);
      this.scroller.scrollTop += drag.y - y;
      Object.assign(drag, { x, y, moved: true });
    }
  }

  private pinch(id: number, x: number): void {
    const other = [...this.pointers].find(([key]) => key !== id)![1];
    const before = Math.abs(this.pointers.get(id)! - other);
    this.pointers.set(id, x);
    const distance = Math.abs(x - other);
    if (before > 5 && distance > 5) zoomWindow(before / distance, this.time((x + other) / 2));
    if (this.drag?.kind === "pan") this.drag.moved = true;
  }

  private setCursor(t: number): void {
    const end = trace.peek().endTime;
    cursor.value = t >= end ? null : Math.max(0, t);
  }

  private up(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    const { drag } = this;
    this.drag = null;
    if (!drag || event.type === "pointercancel") return;
    const { x, y } = this.at(event);
    if (drag.kind === "range" && !drag.moved) {
      range.value = null;
      this.setCursor(this.time(x));
    }
    if (drag.kind === "pan" && !drag.moved) this.click(x, y);
  }

  private click(x: number, y: number): void {
    const row = rows.peek()[this.row(y)];
    const inPlot = x > this.plot.left;
    if (!row) {
      select(null);
      return;
    }
    if (row.kind === "group") {
      if (inPlot) select({ kind: "group", key: row.key, tasks: row.tasks });
      else toggle(row.key);
    } else if (row.kind === "task") select({ kind: "task", task: row.task });
    else if (this.info && this.info.task >= 0) select({ kind: "task", task: this.info.task });
    if (!inPlot) return;
    this.setCursor(this.time(x));
    if (this.info?.place) openPlace(this.info.place);
  }

  private doubleClick(event: MouseEvent): void {
    const { x, y } = this.at(event);
    const row = rows.peek()[this.row(y)];
    if (y < RULER) change({ window: null });
    else if (row?.kind === "group" && x > this.plot.left) toggle(row.key);
  }

  private contextMenu(event: MouseEvent): void {
    event.preventDefault();
    this.hideTooltip();
    const { y } = this.at(event);
    openMenu(event.clientX, event.clientY, laneMenu(rows.peek()[this.row(y)] ?? null, this.info));
  }

  private wheel(event: WheelEvent): void {
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const { x } = this.at(event);
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      zoomWindow(Math.exp(event.deltaY * unit * (Math.abs(event.deltaY) < 50 ? 0.01 : 0.0022)), this.time(x));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      panWindow(((event.shiftKey ? event.deltaY || event.deltaX : event.deltaX) * unit) / this.plot.width);
    }
    this.hideTooltip();
  }

  private point(x: number, y: number, event: PointerEvent): void {
    const { left, width } = this.plot;
    const index = y > RULER ? this.row(y) : -1;
    const row = rows.peek()[index];
    const t = this.time(x);
    this.info = row && x > left ? this.describe(row, t, (span.peek().to - span.peek().from) / width) : null;
    this.scroller.style.cursor =
      Math.abs(x - left) < 4
        ? "col-resize"
        : y < RULER && x > left
          ? "crosshair"
          : this.info?.place
            ? "pointer"
            : "";
    this.showTooltip(event);
    if (this.hover?.row !== index) {
      this.hover = index >= 0 ? { row: index, t } : null;
      this.surface.invalidate();
    }
  }

  private describe(row: LaneRow, t: number, pixel: number): HoverInfo | null {
    const { from, to } = span.peek();
    if (row.kind === "loop") return loopInfoAt(trace.peek(), loopLane(row.loop), t, to - from, pixel * 2);
    if (row.kind === "task") return sliceInfo(trace.peek(), laneCache().get(row.task), t, to - from);
    const density = this.densities.get(row.key);
    if (!density) return null;
    const bucket = Math.floor(((t - density.from) / (density.to - density.from)) * density.alive.length);
    const alive = density.alive[bucket] ?? 0;
    return {
      title: row.label,
      lines: [
        translate("{n} tasks, {alive} alive here", {
          n: row.tasks.length,
          alive: alive.toFixed(alive < 10 ? 1 : 0),
        }),
        translate("{running} running, {ready} ready", {
          running: (density.running[bucket] ?? 0).toFixed(2),
          ready: (density.ready[bucket] ?? 0).toFixed(2),
        }),
      ],
      place: null,
      task: -1,
    };
  }

  private showTooltip(event: PointerEvent): void {
    const { info, tooltip } = this;
    if (!info) {
      this.hideTooltip();
      return;
    }
    tooltip.replaceChildren();
    const title = document.createElement("b");
    title.textContent = info.title;
    tooltip.append(title);
    for (const line of info.lines) {
      const element = document.createElement("div");
      element.textContent = line;
      tooltip.append(element);
    }
    tooltip.hidden = false;
    const x = Math.min(event.clientX + 14, innerWidth - tooltip.offsetWidth - 6);
    const below = event.clientY + 18;
    const above = event.clientY - tooltip.offsetHeight - 10;
    tooltip.style.left = `${Math.max(4, x)}px`;
    tooltip.style.top = `${below + tooltip.offsetHeight > innerHeight ? above : below}px`;
  }

  private hideTooltip(): void {
    this.tooltip.hidden = true;
  }

  private leave(): void {
    this.hideTooltip();
    this.info = null;
    if (!this.hover) return;
    this.hover = null;
    this.surface.invalidate();
  }

  /** Scrolls so that a task's lane is in sight. */
  reveal(task: number): void {
    const row = rows
      .peek()
      .find((candidate) =>
        candidate.kind === "task"
          ? candidate.task === task
          : candidate.kind === "group" && candidate.tasks.includes(task),
      );
    if (!row) return;
    const height = this.surface.size.height - RULER;
    const { scrollTop } = this.scroller;
    const pinned = this.pinned();
    const covered = pinned ? rows.peek()[pinned.index].height : 0;
    if (row.top < scrollTop + covered) this.scroller.scrollTop = row.top - covered;
    else if (row.top + row.height > scrollTop + height)
      this.scroller.scrollTop = row.top + row.height - height + 8;
  }
}

export function toggle(key: string): void {
  const next = new Set(opened.value);
  if (!next.delete(key)) next.add(key);
  opened.value = next;
}
