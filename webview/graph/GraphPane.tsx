import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Surface } from "../canvas/surface";
import { type MenuItem, openMenu } from "../panes/menu";
import { openPlace } from "../state/actions";
import { live, select, snapshot } from "../state/model";
import { change, setting, settings } from "../state/settings";
import { theme } from "../state/theme";
import { t, tn } from "../util/l10n";
import { CARD, type Card } from "./build";
import { beyond, graphCommand } from "./commands";
import { drawGraph, type View } from "./draw";
import { GraphTree } from "./GraphTree";
import { menuOf } from "./menu";
import { expandCard, selectCard } from "./nodes";
import { type Pinned, pinResources } from "./pin";
import { RESOURCE, type Resource } from "./resources";
import { evidence, graph, outlineWidth, selectedKey } from "./state";

const MARGIN = 18;
/** Below this width the columns do not fit and the graph becomes an outline. */
const NARROW = 560;
const MIN_SCALE = 0.15;
const MAX_SCALE = 2.5;
/**
 * Fitting by itself never makes the text harder to read than this: three generations of tasks and what they wait for
 * come in sight where that leaves the text readable. What does not fit is scrolled to.
 */
const autoScale = (width: number) =>
  Math.min(0.9, Math.max(0.8, width / (3 * CARD.column + RESOURCE.distance + RESOURCE.width)));

type Hit = { card: Card; link: boolean } | { resource: Resource };

/** The await graph: who created whom, who waits for what, and where. */
export function GraphPane() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const controller = useRef<GraphController | null>(null);
  useEffect(() => {
    const it = new GraphController(canvas.current!, host.current!);
    controller.current = it;
    return () => it.dispose();
  }, []);
  return (
    <div class="graph" ref={host}>
      <GraphTree
        onReveal={(key) => controller.current?.reveal(key)}
        onMenu={(card) => controller.current?.menuAt(card)}
      />
      <div class="fill" aria-hidden="true">
        <canvas ref={canvas} />
      </div>
      <GraphEmpty />
    </div>
  );
}

function GraphEmpty() {
  if (graph.value.cards.length > 0) return null;
  const filtered = setting.filter.value !== "" && snapshot.value.count > snapshot.value.totals[0];
  if (!filtered) return null;
  return (
    <div class="empty">
      <p>{t("No task matches the filter.")}</p>
      <button type="button" class="button" onClick={() => change({ filter: "" })}>
        {t("Clear the filter")}
      </button>
    </div>
  );
}

