/** Text on canvases: measuring is dear, and names can be anything, so both are kept in one place. */

const LIMIT = 20000;
const STEP = 4;
const widths = new Map<string, Map<string, number>>();
const clipped = new Map<string, string>();

/** Width of `text` in the context's current font, in its units; remembered per font. */
export function measure(context: CanvasRenderingContext2D, text: string): number {
  let known = widths.get(context.font);
  if (!known) {
    known = new Map();
    widths.set(context.font, known);
  }
  let width = known.get(text);
  if (width === undefined) {
    if (known.size > LIMIT) known.clear();
    width = context.measureText(text).width;
    known.set(text, width);
  }
  return width;
}

/** `text`, cut with "…" to fit into `width`; cut between whole characters, so emoji stay whole. */
export function clip(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (width <= 0) return "";
  if (measure(context, text) <= width) return text;
  // A few pixels coarser than exact: zooming asks for a new width at every frame.
  const room = Math.floor(width / STEP) * STEP;
  const key = `${context.font}\n${room}\n${text}`;
  let cut = clipped.get(key);
  if (cut === undefined) {
    if (clipped.size > LIMIT) clipped.clear();
    const characters = [...text.slice(0, 400)];
    // Letters are about equally wide: the guess is right, or nearly.
    const wide = measure(context, text) / Math.max(1, text.length);
    let length = Math.min(characters.length, Math.floor(room / wide));
    const fits = (n: number) => context.measureText(`${characters.slice(0, n).join("")}…`).width <= room;
    while (length > 0 && !fits(length)) length--;
    while (length > 0 && length < characters.length && fits(length + 1)) length++;
    cut = length === 0 ? "" : `${characters.slice(0, length).join("")}…`;
    clipped.set(key, cut);
  }
  return cut;
}

/** "shop.py:97" cut to fit into `width`: of the file's name, as the line matters more. */
export function clipPlace(context: CanvasRenderingContext2D, place: string, width: number): string {
  const colon = place.lastIndexOf(":");
  if (colon < 0 || measure(context, place) <= width) return clip(context, place, width);
  const line = place.slice(colon);
  return clip(context, clip(context, place.slice(0, colon), width - measure(context, line)) + line, width);
}

/** Draws `text` cut to `width`, and returns how wide it came out. Right-to-left names keep their place. */
export function fillClipped(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  width: number,
): number {
  const cut = clip(context, text, width);
  if (cut) context.fillText(cut, x, y);
  return cut ? measure(context, cut) : 0;
}

/** A dotted path of Python names, and what may follow it: "Server.handle.<locals>.inner  Task-7". */
const PATH = /^(?:(?:<locals>|[\p{L}_][\p{L}\p{N}_]*)\.)+(?=[\p{L}_])/u;

/** The last name of a path, which tells most. */
export const shortName = (name: string): string => name.replace(PATH, "");

/** Draws a name like `fillClipped`; where there is no room, without the classes and functions it is in. */
export function fillName(
  context: CanvasRenderingContext2D,
  name: string,
  x: number,
  y: number,
  width: number,
): number {
  return fillClipped(context, measure(context, name) <= width ? name : shortName(name), x, y, width);
}
