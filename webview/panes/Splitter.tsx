import { useRef } from "preact/hooks";

interface Properties {
  /** Of the bar itself: a vertical one divides left from right. */
  orientation: "vertical" | "horizontal";
  label: string;
  value: number;
  min: number;
  max: number;
  /** Pixels it was moved, right or down. */
  onDrag: (delta: number) => void;
}

/** A bar between two parts, for the pointer and for the arrow keys. */
export function Splitter({ orientation, label, value, min, max, onDrag }: Properties) {
  const last = useRef<number | null>(null);
  const position = (event: PointerEvent) => (orientation === "vertical" ? event.clientX : event.clientY);
  const keys: Record<string, number> =
    orientation === "vertical" ? { ArrowLeft: -24, ArrowRight: 24 } : { ArrowUp: -24, ArrowDown: 24 };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a movable separator is a widget, and <hr> is none
    <div
      class={`splitter ${orientation}`}
      role="separator"
      tabIndex={0}
      aria-orientation={orientation}
      aria-label={label}
      aria-valuenow={Math.round(value)}
      aria-valuemin={min}
      aria-valuemax={max}
      onPointerDown={(event) => {
        last.current = position(event);
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (last.current === null) return;
        const at = position(event);
        if (at !== last.current) onDrag(at - last.current);
        last.current = at;
      }}
      onPointerUp={() => {
        last.current = null;
      }}
      onPointerCancel={() => {
        last.current = null;
      }}
      onKeyDown={(event) => {
        const delta = keys[event.key];
        if (delta === undefined) return;
        onDrag(delta);
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
