/**
 * Icons, taken from codicons' own SVG files: one source for the DOM and for the canvases, and no icon font
 * that a Content-Security-Policy or an offline report would have to carry.
 */
import iconAdd from "@vscode/codicons/src/icons/add.svg";
import iconArrowDown from "@vscode/codicons/src/icons/arrow-down.svg";
import iconArrowLeft from "@vscode/codicons/src/icons/arrow-left.svg";
import iconArrowRight from "@vscode/codicons/src/icons/arrow-right.svg";
import iconArrowUp from "@vscode/codicons/src/icons/arrow-up.svg";
import iconBell from "@vscode/codicons/src/icons/bell.svg";
import iconCheck from "@vscode/codicons/src/icons/check.svg";
import iconChevronDown from "@vscode/codicons/src/icons/chevron-down.svg";
import iconChevronLeft from "@vscode/codicons/src/icons/chevron-left.svg";
import iconChevronRight from "@vscode/codicons/src/icons/chevron-right.svg";
import iconCircleLarge from "@vscode/codicons/src/icons/circle-large.svg";
import iconCircleSlash from "@vscode/codicons/src/icons/circle-slash.svg";
import iconClockface from "@vscode/codicons/src/icons/clockface.svg";
import iconClose from "@vscode/codicons/src/icons/close.svg";
import iconCollapseAll from "@vscode/codicons/src/icons/collapse-all.svg";
import iconCopy from "@vscode/codicons/src/icons/copy.svg";
import iconDebugContinue from "@vscode/codicons/src/icons/debug-continue.svg";
import iconDebugPause from "@vscode/codicons/src/icons/debug-pause.svg";
import iconDebugRerun from "@vscode/codicons/src/icons/debug-rerun.svg";
import iconDebugRestart from "@vscode/codicons/src/icons/debug-restart.svg";
import iconDebugReverseContinue from "@vscode/codicons/src/icons/debug-reverse-continue.svg";
import iconDebugStart from "@vscode/codicons/src/icons/debug-start.svg";
import iconDebugStepBack from "@vscode/codicons/src/icons/debug-step-back.svg";
import iconDebugStepOver from "@vscode/codicons/src/icons/debug-step-over.svg";
import iconDebugStop from "@vscode/codicons/src/icons/debug-stop.svg";
import iconError from "@vscode/codicons/src/icons/error.svg";
import iconExpandAll from "@vscode/codicons/src/icons/expand-all.svg";
import iconExport from "@vscode/codicons/src/icons/export.svg";
import iconFilter from "@vscode/codicons/src/icons/filter.svg";
import iconFolderOpened from "@vscode/codicons/src/icons/folder-opened.svg";
import iconGitCompare from "@vscode/codicons/src/icons/git-compare.svg";
import iconGoToFile from "@vscode/codicons/src/icons/go-to-file.svg";
import iconGraph from "@vscode/codicons/src/icons/graph.svg";
import iconInbox from "@vscode/codicons/src/icons/inbox.svg";
import iconInfo from "@vscode/codicons/src/icons/info.svg";
import iconKey from "@vscode/codicons/src/icons/key.svg";
import iconLaw from "@vscode/codicons/src/icons/law.svg";
import iconLayers from "@vscode/codicons/src/icons/layers.svg";
import iconLayoutPanel from "@vscode/codicons/src/icons/layout-panel.svg";
import iconLayoutSidebarRight from "@vscode/codicons/src/icons/layout-sidebar-right.svg";
import iconLightbulb from "@vscode/codicons/src/icons/lightbulb.svg";
import iconListFlat from "@vscode/codicons/src/icons/list-flat.svg";
import iconListTree from "@vscode/codicons/src/icons/list-tree.svg";
import iconLock from "@vscode/codicons/src/icons/lock.svg";
import iconPass from "@vscode/codicons/src/icons/pass.svg";
import iconPin from "@vscode/codicons/src/icons/pin.svg";
import iconPlay from "@vscode/codicons/src/icons/play.svg";
import iconPlug from "@vscode/codicons/src/icons/plug.svg";
import iconPulse from "@vscode/codicons/src/icons/pulse.svg";
import iconQuestion from "@vscode/codicons/src/icons/question.svg";
import iconRadioTower from "@vscode/codicons/src/icons/radio-tower.svg";
import iconReferences from "@vscode/codicons/src/icons/references.svg";
import iconRemove from "@vscode/codicons/src/icons/remove.svg";
import iconSave from "@vscode/codicons/src/icons/save.svg";
import iconScreenFull from "@vscode/codicons/src/icons/screen-full.svg";
import iconSearch from "@vscode/codicons/src/icons/search.svg";
import iconServerProcess from "@vscode/codicons/src/icons/server-process.svg";
import iconSymbolEvent from "@vscode/codicons/src/icons/symbol-event.svg";
import iconSymbolMisc from "@vscode/codicons/src/icons/symbol-misc.svg";
import iconSync from "@vscode/codicons/src/icons/sync.svg";
import iconTable from "@vscode/codicons/src/icons/table.svg";
import iconTarget from "@vscode/codicons/src/icons/target.svg";
import iconTerminal from "@vscode/codicons/src/icons/terminal.svg";
import iconTypeHierarchySub from "@vscode/codicons/src/icons/type-hierarchy-sub.svg";
import iconVersions from "@vscode/codicons/src/icons/versions.svg";
import iconWarning from "@vscode/codicons/src/icons/warning.svg";
import iconZoomIn from "@vscode/codicons/src/icons/zoom-in.svg";
import iconZoomOut from "@vscode/codicons/src/icons/zoom-out.svg";

