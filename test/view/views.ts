import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { openBrowser, type Scene, ViewDriver } from "./driver";

/**
 * Opens views for the tests of the `describe` that it is called in: in one browser, a view a test. After each
 * test its view is closed, and must have met no error.
 */
export function useViews(): (scene?: Scene) => Promise<ViewDriver> {
  let browser: Browser | undefined;
  let view: ViewDriver | undefined;
  beforeEach(function () {
    view = undefined;
    // A part of the test itself: mocha ends a suite whose afterEach fails, and tries nothing again.
    const test = this.currentTest!;
    const act = test.fn as Mocha.AsyncFunc;
    test.fn = async function (this: Mocha.Context) {
      await act.call(this);
      assert.deepEqual(view?.errors ?? [], []);
    };
  });
  afterEach(async () => view?.close());
  after(async () => browser?.close());
  return async (scene = {}) => {
    // The first, or in place of one that crashed.
    if (!browser?.isConnected()) browser = await openBrowser();
    view = await ViewDriver.open(browser, scene);
    return view;
  };
}
