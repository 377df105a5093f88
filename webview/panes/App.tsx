import { useEffect, useRef } from "preact/hooks";
import { GraphPane } from "../graph/GraphPane";
import { Icon } from "../icons";
import { LanesPane } from "../lanes/LanesPane";
import { toast } from "../state/actions";
import { problem, source, tick, trace } from "../state/model";
import { change, setting } from "../state/settings";
import { t } from "../util/l10n";
import { ComparePane } from "./ComparePane";
import { Details } from "./Details";
import { Findings } from "./Findings";
import { Help } from "./Help";
import { Legend } from "./Legend";
import { LoopPane } from "./LoopPane";
import { Menu } from "./menu";
import { flat, low, narrow, slim } from "./narrow";
import { Overview } from "./Overview";
import { RangePanel } from "./RangePanel";
import { Splitter } from "./Splitter";
import { TablePane } from "./TablePane";
import { TimelinePane } from "./TimelinePane";
import { Toolbar } from "./Toolbar";
import { TrustLine } from "./TrustLine";
import { Welcome } from "./Welcome";

/** The whole screen. What is in it follows `settings`; how wide it is decides how it flows. */
export function App() {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      narrow.value = width < 720;
      low.value = narrow.value && height < 620;
      flat.value = !narrow.value && height < 380;
    });
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  tick.value;
  const stack = useRef<HTMLElement>(null);
  const panel = setting.panel.value;
  const side = setting.side.value;
  const lanes = setting.lanes.value;
  const split = setting.split.value;
  const empty = trace.value.tasks.count === 0;
  return (
    <div
      class={`app ${low.value ? "narrow low" : narrow.value ? "narrow" : flat.value ? "flat" : ""}`}
      ref={element}
    >
      <Toolbar />
      <Problem />
      {narrow.value && panel && !empty ? <Overview /> : null}
      {empty ? (
        <Welcome />
      ) : (
        <div class="main" style={{ "--side": `${side}px` }}>
          <main class={`stack ${flat.value ? "beside" : ""}`} ref={stack}>
            {lanes ? (
              <>
                <div class={`upper ${slim.value ? "slim" : ""}`} style={{ flexGrow: split }}>
                  <Upper />
                </div>
                <Splitter
                  orientation={flat.value ? "vertical" : "horizontal"}
                  label={flat.value ? t("Width of the left part") : t("Height of the upper part")}
                  value={split * 100}
                  min={15}
                  max={85}
                  onDrag={(delta) => {
                    const { clientWidth = 1, clientHeight = 1 } = stack.current ?? {};
                    const length = Math.max(1, flat.value ? clientWidth : clientHeight);
                    const next = setting.split.value + delta / length;
                    change({ split: Math.min(0.85, Math.max(0.15, next)) });
                  }}
                />
                <div class="lower" style={{ flexGrow: 1 - split }}>
                  <LanesPane />
                </div>
              </>
            ) : (
              <div class={`upper ${narrow.value ? "slim" : ""}`} style={{ flexGrow: 1 }}>
                <Upper />
              </div>
            )}
          </main>
          {panel ? (
            <>
              {narrow.value ? null : (
                <Splitter
                  orientation="vertical"
                  label={t("Width of the side panel")}
                  value={side}
                  min={180}
                  max={900}
                  onDrag={(delta) =>
                    change({ side: Math.min(900, Math.max(180, setting.side.value - delta)) })
                  }
                />
              )}
              <aside class="side" aria-label={t("Findings and details")}>
                <RangePanel />
                {narrow.value ? null : <Overview />}
                <Findings />
                <Details />
              </aside>
            </>
          ) : null}
        </div>
      )}
      {source.value || !empty ? <TrustLine /> : null}
      <Menu />
      <Help />
      <Toast />
    </div>
  );
}

/** What the tabs choose. */
function Upper() {
  switch (setting.view.value) {
    case "loop":
      return <LoopPane />;
    case "table":
      return <TablePane />;
    case "timeline":
      return <TimelinePane />;
    case "compare":
      return <ComparePane />;
    default:
      return (
        <>
          <Legend />
          <GraphPane />
        </>
      );
  }
}

function Problem() {
  if (!problem.value) return null;
  return (
    <div class="problem" role="alert">
      <Icon name="error" />
      <span>{problem.value}</span>
      <button
        type="button"
        class="plain"
        aria-label={t("Dismiss")}
        onClick={() => {
          problem.value = null;
        }}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

function Toast() {
  return (
    <div class="toasts" role="status">
      {toast.value ? <div class="toast">{toast.value.text}</div> : null}
    </div>
  );
}
