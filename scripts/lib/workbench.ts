import type { FrameLocator, Locator, Page } from "playwright-core";

/** A VS Code window in a browser page, named as its user sees it: by role and visible text. */
export class Workbench {
  constructor(readonly page: Page) {}

  /** Opens the address and waits until the editor takes commands. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator(".monaco-workbench .part.statusbar").waitFor();
  }

  /** Runs a command of the palette by the title it is listed under. */
  async command(title: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input");
    await this.page.keyboard.press("F1");
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.page
      .locator(".quick-input-widget")
      .getByRole("option", { name: new RegExp(`^${literal(title)}(,|$)`) })
      .first()
      .waitFor();
    await this.page.keyboard.press("Enter");
  }

  /** Opens a file of the workspace by a part of its name, as Ctrl-P does. */
  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press("Control+p");
    const input = this.page.locator(".quick-input-widget input");
    await input.waitFor();
    await input.fill(name);
    await this.page.locator(".quick-input-widget").getByRole("option", { name }).first().waitFor();
    await this.page.keyboard.press("Enter");
    await this.tab(name).waitFor();
  }

  tab(name: string): Locator {
    return this.page.getByRole("tab", { name });
  }

  /** The page of a webview; `index` counts those that are open. */
  view(index = 0): FrameLocator {
    return this.page.frameLocator("iframe.webview").nth(index).frameLocator("iframe#active-frame");
  }

  /** Opens the sidebar of Loopscope. */
  async openSidebar(): Promise<void> {
    const tab = this.page.getByRole("tab", { name: "Loopscope" });
    if ((await tab.getAttribute("aria-selected")) !== "true") await tab.click();
    await this.tree("Tasks")
      .or(this.page.getByText("See every task of an asyncio program"))
      .first()
      .waitFor();
  }

  tree(name: string): Locator {
    return this.page.getByRole("tree", { name });
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator(".notification-toast").filter({ hasText: text });
  }

  /** The line the cursor is in, as the status bar says it: "Ln 10, Col 5 (..)". */
  cursor(): Locator {
    return this.page.locator("#status\\.editor\\.selection");
  }
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