const SOURCES = {
  add: iconAdd,
  "arrow-down": iconArrowDown,
  "arrow-left": iconArrowLeft,
  "debug-reverse-continue": iconDebugReverseContinue,
  "arrow-right": iconArrowRight,
  "arrow-up": iconArrowUp,
  bell: iconBell,
  check: iconCheck,
  "chevron-down": iconChevronDown,
  "chevron-left": iconChevronLeft,
  "chevron-right": iconChevronRight,
  "circle-large": iconCircleLarge,
  "circle-slash": iconCircleSlash,
  clockface: iconClockface,
  close: iconClose,
  "collapse-all": iconCollapseAll,
  copy: iconCopy,
  "debug-continue": iconDebugContinue,
  "debug-pause": iconDebugPause,
  "debug-rerun": iconDebugRerun,
  "debug-restart": iconDebugRestart,
  "debug-start": iconDebugStart,
  "debug-step-back": iconDebugStepBack,
  "debug-step-over": iconDebugStepOver,
  "debug-stop": iconDebugStop,
  error: iconError,
  "expand-all": iconExpandAll,
  export: iconExport,
  filter: iconFilter,
  "folder-opened": iconFolderOpened,
  "git-compare": iconGitCompare,
  "go-to-file": iconGoToFile,
  graph: iconGraph,
  inbox: iconInbox,
  info: iconInfo,
  key: iconKey,
  layers: iconLayers,
  law: iconLaw,
  "layout-panel": iconLayoutPanel,
  "layout-sidebar-right": iconLayoutSidebarRight,
  lightbulb: iconLightbulb,
  "list-flat": iconListFlat,
  "list-tree": iconListTree,
  lock: iconLock,
  pass: iconPass,
  pin: iconPin,
  plug: iconPlug,
  play: iconPlay,
  pulse: iconPulse,
  question: iconQuestion,
  "radio-tower": iconRadioTower,
  references: iconReferences,
  remove: iconRemove,
  save: iconSave,
  "screen-full": iconScreenFull,
  search: iconSearch,
  "server-process": iconServerProcess,
  "symbol-event": iconSymbolEvent,
  "symbol-misc": iconSymbolMisc,
  sync: iconSync,
  table: iconTable,
  target: iconTarget,
  terminal: iconTerminal,
  "type-hierarchy-sub": iconTypeHierarchySub,
  versions: iconVersions,
  warning: iconWarning,
  "zoom-in": iconZoomIn,
  "zoom-out": iconZoomOut,
} as const;

export type IconName = keyof typeof SOURCES;

interface Shape {
  /** All `d` attributes of the file. */
  d: string[];
  /** Side of its square view box, in its own units. */
  size: number;
}

const shapes = new Map<IconName, Shape>();
const paths = new Map<IconName, Path2D>();

function shape(name: IconName): Shape {
  let known = shapes.get(name);
  if (!known) {
    const text = SOURCES[name];
    known = {
      d: [...text.matchAll(/ d="([^"]+)"/g)].map((match) => match[1]),
      size: Number(/viewBox="0 0 (\d+)/.exec(text)?.[1] ?? 16),
    };
    shapes.set(name, known);
  }
  return known;
}

/** An icon of the DOM in the colour of the text around it. It is decoration: name the thing in text too. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  const { d, size: box } = shape(name);
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox={`0 0 ${box} ${box}`}
      aria-hidden="true"
      fill="currentColor"
    >
      {d.map((path) => (
        <path key={path} d={path} />
      ))}
    </svg>
  );
}

/** Fills an icon with the canvas's current fill style; x, y is its top left corner, in the canvas's units. */
export function drawIcon(
  context: CanvasRenderingContext2D,
  name: IconName,
  x: number,
  y: number,
  size: number,
): void {
  let path = paths.get(name);
  if (!path) {
    path = new Path2D();
    for (const d of shape(name).d) path.addPath(new Path2D(d));
    paths.set(name, path);
  }
  const scale = size / shape(name).size;
  context.save();
  context.translate(x, y);
  context.scale(scale, scale);
  context.fill(path);
  context.restore();
}
