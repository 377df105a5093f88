import { fillClipped, measure } from "../canvas/text";
import { drawIcon } from "../icons";
import { STATE_ICONS, stateColour } from "../model/look";
import { State } from "../model/snapshot";
import { parkedAt, waitInfo } from "../model/wait";
import { rgb, type Theme } from "../state/theme";
import { fileLine } from "../util/format";
import { type ColumnColours, paintColumns } from "./columns";
import type { LanesScene, ToX } from "./draw";
import type { Lane } from "./lane";
import type { LaneRow } from "./rows";

/** Slices of a lane drawn one by one; with more in the window the columns are painted by their shares. */
const DIRECT = 260;

function columnColours(theme: Theme): ColumnColours {
  const background = rgb(theme.background);
  const blend = (colour: string, share: number) => {
    const c = rgb(colour);
    return [0, 1, 2].map((i) => c[i] * share + background[i] * (1 - share));
  };
  return {
    background,
    running: rgb(theme.running),
    ready: rgb(theme.ready),
    suspended: blend(theme.suspended, theme.highContrast ? 0.5 : 0.3),
  };
}

export function drawTask(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  row: LaneRow & { kind: "task" },
  y: number,
  x: ToX,
  strips: Strips,
): void {
  const lane = scene.lane(row.task);
  const first = Math.max(0, lane.at(scene.from));
  const last = lane.gallop(first, scene.to);
  if (last < 0) return;
  if (row.height < 10 || last - first > DIRECT) {
    strips.lanes.push({ lane, y, height: row.height });
  } else {
    drawSlices(context, scene, lane, first, last, y, row.height, x);
  }
  drawEnd(context, scene, row.task, lane, y, row.height, x);
}

/** Lanes with too many slices to draw one by one, collected while drawing and painted in one go. */
export interface Strips {
  lanes: { lane: Lane; y: number; height: number }[];
}

let strip: OffscreenCanvas | null = null;
let image: ImageData | null = null;

/**
 * Paints the collected lanes: rows of exact shares in one image, each stretched to its lane's height. One image for
 * all, since moving pixels to a canvas costs more by the call than by the pixel.
 */
export function drawStrips(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  strips: Strips,
  plot: number,
  ratio: number,
): void {
  const count = strips.lanes.length;
  if (count === 0) return;
  const colours = columnColours(scene.theme);
  const columns = Math.max(1, Math.round(plot * ratio));
  if (!strip || !image || strip.width !== columns || strip.height < count) {
    strip = new OffscreenCanvas(columns, Math.max(64, count));
    image = new ImageData(columns, strip.height);
  }
  const pixels = new Uint32Array(image.data.buffer);
  strips.lanes.forEach(({ lane }, i) => {
    paintColumns(lane, scene.from, scene.to, colours, pixels.subarray(i * columns, (i + 1) * columns));
  });
  strip.getContext("2d", { alpha: false })!.putImageData(image, 0, 0, 0, 0, columns, count);
  context.imageSmoothingEnabled = false;
  strips.lanes.forEach(({ y, height }, i) => {
    const gap = height < 6 ? 0 : 3;
    context.drawImage(strip!, 0, i, columns, 1, scene.labels, y + gap, plot, Math.max(1, height - 2 * gap));
  });
}

