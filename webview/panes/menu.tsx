import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "../icons";

export type MenuItem = "separator" | { label: string; run: () => void; checked?: boolean; keys?: string };

const menu = signal<{ x: number; y: number; items: MenuItem[]; back: Element | null } | null>(null);

/** Opens a menu at a point of the window; the focus goes into it, and back when it closes. */
export function openMenu(x: number, y: number, items: MenuItem[]): void {
  menu.value = { x, y, items, back: document.activeElement };
}

function close(): void {
  const back = menu.value?.back;
  menu.value = null;
  if (back instanceof HTMLElement) back.focus();
}

export function Menu() {
  const element = useRef<HTMLDivElement>(null);
  const current = menu.value;
  useLayoutEffect(() => {
    const box = element.current;
    if (!current || !box) return;
    box.style.left = `${Math.max(4, Math.min(current.x, innerWidth - box.offsetWidth - 4))}px`;
    box.style.top = `${Math.max(4, Math.min(current.y, innerHeight - box.offsetHeight - 4))}px`;
    box.querySelector<HTMLElement>("button")?.focus();
  }, [current]);
  useEffect(() => {
    if (!current) return;
    const outside = (event: PointerEvent) => {
      if (!element.current?.contains(event.target as Node)) menu.value = null;
    };
    addEventListener("pointerdown", outside, true);
    addEventListener("blur", close);
    return () => {
      removeEventListener("pointerdown", outside, true);
      removeEventListener("blur", close);
    };
  }, [current]);
  if (!current) return null;
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    const buttons = [...element.current!.querySelectorAll<HTMLElement>("button")];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key === "ArrowDown") buttons[(at + 1) % buttons.length].focus();
    else if (event.key === "ArrowUp") buttons[(at + buttons.length - 1) % buttons.length].focus();
    else return;
    event.preventDefault();
  };
  return (
    <div class="menu" role="menu" ref={element} onKeyDown={onKeyDown} tabIndex={-1}>
      {current.items.map((item, i) =>
        item === "separator" ? (
          <hr key={i} />
        ) : (
          <button
            key={item.label}
            type="button"
            {...role(item.checked)}
            onClick={() => {
              close();
              item.run();
            }}
          >
            <span class="mark">{item.checked ? <Icon name="check" /> : null}</span>
            <span>{item.label}</span>
            {item.keys ? <kbd>{item.keys}</kbd> : null}
          </button>
        ),
      )}
    </div>
  );
}

const role = (checked: boolean | undefined) =>
  checked === undefined
    ? ({ role: "menuitem" } as const)
    : ({ role: "menuitemcheckbox", "aria-checked": checked } as const);
