import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { collect } from "../../scripts/l10n";
import type { ViewDriver } from "./driver";
import { server, shop } from "./synthetic/scenes";
import { useViews } from "./views";

/** Every text in brackets, with accents and a third longer, as translations are: what has none was not looked up. */
const pseudo = Object.fromEntries(
  collect().map((text) => {
    const accents: Record<string, string> = { a: "á", e: "é", i: "í", o: "ó", u: "ú" };
    const parts = text.split(/(\{\w+\})/);
    const strange = parts.map((part, i) => (i % 2 ? part : part.replace(/[aeiou]/g, (c) => accents[c])));
    return [text, `⟦${strange.join("")}${"~".repeat(Math.ceil(text.length / 3))}⟧`];
  }),
);

/** Words of the trace itself: names of tasks, functions, files and what is awaited, rules, units and key caps. */
const DATA = [
  /^[\d\s.,:·×≤≥<>→–−↓%✓()/+[\]…?▏-]*$/,
  /^[\d.\s,<≤→–−+]*\s?(ns|µs|ms|s|min|h|%)([\s→\d.–]*(ns|µs|ms|s|min|h|%|–))*$/,
  /^[\w-]+\.py(:\d+)?$|^\/[\w/-]+\.py$|:\d+$/,
  /^(Task-|order-|user-|quote-|mailer|heartbeat|refresh|credit|debit|slow|serve|main|request-|cart-|log-|metrics)/,
  /^(handle|fetch|price|load|write|report)[_…]/,
  /^(Lock|Queue|Event|Semaphore|asyncio|StreamReader|gather of|await task|to_thread|acquire|UnixSelector|thread|Loopscope|shop\.py|before|ValueError|price_with_tax|io|sleep)/,
  /^(\d+ [<≥] \d+ (µs|ms|s)(, )?)+$/,
  /^[a-z]+(-[a-z]+)+$|^(deadlock|starved)$/,
  /^(LIVE|CSV|[A-Z]|Esc)$/,
];

/** Texts on screen (elements, their labels and titles, canvases) that no message was looked up for. */
async function untranslated(view: ViewDriver): Promise<string[]> {
  const texts: string[] = await view.page.evaluate(() => {
    const found = new Set<string>((window as unknown as { drawn: Set<string> }).drawn);
    const walker = document.createTreeWalker(document.getElementById("loopscope")!, NodeFilter.SHOW_ALL);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType === 3) {
        const parent = node.parentElement!;
        // A finding's message is the report's.
        if (!parent.closest(".message, .two-lines, style, script")) found.add(node.textContent!.trim());
      } else if (node instanceof Element && !node.closest(".two-lines")) {
        for (const name of ["title", "aria-label", "placeholder"]) {
          const value = node.getAttribute(name);
          if (value) found.add(value.trim());
        }
      }
    }
    return [...found];
  });
  return texts.filter((text) => {
    // What a message surrounds is data that was put into it.
    const outside = text.replace(/⟦[^⟦⟧]*(⟦[^⟦⟧]*⟧[^⟦⟧]*)*⟧/g, "").trim();
    // Parts of a message around an element have no brackets of their own, but accents.
    return text !== "" && !/[⟦⟧áéíóú~]/.test(text) && !DATA.some((pattern) => pattern.test(outside));
  });
}

describe("the view in another language", () => {
  const open = useViews();

  for (const width of [1280, 340]) {
    it(`shows no text that was not looked up, ${width} pixels wide`, async () => {
      const view = await open({ width });
      // Canvases: what was drawn since the last look.
      await view.page.evaluate(() => {
        const drawn = new Set<string>();
        Object.assign(window, { drawn });
        const original = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text: string, ...rest: [number, number]) {
          // Cut texts end in an ellipsis, before their bracket.
          drawn.add(text.endsWith("…") && text.startsWith("⟦") ? `${text}⟧` : text);
          original.call(this, text, ...rest);
        };
      });
      await view.init("shop.py", "live", { messages: pseudo });
      const missing = new Set<string>();
      const shots = process.env.LOOPSCOPE_SHOTS;
      if (shots) mkdirSync(shots, { recursive: true });
      const look = async (name: string) => {
        await view.settled();
        for (const text of await untranslated(view)) missing.add(`${name}: ${text}`);
        if (shots) await view.page.screenshot({ path: join(shots, `${name}-${width}.png`) });
      };
      await look("waiting");
      await view.feed(shop().writer.take());
      await view.page.locator(".finding").first().waitFor();
      await look("graph");
      for (const [key, name] of [
        ["2", "loop"],
        ["3", "table"],
        ["4", "timeline"],
        ["5", "compare"],
      ]) {
        await view.page.keyboard.press(key);
        await look(name);
      }
      await view.post({ type: "compare", source: { kind: "file", title: "before", bytes: null } });
      await view.feed(server(0.4).writer.take(), "b");
      await view.end("b");
      await view.page.locator(".tile").first().waitFor();
      await look("comparison");
      await view.page.keyboard.press("1");
      for (const task of [8, 12, 20, 30]) {
        await view.post({ type: "reveal", task, object: null, time: 0.16 });
        await look(`task ${task}`);
      }
      await view.post({ type: "reveal", task: null, object: 1, time: 0.16 });
      await look("object");
      for (const selector of [".graph canvas", ".lanes-scroll"]) {
        const box = (await view.page.locator(selector).boundingBox())!;
        await view.page.mouse.click(box.x + 60, box.y + 40, { button: "right" });
        await look(`menu of ${selector}`);
        await view.page.keyboard.press("Escape");
      }
      await view.page.keyboard.press("?");
      await look("help");
      assert.deepEqual([...missing], []);
    });
  }
});