function drawSlices(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  lane: Lane,
  first: number,
  last: number,
  y: number,
  height: number,
  x: ToX,
): void {
  const { theme, trace } = scene;
  const stuck = scene.stuck.get(lane.task) ?? Number.NaN;
  const tall = height >= 16;
  for (let i = first; i <= last; i++) {
    const from = lane.start[i];
    const left = Math.max(scene.labels - 2, x(from));
    const right = x(lane.start[i + 1]);
    const width = right - left;
    switch (lane.state[i]) {
      case State.suspended: {
        const forEver = from <= stuck && lane.start[i + 1] > stuck;
        context.globalAlpha = theme.highContrast ? 0.5 : forEver ? 0.5 : 0.3;
        context.fillStyle = forEver ? theme.error : theme.suspended;
        context.fillRect(left, y + height * 0.22, Math.max(1, width), height * 0.56);
        context.globalAlpha = 1;
        if (tall && width > 56 && lane.row[i] >= 0) {
          context.font = `10.5px ${theme.fontFamily}`;
          context.fillStyle = theme.foreground;
          const place = parkedAt(trace, lane.row[i]);
          const label = waitInfo(trace, lane.row[i]).label;
          const text = place ? `${label}  ${fileLine(place.file, place.line)}` : label;
          // "asyncio.sleep(…" says nothing: it is the argument that tells one from another.
          if (label.includes("(") && measure(context, label) > width - 10) break;
          fillClipped(context, text, left + 5, y + height / 2 + 4, width - 10);
        }
        break;
      }
      case State.running: {
        const blocked = lane.start[i + 1] - from > trace.blockSeconds;
        context.fillStyle = blocked ? theme.error : theme.running;
        context.fillRect(left, y + 1.5, Math.max(1.5, width), height - 3);
        break;
      }
      default: {
        // Ready: a waiting task is wasted time; hatched as well, so that it is not colour alone.
        context.fillStyle = theme.ready;
        context.fillRect(left, y + height * 0.18, Math.max(1, width), height * 0.64);
        if (width > 8 && tall) hatch(context, theme, left, y + height * 0.18, width, height * 0.64);
      }
    }
  }
}

/** Ready is never colour alone. */
export function hatch(
  context: CanvasRenderingContext2D,
  theme: Theme,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = theme.background;
  context.globalAlpha = 0.45;
  context.lineWidth = 1;
  context.beginPath();
  const end = Math.min(x + width, x + 4000);
  for (let at = x - height; at < end; at += 5) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

function drawEnd(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  task: number,
  lane: Lane,
  y: number,
  height: number,
  x: ToX,
): void {
  const { tasks } = scene.trace;
  if (height < 16 || Number.isNaN(tasks.ended.get(task))) return;
  const state = [State.returned, State.raised, State.cancelled][tasks.outcome.get(task)];
  if (state === undefined) return;
  context.fillStyle = stateColour(scene.theme, state);
  drawIcon(context, STATE_ICONS[state], x(lane.start[lane.count]) + 3, y + height / 2 - 5.5, 11);
}

export function drawGroup(
  context: CanvasRenderingContext2D,
  scene: LanesScene,
  row: LaneRow & { kind: "group" },
  y: number,
  x: ToX,
  plot: number,
): void {
  const density = scene.density(row.key);
  if (!density || density.most === 0) return;
  const { theme } = scene;
  const n = density.alive.length;
  const at = (i: number) => x(density.from + ((density.to - density.from) * i) / n);
  const bottom = y + row.height - 2;
  const tall = row.height - 5;
  const step = at(1) - at(0);
  const draw = (value: (i: number) => number, colour: string, alpha: number) => {
    context.fillStyle = colour;
    context.globalAlpha = alpha;
    context.beginPath();
    for (let i = 0; i < n; i++) {
      const left = at(i);
      if (left > scene.labels + plot || left + step < scene.labels) continue;
      const height = Math.min(tall, value(i));
      if (height > 0) context.rect(left, bottom - height, step + 0.5, height);
    }
    context.fill();
  };
  const scale = tall / density.most;
  draw((i) => density.alive[i] * scale, theme.suspended, theme.highContrast ? 0.5 : 0.32);
  draw((i) => (density.ready[i] > 0 ? Math.max(1, density.ready[i] * scale) : 0), theme.ready, 0.9);
  draw((i) => (density.running[i] > 0.002 ? Math.max(2, density.running[i] * scale) : 0), theme.running, 1);
  context.globalAlpha = 1;
}
