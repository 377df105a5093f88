import { clipPlace, fillClipped, fillName, measure } from "../canvas/text";
import { drawIcon } from "../icons";
import { stateColour } from "../model/look";
import type { Theme } from "../state/theme";
import { count } from "../util/format";
import type { Card, GraphModel } from "./build";
import type { Edge } from "./edges";
import type { Pinned } from "./pin";
import type { Resource } from "./resources";

/** Model space to canvas space: x · scale + x0, in CSS pixels. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Emphasis {
  /** Key of the node or resource selected, and of the one under the pointer. */
  selected: string | null;
  hovered: string | null;
  /** The keyboard is in the graph: draw the focus ring. */
  focused: boolean;
  /** Nodes to highlight (a finding's evidence); the others fade. Null: no highlight. */
  evidence: ReadonlySet<string> | null;
}

/** How what passes beneath the resources fades out before their ground: strips, each this wide. */
const FADE = { steps: 8, width: 3 };

/** Below this scale text cannot be read and is left out. */
const READABLE = 0.45;

export function drawGraph(
  context: CanvasRenderingContext2D,
  size: { width: number; height: number; ratio: number },
  { model, left: ground }: Pinned,
  view: View,
  theme: Theme,
  emphasis: Emphasis,
): void {
  const { ratio } = size;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.globalAlpha = 1;
  context.fillStyle = theme.background;
  context.fillRect(0, 0, size.width, size.height);
  context.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, view.x * ratio, view.y * ratio);
  context.textBaseline = "alphabetic";
  context.lineJoin = "round";
  const left = -view.x / view.scale;
  const top = -view.y / view.scale;
  const seen = { left, top, right: left + size.width / view.scale, bottom: top + size.height / view.scale };
  const visible = (box: Box) =>
    box.x < seen.right &&
    box.y < seen.bottom &&
    box.x + box.width > seen.left &&
    box.y + box.height > seen.top;
  drawEdges(context, model, theme, emphasis, Number.POSITIVE_INFINITY);
  const fonts = fontsOf(theme);
  for (const card of model.cards) {
    if (!visible(card)) continue;
    context.globalAlpha = faded(card.node.key, emphasis) || !card.node.matches ? 0.6 : 1;
    drawCard(context, card, theme, fonts, emphasis, view.scale > READABLE);
  }
  if (ground < size.width) {
    // The tasks beneath are scrolled to; the arrows that end here are drawn once more, over the ground.
    const from = (ground - view.x) / view.scale;
    const high = seen.bottom - seen.top;
    const fading = from - FADE.steps * FADE.width;
    context.fillStyle = theme.background;
    // They fade out: one that is cut by an edge would look broken.
    for (let i = 0; i < FADE.steps; i++) {
      context.globalAlpha = (i + 1) / (FADE.steps + 1);
      context.fillRect(fading + i * FADE.width, seen.top, FADE.width, high);
    }
    context.globalAlpha = 1;
    context.fillRect(from, seen.top, seen.right - from, high);
    context.save();
    context.beginPath();
    context.rect(fading, seen.top, seen.right - fading, high);
    context.clip();
    drawEdges(context, model, theme, emphasis, from);
    context.restore();
  }
  for (const resource of model.resources) {
    if (!visible(resource)) continue;
    context.globalAlpha = faded(`r:${resource.key}`, emphasis) ? 0.4 : 1;
    drawResource(context, resource, theme, fonts, emphasis, view.scale > READABLE);
  }
  context.globalAlpha = 1;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const fontsOf = (theme: Theme) => ({
  bold: `600 13px ${theme.fontFamily}`,
  small: `12px ${theme.fontFamily}`,
  badge: `600 11px ${theme.fontFamily}`,
});
type Fonts = ReturnType<typeof fontsOf>;

const faded = (key: string, emphasis: Emphasis) => emphasis.evidence !== null && !emphasis.evidence.has(key);