/** Pointer and wheel on the canvas, and what is drawn on it. */
class GraphController {
  private readonly surface: Surface;
  private view: View = { scale: 1, x: MARGIN, y: MARGIN };
  /** The user has not moved the graph: it fits itself. */
  private auto = settings.peek().graph === null;
  /** The program ran while the graph was watched: its growth must not change the scale, or everything moves. */
  private growing = false;
  private hovered: string | null = null;
  private drag: { x: number; y: number; moved: boolean } | null = null;
  private readonly disposers: (() => void)[] = [];
  private readonly pointers = new Map<number, { x: number; y: number }>();

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly host: HTMLElement,
  ) {
    const kept = settings.peek().graph;
    if (kept) this.view = kept;
    this.surface = new Surface(canvas, (context, size) => {
      if (this.auto) this.fitItself();
      const pinned = this.pinned();
      drawGraph(context, size, pinned, this.view, theme.value, {
        selected: selectedKey.value,
        hovered: this.hovered,
        focused: this.host.contains(document.activeElement),
        evidence: evidence.value,
      });
      this.countBeyond(pinned);
    });
    let done = graphCommand.peek()?.id;
    this.disposers.push(
      graphCommand.subscribe((command) => {
        if (!command || command.id === done) return;
        done = command.id;
        if (command.name === "fit") this.fit();
        else if (command.name === "down" && beyond.peek().alarm) this.reveal(beyond.peek().alarm);
        else if (command.name === "down") this.moveBy(0, -this.surface.size.height * 0.7);
        else if (command.name === "right") this.moveBy(-this.surface.size.width * 0.7, 0);
        else this.zoomCentre(command.name === "in" ? 1.25 : 0.8);
      }),
    );
    this.disposers.push(
      effect(() => {
        graph.value;
        selectedKey.value;
        evidence.value;
        theme.value;
        this.surface.invalidate();
      }),
    );
    const resize = new ResizeObserver(([entry]) => {
      const { width } = entry.contentRect;
      outlineWidth.value = width > 0 && width < NARROW ? Math.floor(width) - 2 * 12 : null;
    });
    resize.observe(canvas);
    this.disposers.push(() => resize.disconnect());
    this.on("pointerdown", (event) => this.down(event));
    this.on("pointermove", (event) => this.move(event));
    this.on("pointerup", (event) => this.up(event));
    this.on("pointercancel", (event) => this.up(event));
    this.on("pointerleave", () => this.hover(null));
    this.on("dblclick", (event) => this.doubleClick(event));
    this.on("contextmenu", (event) => this.contextMenu(event));
    const wheel = (event: WheelEvent) => this.wheel(event);
    canvas.addEventListener("wheel", wheel, { passive: false });
    const focus = () => this.surface.invalidate();
    host.addEventListener("focusin", focus);
    host.addEventListener("focusout", focus);
  }

  /** Nothing on the canvas tells that there is more than what is in sight. */
  private countBeyond({ model, left }: Pinned): void {
    const { scale, x, y } = this.view;
    const { width, height } = this.surface.size;
    const next = { below: 0, right: 0, alarm: "" };
    const count = (box: Card | Resource, room: number) => {
      if ((box.y + box.height / 2) * scale + y > height) next.below++;
      else if ((box.x + box.width / 2) * scale + x > room) next.right++;
    };
    for (const card of model.cards) {
      const before = next.below;
      count(card, Math.min(left, width));
      const alarm = card.alarm === "blocked" || card.alarm === "deadlock";
      if (alarm && next.below > before && !next.alarm) next.alarm = card.node.key;
    }
    for (const resource of model.resources) count(resource, width);
    const { below, right, alarm } = beyond.peek();
    if (next.below !== below || next.right !== right || next.alarm !== alarm) beyond.value = next;
  }

  dispose(): void {
    for (const dispose of this.disposers) dispose();
    this.surface.dispose();
  }

  fit(): void {
    change({ graph: null });
    this.fitView(MIN_SCALE);
    this.auto = !live.peek() && this.view.scale >= autoScale(this.surface.size.width);
    this.surface.invalidate();
  }

  zoomCentre(factor: number): void {
    this.zoom(factor, this.surface.size.width / 2, this.surface.size.height / 2);
  }

  /** Brings a node into sight (keyboard, a click elsewhere). */
  reveal(key: string): void {
    const pinned = this.pinned();
    const { cards, resources } = pinned.model;
    const card = cards.find((c) => c.node.key === key);
    const box = card ?? resources.find((r) => `r:${r.key}` === key);
    if (!box) return;
    const { scale, x, y } = this.view;
    const { height } = this.surface.size;
    const width = Math.min(this.surface.size.width, card ? pinned.left : Number.POSITIVE_INFINITY);
    const left = box.x * scale + x;
    const top = box.y * scale + y;
    let dx = 0;
    let dy = 0;
    if (left < MARGIN) dx = MARGIN - left;
    else if (left + box.width * scale > width - MARGIN) dx = width - MARGIN - left - box.width * scale;
    if (top < MARGIN) dy = MARGIN - top;
    else if (top + box.height * scale > height - MARGIN) dy = height - MARGIN - top - box.height * scale;
    if (dx || dy) this.moveBy(dx, dy);
    this.surface.invalidate();
  }

  private pinned(): Pinned {
    return pinResources(graph.value, this.view, this.surface.size.width);
  }

  private fitItself(): void {
    const readable = autoScale(this.surface.size.width);
    this.growing ||= live.peek();
    this.fitView(readable, this.growing ? readable : 1);
  }

  private fitView(smallest: number, largest = 1): void {
    const model = graph.value;
    const { width, height } = this.surface.size;
    if (model.outline) {
      this.view = { scale: 1, x: 12, y: 12 };
      return;
    }
    const across = (width - 2 * MARGIN) / Math.max(1, model.width);
    const down = (height - 2 * MARGIN) / Math.max(1, model.height);
    const scale = Math.max(smallest, Math.min(largest, across, down));
    this.view = { scale, x: MARGIN, y: MARGIN };
  }

  private on<K extends keyof HTMLElementEventMap>(
    type: K,
    handler: (event: HTMLElementEventMap[K]) => void,
  ): void {
    this.canvas.addEventListener(type, handler);
  }

  private at(event: MouseEvent): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private hit(event: MouseEvent): Hit | null {
    const point = this.at(event);
    const x = (point.x - this.view.x) / this.view.scale;
    const y = (point.y - this.view.y) / this.view.scale;
    const inside = (box: Card | Resource) =>
      x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
    const { model, left } = this.pinned();
    const resource = model.resources.find(inside);
    if (resource) return { resource };
    if (point.x > left) return null;
    const card = model.cards.find(inside);
    if (!card) return null;
    const link = card.link !== "" && y > card.y + 22 && x > card.x + card.width * 0.45;
    return { card, link };
  }

  private down(event: PointerEvent): void {
    this.pointers.set(event.pointerId, this.at(event));
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.drag = { x: event.clientX, y: event.clientY, moved: false };
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (before && this.pointers.size === 2) {
      this.pinch(event);
      return;
    }
    if (before) this.pointers.set(event.pointerId, this.at(event));
    if (this.drag) {
      const dx = event.clientX - this.drag.x;
      const dy = event.clientY - this.drag.y;
      if (!this.drag.moved && Math.hypot(dx, dy) < 4) return;
      this.drag = { x: event.clientX, y: event.clientY, moved: true };
      this.canvas.style.cursor = "grabbing";
      this.moveBy(dx, dy);
      return;
    }
    this.hover(this.hit(event));
  }

  private pinch(event: PointerEvent): void {
    const [first, second] = [...this.pointers.values()];
    const before = Math.hypot(first.x - second.x, first.y - second.y);
    this.pointers.set(event.pointerId, this.at(event));
    const [a, b] = [...this.pointers.values()];
    this.zoom(Math.hypot(a.x - b.x, a.y - b.y) / Math.max(1, before), (a.x + b.x) / 2, (a.y + b.y) / 2);
    if (this.drag) this.drag.moved = true;
  }

  private up(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    const { drag } = this;
    this.drag = null;
    this.canvas.style.cursor = "";
    if (!drag || drag.moved || event.type === "pointercancel") return;
    const hit = this.hit(event);
    if (!hit) select(null);
    else if ("resource" in hit) {
      if (hit.resource.objects.length > 0) select({ kind: "object", object: hit.resource.objects[0] });
    } else if (hit.link && hit.card.place) {
      selectCard(hit.card);
      openPlace(hit.card.place);
    } else if (hit.card.node.kind === "more") expandCard(hit.card);
    else selectCard(hit.card);
  }

  private hover(hit: Hit | null): void {
    const key = !hit ? null : "card" in hit ? hit.card.node.key : `r:${hit.resource.key}`;
    this.canvas.style.cursor = !hit ? "grab" : "pointer";
    this.canvas.title = hit ? describe(hit) : "";
    if (key === this.hovered) return;
    this.hovered = key;
    this.surface.invalidate();
  }

  private doubleClick(event: MouseEvent): void {
    const hit = this.hit(event);
    if (hit && "card" in hit) expandCard(hit.card);
    else if (!hit) this.fit();
  }

  private contextMenu(event: MouseEvent): void {
    event.preventDefault();
    const hit = this.hit(event);
    const card = hit && "card" in hit ? hit.card : null;
    if (card) selectCard(card);
    openMenu(event.clientX, event.clientY, this.menu(card));
  }

  /** The menu of a card, beside it: for the keyboard. */
  menuAt(card: Card | null): void {
    const box = this.canvas.getBoundingClientRect();
    const { scale, x, y } = this.view;
    const at = card ? { x: card.x + 30, y: card.y + card.height } : { x: 0, y: 0 };
    openMenu(box.left + at.x * scale + x, box.top + at.y * scale + y, this.menu(card));
  }

  private menu(card: Card | null): MenuItem[] {
    return menuOf(card, () => this.fit());
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.ctrlKey || event.metaKey) {
      const { x, y } = this.at(event);
      this.zoom(Math.exp(-event.deltaY * unit * (Math.abs(event.deltaY) < 50 ? 0.01 : 0.0022)), x, y);
    } else if (event.shiftKey) this.moveBy(-event.deltaY * unit, 0);
    else this.moveBy(-event.deltaX * unit, -event.deltaY * unit);
  }

  private zoom(factor: number, x: number, y: number): void {
    const { scale } = this.view;
    const next = Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale * factor));
    const ratio = next / scale;
    this.keep({ scale: next, x: x - (x - this.view.x) * ratio, y: y - (y - this.view.y) * ratio });
  }

  private moveBy(dx: number, dy: number): void {
    const { scale, x, y } = this.view;
    const { width, height } = this.surface.size;
    const model = graph.peek();
    // Some of the graph always stays in sight.
    const within = (value: number, extent: number, room: number) =>
      Math.min(room - 60, Math.max(60 - extent * scale, value));
    this.keep({ scale, x: within(x + dx, model.width, width), y: within(y + dy, model.height, height) });
  }

  private keep(view: View): void {
    this.view = view;
    this.auto = false;
    change({ graph: view });
    this.surface.invalidate();
  }
}

function describe(hit: Hit): string {
  if ("resource" in hit) return `${hit.resource.title}\n${hit.resource.detail}`;
  const { card, link } = hit;
  if (card.node.kind === "more")
    return tn(card.node.tasks.length, "Show {n} more task", "Show {n} more tasks");
  if (link) return t("Open {place}", { place: `${card.place?.file}:${card.place?.line}` });
  const more =
    card.node.kind === "group"
      ? `\n${t("{n} tasks; double-click to show each", { n: card.node.tasks.length })}`
      : "";
  return `${card.title}\n${card.detail}${card.time ? ` (${card.time})` : ""}${more}`;
}
