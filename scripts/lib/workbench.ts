import { errors, type FrameLocator, type Locator, type Page } from "playwright-core";

/** How long something that may not come at all is waited for before trying again. */
const SHORT_MS = 2000;

/** A VS Code window in a browser page, named as its user sees it: by role and visible text. */
export class Workbench {
  constructor(readonly page: Page) {}

  /** Opens the address and waits until the editor has taken in what the extension contributes. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.getByRole("tab", { name: "Loopscope" }).waitFor();
  }

  /** Runs a command of the palette by the title it is listed under. */
  async command(title: string): Promise<void> {
    await this.quickInput("F1", `>${title}`);
    await this.page
      .locator(".quick-input-widget")
      .getByRole("option", { name: new RegExp(`^${literal(title)}(,|$)`) })
      .first()
      .waitFor();
    await this.page.keyboard.press("Enter");
  }

  /** Opens a file of the workspace by a part of its name, as Ctrl-P does. */
  async openFile(name: string): Promise<void> {
    await this.quickInput("Control+p", name);
    await this.page.locator(".quick-input-widget").getByRole("option", { name }).first().waitFor();
    await this.page.keyboard.press("Enter");
    await this.tab(name).waitFor();
  }

  /** Answers a box that asks for a line of text. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input:visible").first();
    await input.fill(text);
    await input.press("Enter");
  }

  /** Answers a file dialog, which VS Code in the browser shows as a list, and into which it writes proposals meanwhile. */
  async answerFile(path: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input").first();
    await this.page
      .locator(".quick-input-widget .quick-input-action .monaco-button:visible")
      .first()
      .waitFor();
    do await this.answer(path);
    while (!(await becomes(input, "hidden")));
  }

  /** Takes the name that a dialog for saving a file proposes. */
  async acceptFile(name: string): Promise<void> {
    await this.page.waitForFunction(
      (name) => document.querySelector<HTMLInputElement>(".quick-input-widget input")?.value.endsWith(name),
      name,
    );
    const input = this.page.locator(".quick-input-widget input").first();
    do await input.press("Enter");
    while (!(await becomes(input, "hidden")));
  }

  /** Reloads the window as a user does: a page that is merely loaded again may not have stored its layout yet. */
  async reload(): Promise<void> {
    const reloaded = this.page.waitForEvent("domcontentloaded");
    await this.command("Developer: Reload Window");
    await reloaded;
  }

  tab(name: string): Locator {
    return this.page.getByRole("tab", { name });
  }

  /** The page of a webview; `index` counts those that are open. */
  view(index = 0): FrameLocator {
    return this.page.frameLocator("iframe.webview").nth(index).frameLocator("iframe#active-frame");
  }

  /** Opens the sidebar of Loopscope and waits for its tree, or for the text that stands in its place. */
  async openSidebar(welcome = "See every task of an asyncio program"): Promise<void> {
    const tab = this.page.getByRole("tab", { name: "Loopscope" });
    if ((await tab.getAttribute("aria-selected")) !== "true") await tab.click();
    await this.tree("Tasks").or(this.page.getByText(welcome)).first().waitFor();
  }

  /** Opens the context menu of something and chooses an item. A menu ignores clicks just after it has opened. */
  async chooseFromMenu(of: Locator, name: string): Promise<void> {
    await of.click({ button: "right" });
    const item = this.page.getByRole("menuitem", { name });
    do await item.click();
    while (!(await becomes(item, "detached")));
  }

  tree(name: string): Locator {
    return this.page.getByRole("tree", { name });
  }

  /**
   * A message to the user. The smoke-test driver keeps messages from popping up over the window, so the list
   * behind the bell is opened when there is one; it closes again when that was another's and has gone.
   */
  async notification(text: string | RegExp): Promise<Locator> {
    const message = this.page
      .locator(".notifications-center .notification-list-item")
      .filter({ hasText: text });
    while (!(await appears(message))) {
      await this.page.locator("#status\\.notifications .codicon-bell-dot").waitFor();
      await this.command("Notifications: Show Notifications");
    }
    return message;
  }

  /** The line the cursor is in, as the status bar says it: "Ln 10, Col 5 (..)". */
  cursor(): Locator {
    return this.page.locator("#status\\.editor\\.selection");
  }

  /** The middle of the border that a part of the window begins with at its left. */
  async leftOf(part: Locator): Promise<Point> {
    const { x, y } = await box(part);
    return { x, y: y + 200 };
  }

  /** The same at its top: parts of the window have a gap of a few pixels between them. */
  async topOf(part: Locator): Promise<Point> {
    const { x, y, width } = await box(part);
    return { x: x + width / 2, y: y - 4 };
  }

  /** Drags what lies at a point, such as the border between two parts. */
  async drag(from: Point, by: Point): Promise<void> {
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    await this.page.mouse.move(from.x + by.x, from.y + by.y, { steps: 8 });
    await this.page.mouse.up();
  }

  /** Opens the quick input with a key and types into it. It closes when something else takes the focus just then. */
  private async quickInput(key: string, text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input");
    for (;;) {
      await this.page.keyboard.press(key);
      if (!(await appears(input))) continue;
      try {
        await input.fill(text, { timeout: SHORT_MS });
        return;
      } catch (error) {
        if (!(error instanceof errors.TimeoutError)) throw error;
      }
    }
  }
}

/** A place in the window, in CSS pixels. */
interface Point {
  x: number;
  y: number;
}

async function box(part: Locator) {
  const found = await part.boundingBox();
  if (found === null) throw new Error(`${part} is not on the screen`);
  return found;
}

function appears(locator: Locator): Promise<boolean> {
  return becomes(locator, "visible");
}

async function becomes(locator: Locator, state: "visible" | "hidden" | "detached"): Promise<boolean> {
  try {
    await locator.waitFor({ state, timeout: SHORT_MS });
    return true;
  } catch (error) {
    if (error instanceof errors.TimeoutError) return false;
    throw error;
  }
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