function drawCard(
  context: CanvasRenderingContext2D,
  card: Card,
  theme: Theme,
  fonts: Fonts,
  emphasis: Emphasis,
  readable: boolean,
): void {
  const { x, y, width, height, node } = card;
  const alarm = card.alarm === "blocked" || card.alarm === "deadlock" || card.alarm === "failed";
  const colour = stateColour(theme, node.state);
  const stripe = card.alarm === "blocked" || card.alarm === "deadlock" ? theme.error : colour;
  if (node.tasks.length > 1 && node.kind === "group") {
    // A second edge behind the card: more than one lies here.
    context.fillStyle = theme.card;
    context.strokeStyle = theme.cardBorder;
    context.lineWidth = 1;
    round(context, x + 4, y + 4, width, height, 5);
    context.fill();
    context.stroke();
  }
  round(context, x, y, width, height, 5);
  context.fillStyle = theme.card;
  context.fill();
  if (emphasis.hovered === node.key) {
    context.fillStyle = theme.hover;
    context.fill();
  }
  context.strokeStyle = alarm ? theme.error : theme.cardBorder;
  context.lineWidth = alarm ? 1.6 : 1;
  context.setLineDash(node.kind === "more" ? [4, 3] : []);
  context.stroke();
  context.setLineDash([]);
  if (node.kind !== "more") {
    context.save();
    round(context, x, y, width, height, 5);
    context.clip();
    context.fillStyle = stripe;
    context.fillRect(x, y, 4, height);
    context.restore();
  }
  ring(context, card, node.key, theme, emphasis, 5);
  if (!readable) return;
  const small = height < 40;
  const baseline = small ? y + height / 2 + 4.5 : y + 17;
  context.fillStyle = alarm ? theme.error : colour;
  drawIcon(context, card.icon, x + 11, baseline - 12, 15);
  context.font = fonts.small;
  const time = card.time ? measure(context, card.time) : 0;
  context.fillStyle = card.alarm === "blocked" ? theme.error : theme.dim;
  if (time) context.fillText(card.time, x + width - 10 - time, baseline);
  let taken = time ? time + 20 : 10;
  const done = `✓${count(card.finished)}`;
  // The name comes first: the count of the finished is also in the tooltip.
  if (card.finished > 0 && width - 32 - taken - measure(context, done) > measure(context, card.title) + 44) {
    taken += measure(context, done) + 10;
    context.fillStyle = theme.dim;
    context.fillText(done, x + width - taken + 6, baseline);
  }
  let room = width - 32 - taken;
  const badge = node.kind === "group" ? `×${count(node.tasks.length)}` : "";
  context.font = fonts.badge;
  const badgeWidth = badge ? measure(context, badge) + 11 : 0;
  if (badge) room -= badgeWidth + 7;
  context.font = small ? fonts.small : fonts.bold;
  context.fillStyle = small ? theme.dim : theme.foreground;
  let end = x + 32 + fillName(context, card.title, x + 32, baseline, room);
  if (card.suffix && end + 34 < x + 32 + room) {
    context.font = fonts.small;
    context.fillStyle = theme.dim;
    end += 7;
    end += fillClipped(context, card.suffix, end, baseline, x + 32 + room - end);
  }
  if (badge) drawBadge(context, badge, end + 7, baseline - 11.5, badgeWidth, theme, fonts);
  if (small) return;
  context.font = fonts.small;
  let right = x + width - 10;
  if (card.link) {
    const link = clipPlace(context, card.link, width * 0.55);
    right -= measure(context, link);
    context.fillStyle = theme.link;
    context.fillText(link, right, y + 34);
    right -= 10;
  }
  context.fillStyle = alarm ? theme.error : card.alarm === "overdue" ? theme.warning : theme.dim;
  fillClipped(context, card.detail, x + 12, y + 34, right - x - 12);
}

function drawBadge(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  width: number,
  theme: Theme,
  fonts: Fonts,
): void {
  round(context, x, y, width, 16, 8);
  context.fillStyle = theme.badge;
  context.fill();
  if (theme.highContrast) {
    context.strokeStyle = theme.border;
    context.lineWidth = 1;
    context.stroke();
  }
  context.fillStyle = theme.badgeText;
  context.font = fonts.badge;
  context.fillText(text, x + 5.5, y + 12);
}

