import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { openBrowser, type Scene, ViewDriver } from "./driver";

/**
 * Opens views for the tests of the `describe` that it is called in: in one browser, a view a test. After each
 * test its view is closed, and must have met no error.
 */
export function useViews(): (scene?: Scene) => Promise<ViewDriver> {
  let browser: Browser;
  let view: ViewDriver;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser.close());
  afterEach(async () => {
    assert.deepEqual(view.errors, []);
    await view.close();
  });
  return async (scene = {}) => {
    view = await ViewDriver.open(browser, scene);
    return view;
  };
}
