import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../util/l10n";
import { LanesController } from "./controller";
import { LaneTable } from "./LaneTable";
import { Transport } from "./Transport";

/** The lanes: what the loop did and what every task did, over time. */
export function LanesPane() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLElement>(null);
  const tooltip = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const controller = new LanesController(canvas.current!, scroller.current!, tooltip.current!);
    const stop = effect(() => controller.follow());
    return () => {
      stop();
      controller.dispose();
    };
  }, []);
  return (
    <section class="lanes" aria-label={t("Lanes: tasks over time")}>
      <Transport />
      <div class="lanes-body">
        <div class="fill" aria-hidden="true">
          <canvas ref={canvas} />
        </div>
        <section class="lanes-scroll" ref={scroller} aria-label={t("Lanes")}>
          <div class="lanes-height" />
        </section>
        <LaneTable />
        <div class="tooltip" ref={tooltip} hidden />
      </div>
    </section>
  );
}