function drawResource(
  context: CanvasRenderingContext2D,
  resource: Resource,
  theme: Theme,
  fonts: Fonts,
  emphasis: Emphasis,
  readable: boolean,
): void {
  const { x, y, width, height } = resource;
  const colour = resource.deadlock ? theme.error : theme.awaits;
  round(context, x, y, width, height, height / 2);
  context.fillStyle = theme.background;
  context.fill();
  if (emphasis.hovered === `r:${resource.key}`) {
    context.fillStyle = theme.hover;
    context.fill();
  }
  context.strokeStyle = colour;
  context.lineWidth = resource.deadlock ? 1.8 : 1.2;
  context.stroke();
  ring(context, resource, `r:${resource.key}`, theme, emphasis, height / 2);
  if (!readable) return;
  context.fillStyle = colour;
  drawIcon(context, resource.icon, x + 13, y + height / 2 - 8, 16);
  context.font = fonts.bold;
  context.fillStyle = theme.foreground;
  fillClipped(context, resource.title, x + 36, y + 15.5, width - 50);
  context.font = fonts.small;
  context.fillStyle = resource.deadlock ? theme.error : theme.dim;
  fillClipped(context, resource.detail, x + 36, y + 29.5, width - 50);
}

/** Selection and keyboard focus, outside the card so that neither hides its state. */
function ring(
  context: CanvasRenderingContext2D,
  box: Box,
  key: string,
  theme: Theme,
  emphasis: Emphasis,
  radius: number,
): void {
  if (emphasis.selected !== key) return;
  round(context, box.x - 3, box.y - 3, box.width + 6, box.height + 6, radius + 3);
  context.strokeStyle = theme.focus;
  context.lineWidth = emphasis.focused ? 2.5 : 1.5;
  context.stroke();
}

