import assert from "node:assert/strict";
import * as vscode from "vscode";

describe("the extension", () => {
  it("activates", async () => {
    const extension = vscode.extensions.getExtension("loopscope.loopscope");
    assert.ok(extension !== undefined, "VS Code does not know the extension");
    await extension.activate();
    assert.equal(extension.isActive, true);
  });
});
