import { errors, type FrameLocator, type Locator, type Page } from "playwright-core";

/** How long something that may not come at all is waited for before trying again; then twice as long, and so on. */
const SHORT_MS = 2000;
/** The longest of these: what has not come by then will not. */
const LONG_MS = 64_000;

/** A VS Code window in a browser page, named as its user sees it: by role and visible text. */
export class Workbench {
  constructor(readonly page: Page) {}

  /** Opens the address and waits until the editor has taken in what the extension contributes. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.getByRole("tab", { name: "Loopscope" }).waitFor();
  }

  /** Opens a window on a workspace of several folders. One that replaces a window which still starts may come without them: then again. */
  async openWorkspace(url: string, folder: string): Promise<void> {
    await patiently(async (timeout) => {
      await this.open(url);
      await this.page.getByRole("treeitem", { name: folder }).first().waitFor({ timeout });
    });
  }

  /** Runs a command of the palette by the title it is listed under. */
  async command(title: string): Promise<void> {
    await this.choose("F1", `>${title}`, new RegExp(`^${literal(title)}(,|$)`));
  }

  /** Opens a file of the workspace by a part of its name, as Ctrl-P does. */
  async openFile(name: string): Promise<void> {
    await this.choose("Control+p", name, name);
    await this.tab(name).waitFor();
  }

  /** Answers the box of this title, which asks for a line of text. */
  async answer(title: string, text: string): Promise<void> {
    await this.page.locator(".quick-input-title").getByText(title, { exact: true }).waitFor();
    await this.submit(text);
  }

  /** Chooses from the list of this title an entry that is found by the text, since one of many is not drawn before: the one of that name. */
  async pick(title: string, text: string, name: RegExp): Promise<void> {
    await this.page.locator(".quick-input-title").getByText(title, { exact: true }).waitFor();
    await this.page.locator(".quick-input-widget input:visible").first().fill(text);
    await this.page
      .locator(".quick-input-list")
      .getByRole("option")
      .filter({ hasText: name })
      .first()
      .click();
  }

  /** Answers a file dialog, which VS Code in the browser shows as a list, and into which it writes proposals meanwhile. */
  async answerFile(path: string): Promise<void> {
    await this.page
      .locator(".quick-input-widget .quick-input-action .monaco-button:visible")
      .first()
      .waitFor();
    await this.submit(path);
  }

  /** Takes the name that a dialog for saving a file proposes. */
  async acceptFile(name: string): Promise<void> {
    await this.page.waitForFunction(
      (name) => document.querySelector<HTMLInputElement>(".quick-input-widget input")?.value.endsWith(name),
      name,
    );
    await this.submit(null);
  }

  /** Reloads the window as a user does: a page that is merely loaded again may not have stored its layout yet. */
  async reload(): Promise<void> {
    const reloaded = this.page.waitForEvent("domcontentloaded");
    await Promise.all([reloaded, this.command("Developer: Reload Window")]);
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
    const item = this.page.getByRole("menuitem", { name });
    let clicked = false;
    await patiently(async (timeout) => {
      if (!clicked && !(await item.isVisible())) await of.click({ button: "right", timeout });
      if (!clicked || (await item.isVisible())) await item.click({ timeout });
      clicked = true;
      await item.waitFor({ state: "detached", timeout });
    });
  }

  /** Presses the button that a row of a tree shows while the mouse rests on it; a row that is drawn anew hides it again. */
  async pressInRow(row: Locator, name: string): Promise<void> {
    await patiently(async (timeout) => {
      await row.hover({ timeout });
      await row.getByRole("button", { name }).click({ timeout });
    });
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
    const unread = this.page.locator("#status\\.notifications .codicon-bell-dot");
    for (;;) {
      // The bell has no dot as long as the list is open, for another's message.
      await message.or(unread).first().waitFor();
      if (await message.isVisible()) return message;
      await this.command("Notifications: Show Notifications");
    }
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

  /**
   * Opens the quick input with a key, types into it and takes the row of that name. It begins again when something else took the
   * focus just then, or the editor took the key late.
   */
  private async choose(key: string, text: string, name: string | RegExp): Promise<void> {
    const widget = this.page.locator(".quick-input-widget");
    const input = widget.locator("input:visible").first();
    await patiently(async (timeout) => {
      // The same key in an open list means: the next row.
      if (await input.isVisible()) await this.page.keyboard.press("Escape");
      await this.page.keyboard.press(key);
      await input.fill(text, { timeout });
      // Not Enter: what is best for VS Code is in the first row, and that may be another's, or the row of an earlier text.
      const row = widget.getByRole("option", { name }).first();
      await row.click({ timeout });
      // A row that is drawn anew between the two halves of a click is not taken.
      await row.waitFor({ state: "hidden", timeout });
    });
  }

  /** Enters a text (or what is there) until the quick input takes it: while it is busy it ignores Enter. */
  private async submit(text: string | null): Promise<void> {
    const input = this.page.locator(".quick-input-widget input:visible").first();
    let entered = false;
    await patiently(async (timeout) => {
      if (!entered || (await input.isVisible())) {
        if (text !== null) await input.fill(text, { timeout });
        await input.press("Enter", { timeout });
        entered = true;
      }
      await input.waitFor({ state: "hidden", timeout });
    });
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

/** Tries until it succeeds, with ever more time; rejects with the last failure. */
async function patiently(attempt: (timeout: number) => Promise<void>): Promise<void> {
  for (let timeout = SHORT_MS; ; timeout *= 2) {
    try {
      return await attempt(timeout);
    } catch (error) {
      if (!(error instanceof errors.TimeoutError) || timeout >= LONG_MS) throw error;
    }
  }
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
