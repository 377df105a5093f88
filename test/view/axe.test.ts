import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Scene, ViewDriver } from "./driver";
import { crowd, shop, sleepers } from "./synthetic/scenes";
import { THEMES, type ThemeName } from "./themes";
import { useViews } from "./views";

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core found against the view, each with the first element it is true of. */
async function violations(view: ViewDriver): Promise<string[]> {
  return view.page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: unknown): Promise<AxeResults> } };
    // The title is the host's, and there is no text beside the bars, the splitters and the canvas that a landmark could hold.
    const rules = { "document-title": { enabled: false }, region: { enabled: false } };
    const found = await axe.run({ rules, resultTypes: ["violations"] });
    return found.violations.map(
      ({ id, help, nodes }) =>
        `${id}: ${help}, ${nodes.length} times: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`,
    );
  });
}

interface AxeResults {
  violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[];
}

/** Gives the page another theme, as an editor does. */
async function wear(view: ViewDriver, name: ThemeName): Promise<void> {
  await view.page.evaluate(({ variables, className, kind }) => {
    for (const [name, value] of Object.entries(variables)) {
      document.documentElement.style.setProperty(`--vscode-${name}`, value);
    }
    document.body.className = className;
    document.body.dataset.vscodeThemeKind = kind;
  }, THEMES[name]);
  await view.settled();
}

async function live(view: ViewDriver, bytes: Uint8Array): Promise<void> {
  await view.init("shop.py", "live");
  await view.feed(bytes);
  await view.page.locator(".finding").first().waitFor();
  await view.settled();
}

const SCENES: Record<string, { scene?: Scene; draw: (view: ViewDriver) => Promise<void> }> = {
  "nothing to see": {
    draw: (view) => view.welcome(),
  },
  "a running program, a task of it selected": {
    draw: async (view) => {
      await live(view, shop().writer.take());
      await view.post({ type: "reveal", task: 8, object: null, time: null });
      await view.page.getByRole("heading", { name: "Selected" }).waitFor();
    },
  },
  "a narrow panel": {
    scene: { width: 340, height: 860 },
    draw: (view) => live(view, shop().writer.take()),
  },
  "a panel that is low too": {
    scene: { width: 540, height: 480 },
    draw: (view) => live(view, shop().writer.take()),
  },
  "the event loop": {
    scene: { state: { version: 1, view: "loop" } },
    draw: async (view) => {
      await view.show(sleepers().finish());
      await view.post({ type: "reveal", task: null, object: null, time: 0.62 });
    },
  },
  "the table": {
    scene: { state: { version: 1, view: "table" } },
    draw: (view) => view.show(shop({ deadlock: false }).writer.take()),
  },
  "the timeline": {
    scene: { state: { version: 1, view: "timeline" } },
    draw: (view) => view.show(shop({ deadlock: false }).writer.take()),
  },
  "two runs compared": {
    scene: { state: { version: 1, view: "compare" } },
    draw: async (view) => {
      await view.show(shop({ block: false, deadlock: false, until: 0.45 }).writer.take());
      await view.post({ type: "compare", source: { kind: "file", title: "before", bytes: null } });
      await view.feed(shop().writer.take(), "b");
      await view.end("b");
      await view.page.getByRole("heading", { name: "By coroutine" }).waitFor();
    },
  },
  "a crowd": {
    draw: async (view) => {
      await view.init("crowd.py", "live");
      await view.feed(crowd().writer.take());
      await view.page.locator(".trust").waitFor();
    },
  },
  "the help": {
    draw: async (view) => {
      await view.show(sleepers().finish());
      await view.page.keyboard.press("?");
      await view.page.getByRole("dialog").waitFor();
    },
  },
  "what cannot be read": {
    draw: async (view) => {
      await view.init("notes.loopscope");
      await view.feed(new TextEncoder().encode("not a trace"));
      await view.end();
      await view.page.getByRole("alert").waitFor();
    },
  },
};

describe("what axe-core checks", () => {
  const openView = useViews();

  for (const [name, { scene, draw }] of Object.entries(SCENES)) {
    it(`holds of ${name}, in every theme`, async () => {
      const view = await openView(scene);
      await draw(view);
      await view.settled();
      await view.page.evaluate(AXE);
      for (const theme of Object.keys(THEMES) as ThemeName[]) {
        await wear(view, theme);
        assert.deepEqual(await violations(view), [], theme);
      }
    });
  }
});
