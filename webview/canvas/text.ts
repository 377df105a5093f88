/** Text on canvases: measuring is dear, and names can be anything, so both are kept in one place. */

const LIMIT = 20000;
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
  const key = `${context.font}\n${Math.floor(width)}\n${text}`;
  let cut = clipped.get(key);
  if (cut === undefined) {
    if (clipped.size > LIMIT) clipped.clear();
    const characters = [...text];
    let low = 0;
    let high = characters.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (context.measureText(`${characters.slice(0, middle).join("")}…`).width <= width) low = middle;
      else high = middle - 1;
    }
    cut = low === 0 ? "" : `${characters.slice(0, low).join("")}…`;
    clipped.set(key, cut);
  }
  return cut;
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