/** All edges; with a finite `ground`, only those between a resource and a card that is not beneath the ground. */
function drawEdges(
  context: CanvasRenderingContext2D,
  model: GraphModel,
  theme: Theme,
  emphasis: Emphasis,
  ground: number,
): void {
  // Red last, so that nothing crosses it.
  const rank = (edge: Edge) => (edge.deadlock ? 2 : edge.kind === "created" ? 0 : 1);
  for (let pass = 0; pass < 3; pass++) {
    for (const edge of model.edges) {
      if (rank(edge) !== pass) continue;
      const from = edge.resource === "from" ? model.resources[edge.from] : model.cards[edge.from];
      const to = edge.resource === "to" ? model.resources[edge.to] : model.cards[edge.to];
      if (ground < Number.POSITIVE_INFINITY) {
        const card = edge.resource === "from" ? to : from;
        if (edge.resource === "none" || card.x + card.width > ground) continue;
      }
      const dim = dimEdge(edge, model, emphasis);
      if (dim && model.outline) continue;
      context.globalAlpha = dim ? 0.15 : 1;
      drawEdge(context, edge, from, to, model, theme);
    }
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

function dimEdge(edge: Edge, model: GraphModel, emphasis: Emphasis): boolean {
  const keyOf = (index: number, resource: boolean) =>
    resource ? `r:${model.resources[index].key}` : model.cards[index].node.key;
  const from = keyOf(edge.from, edge.resource === "from");
  const to = keyOf(edge.to, edge.resource === "to");
  if (emphasis.evidence) return !(emphasis.evidence.has(from) && emphasis.evidence.has(to));
  // In an outline the names say who awaits whom: arrows only for the selection.
  if (model.outline && edge.kind !== "created" && !edge.deadlock) {
    return emphasis.selected !== from && emphasis.selected !== to;
  }
  return false;
}

function drawEdge(
  context: CanvasRenderingContext2D,
  edge: Edge,
  from: Box,
  to: Box,
  model: GraphModel,
  theme: Theme,
): void {
  const colour = edge.deadlock
    ? theme.error
    : edge.kind === "created"
      ? theme.created
      : edge.kind === "awaits"
        ? theme.awaits
        : theme.holds;
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = edge.deadlock ? 2.2 : edge.kind === "created" ? 1.2 : 1.5;
  context.setLineDash(edge.kind === "held" ? [5, 4] : []);
  context.beginPath();
  const y0 = from.y + from.height / 2;
  const y1 = to.y + to.height / 2;
  if (model.outline) {
    outlineEdge(context, edge, from, to, y0, y1);
    return;
  }
  if (edge.resource === "from") {
    // Back from the resource to the holder's right side, below the arrows that come.
    const a = { x: from.x, y: from.y + from.height - 9 };
    const b = { x: to.x + to.width, y: to.y + to.height - 9 };
    const bend = Math.max(30, (a.x - b.x) * 0.45);
    context.moveTo(a.x, a.y);
    context.bezierCurveTo(a.x - bend, a.y + 4, b.x + bend, b.y + 4, b.x + 6, b.y);
    context.stroke();
    arrow(context, b.x + 1, b.y, -1);
    return;
  }
  const a = { x: from.x + from.width, y: y0 };
  const child = edge.resource === "none" && to.x > from.x && to.x - from.x < from.width * 1.5;
  if (edge.kind === "created" || child) {
    const middle = to.x - 26;
    elbow(context, a.x, a.y, middle, to.x - (edge.kind === "awaits" ? 6 : 0), y1);
    context.stroke();
    if (edge.kind === "awaits") arrow(context, to.x - 1, y1, 1);
    return;
  }
  if (to.x > a.x) {
    const bend = Math.max(30, (to.x - a.x) * 0.45);
    context.moveTo(a.x, a.y - 3);
    context.bezierCurveTo(a.x + bend, a.y - 3, to.x - bend, y1 - 4, to.x - 6, y1 - 4);
    context.stroke();
    arrow(context, to.x - 1, y1 - 4, 1);
    return;
  }
  // To a task in the same column or further left: around the right side.
  const out = Math.max(a.x, to.x + to.width) + 30;
  context.moveTo(a.x, a.y);
  context.bezierCurveTo(out, a.y, out, y1, to.x + to.width + 6, y1);
  context.stroke();
  arrow(context, to.x + to.width + 1, y1, -1);
}

function outlineEdge(
  context: CanvasRenderingContext2D,
  edge: Edge,
  from: Box,
  to: Box,
  y0: number,
  y1: number,
): void {
  if (edge.kind === "created" || edge.resource === "none") {
    const trunk = from.x + 8;
    context.moveTo(trunk, from.y + from.height);
    context.lineTo(trunk, y1);
    context.lineTo(to.x, y1);
    context.stroke();
    return;
  }
  const x = Math.min(from.x, to.x) - 7;
  context.moveTo(from.x, y0);
  context.bezierCurveTo(x, y0, x, y1, to.x, y1);
  context.stroke();
}

/** Right, down, right, with round corners. */
function elbow(
  context: CanvasRenderingContext2D,
  x0: number,
  y0: number,
  middle: number,
  x1: number,
  y1: number,
): void {
  context.moveTo(x0, y0);
  if (Math.abs(y1 - y0) < 1) {
    context.lineTo(x1, y1);
    return;
  }
  const r = Math.min(7, Math.abs(y1 - y0) / 2);
  const down = Math.sign(y1 - y0);
  context.lineTo(middle - r, y0);
  context.quadraticCurveTo(middle, y0, middle, y0 + r * down);
  context.lineTo(middle, y1 - r * down);
  context.quadraticCurveTo(middle, y1, middle + r, y1);
  context.lineTo(x1, y1);
}

function arrow(context: CanvasRenderingContext2D, x: number, y: number, direction: 1 | -1): void {
  context.setLineDash([]);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - 8 * direction, y - 4);
  context.lineTo(x - 8 * direction, y + 4);
  context.closePath();
  context.fill();
}

function round(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
): void {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
}
