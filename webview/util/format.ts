/** Times are seconds, as everywhere in the model. */

/** A count, "12,345", as findings and the sidebar beside the view write it. */
export { digits as count } from "../../src/trace/describe/text";

/** A duration a person reads at a glance: "35 µs", "1.2 ms", "118 ms", "2.00 s", "2 min 5 s". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 0) return `−${duration(-seconds)}`;
  if (seconds === 0) return "0 s";
  if (seconds < 0.9995e-6) return `${Math.round(seconds * 1e9)} ns`;
  if (seconds < 0.9995e-3) return `${trim(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${trim(seconds * 1e3)} ms`;
  if (seconds < 59.995) return `${seconds < 9.995 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** "1.2", "35", "118": two digits, or all of those before the point. */
function trim(value: number): string {
  return value < 9.95 ? value.toPrecision(2) : value.toFixed(0);
}

/** An instant on the trace's clock: as many decimals as the window of `span` seconds needs. */
export function instant(seconds: number, span: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const decimals = span <= 0 ? 6 : Math.min(6, Math.max(3, 3 - Math.floor(Math.log10(span))));
  return `${seconds.toFixed(decimals)} s`;
}

/** "12 %", "0.4 %", "< 0.1 %". */
export function percent(fraction: number): string {
  if (!Number.isFinite(fraction)) return "–";
  const value = fraction * 100;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** The last part of a path, whichever system it is from. */
export function baseName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);
}

/** Longer names of files are cut: the line behind them matters more. */
const LONGEST_FILE = 60;

/** "shop.py:97"; an unknown line is left out. */
export function fileLine(file: string, line: number): string {
  const name = displayName(baseName(file), LONGEST_FILE);
  return line > 0 ? `${name}:${line}` : name;
}

/** A path without the workspace folder in front. */
export function shortPath(file: string, folders: readonly string[]): string {
  for (const folder of folders) {
    if (file.startsWith(folder) && /[\\/]/.test(file[folder.length] ?? ""))
      return file.slice(folder.length + 1);
  }
  return file;
}

/** A task called "Task-7" by asyncio says nothing: then its coroutine is what to call it by. */
export function taskTitle(name: string, coroutine: string): { title: string; suffix: string } {
  if (/^Task-\d+$/.test(name) && coroutine !== "?") return { title: displayName(coroutine), suffix: name };
  // A name may be empty; a node, a lane or a row must not be.
  if (name.trim() === "") return { title: displayName(coroutine), suffix: "" };
  return { title: displayName(name), suffix: "" };
}

/** Cuts a name that no screen could hold (10 kB names exist) and makes control characters, bidirectional ones too, visible. */
export function displayName(name: string, limit = 200): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being replaced
  const clean = name.replace(/[\u0000-\u001f\u007f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "·");
  if (clean.length <= limit) return clean;
  // Cut between whole characters: an emoji of several code points is one.
  let end = 0;
  for (const { index, segment } of characters.segment(clean.slice(0, limit + 40))) {
    if (index + segment.length > limit) break;
    end = index + segment.length;
  }
  return `${clean.slice(0, end)}…`;
}

const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });
