import { signal } from "@preact/signals";

/** The colours that canvases draw with, all read from the editor's theme. CSS uses the variables directly. */
export interface Theme {
  background: string;
  foreground: string;
  dim: string;
  border: string;
  card: string;
  cardBorder: string;
  /** Lines from creator to created: seen, and behind those that say who waits. */
  created: string;
  hover: string;
  selection: string;
  focus: string;
  link: string;
  badge: string;
  badgeText: string;
  running: string;
  ready: string;
  suspended: string;
  done: string;
  error: string;
  cancelled: string;
  awaits: string;
  holds: string;
  warning: string;
  /** Hues that tell coroutines apart on the loop's lane; never red, yellow or blue, which mean blocked, ready and suspended. */
  palette: string[];
  fontFamily: string;
  highContrast: boolean;
  /** The background is dark: overlays lighten instead of darken. */
  dark: boolean;
  /** Animations are unwelcome. */
  still: boolean;
}

/** A theme name, its fallback theme names, and what to use when an old editor has none of them. */
const VARIABLES: Record<string, string[]> = {
  background: ["editor-background", "#1e1e1e"],
  foreground: ["foreground", "editor-foreground", "#cccccc"],
  dim: ["descriptionForeground", "foreground", "#9d9d9d"],
  border: ["contrastBorder", "panel-border", "widget-border", "#80808059"],
  card: ["editorWidget-background", "editor-background", "#252526"],
  cardBorder: ["contrastBorder", "editorWidget-border", "widget-border", "panel-border", "#454545"],
  hover: ["list-hoverBackground", "#80808026"],
  selection: ["list-inactiveSelectionBackground", "list-hoverBackground", "#80808040"],
  focus: ["contrastActiveBorder", "focusBorder", "#007fd4"],
  link: ["textLink-foreground", "#3794ff"],
  badge: ["badge-background", "#4d4d4d"],
  badgeText: ["badge-foreground", "#ffffff"],
  running: ["charts-green", "#89d185"],
  ready: ["charts-yellow", "#cca700"],
  suspended: ["charts-blue", "#3794ff"],
  done: ["descriptionForeground", "foreground", "#9d9d9d"],
  error: ["charts-red", "errorForeground", "#f14c4c"],
  cancelled: ["charts-purple", "#b180d7"],
  awaits: ["charts-orange", "#d18616"],
  holds: ["charts-purple", "#b180d7"],
  warning: ["editorWarning-foreground", "charts-yellow", "#cca700"],
};

const PALETTE: string[][] = [
  ["charts-green", "#89d185"],
  ["terminal-ansiCyan", "#11a8cd"],
  ["charts-purple", "#b180d7"],
  ["terminal-ansiBrightGreen", "#23d18b"],
  ["terminal-ansiBrightMagenta", "#d670d6"],
  ["charts-orange", "#d18616"],
];

function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const first = (names: string[]) => {
    for (const name of names) {
      const value = name.startsWith("#") ? name : style.getPropertyValue(`--vscode-${name}`).trim();
      if (value) return value;
    }
    return names[names.length - 1];
  };
  const colours = Object.fromEntries(Object.entries(VARIABLES).map(([key, names]) => [key, first(names)]));
  const [r, g, b] = rgb(colours.background);
  return {
    ...(colours as unknown as Theme),
    awaits: opaque(colours.awaits),
    created:
      style.getPropertyValue("--vscode-contrastBorder").trim() ||
      mixed(colours.dim, colours.background, 0.55),
    palette: PALETTE.map((names) => opaque(first(names))),
    fontFamily: style.getPropertyValue("--vscode-font-family").trim() || "system-ui, sans-serif",
    highContrast: /high-contrast/.test(`${document.body.className} ${document.body.dataset.vscodeThemeKind}`),
    dark: r * 0.299 + g * 0.587 + b * 0.114 < 128,
    still:
      matchMedia("(prefers-reduced-motion: reduce)").matches ||
      document.body.matches(".vscode-reduce-motion"),
  };
}

let probe: CanvasRenderingContext2D | null = null;

/** Red, green, blue (0 to 255) and alpha (0 to 1) of any CSS colour. */
export function rgb(colour: string): [number, number, number, number] {
  probe ??= new OffscreenCanvas(1, 1).getContext("2d", {
    willReadFrequently: true,
  }) as unknown as CanvasRenderingContext2D;
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = "#808080"; // what an unreadable colour becomes
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

/** The colour without its transparency: the editor's orange is a highlight that text shines through, too dim for a line. */
function opaque(colour: string): string {
  const [r, g, b] = rgb(colour);
  return `rgb(${r}, ${g}, ${b})`;
}

/** So much of one colour, the rest of another. */
function mixed(colour: string, other: string, share: number): string {
  const [from, to] = [rgb(opaque(other)), rgb(colour)];
  const [r, g, b] = from.map((value, i) => Math.round(value + (to[i] - value) * share * to[3]));
  return `rgb(${r}, ${g}, ${b})`;
}

export const theme = signal<Theme>(null as unknown as Theme);

/** Reads the theme, and again whenever the editor changes it (it rewrites the body's attributes). */
export function watchTheme(): void {
  theme.value = readTheme();
  const again = () => {
    theme.value = readTheme();
  };
  const observer = new MutationObserver(again);
  observer.observe(document.body, { attributes: true });
  observer.observe(document.documentElement, { attributes: true });
  matchMedia("(prefers-reduced-motion: reduce)").addEventListener("change", again);
}
