import { useEffect, useRef, useState } from "preact/hooks";

/** Rows kept beyond what is visible, so that scrolling shows no gaps. */
const OVERSCAN = 12;
/** Browsers cannot lay out more than some 33 million pixels: longer lists are scrolled to scale. */
const MOST_PIXELS = 15_000_000;

/** The part of a long list that is on screen: attach `scroller` to the element that scrolls. */
export function useWindow(count: number, rowHeight: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = scroller.current!;
    const update = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(update);
    observer.observe(element);
    element.addEventListener("scroll", update, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", update);
    };
  }, []);
  const full = count * rowHeight;
  const scale = full > MOST_PIXELS ? full / MOST_PIXELS : 1;
  const at = Math.floor((view.top * scale) / rowHeight);
  const visible = Math.ceil(view.height / rowHeight);
  const from = Math.max(0, Math.min(count - visible, at) - OVERSCAN);
  const to = Math.min(count, at + visible + OVERSCAN);
  const total = full / scale;
  // The drawn rows stay where the scroll bar is, also when a pixel of it is many rows.
  const before = scale === 1 ? from * rowHeight : Math.max(0, view.top - (at - from) * rowHeight);
  const after = Math.max(0, total - before - (to - from) * rowHeight);
  const reveal = (index: number) => {
    const element = scroller.current;
    if (!element) return;
    const top = (index * rowHeight) / scale;
    if (top < element.scrollTop || top > element.scrollTop + element.clientHeight - 2 * rowHeight) {
      element.scrollTop = top - element.clientHeight / 2;
    }
  };
  return { scroller, from, to, before, after, reveal, height: view.height };
}
