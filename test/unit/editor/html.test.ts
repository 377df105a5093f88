import assert from "node:assert/strict";
import { messageHtml, resourceRoots, viewHtml } from "../../../src/editor/panel/html";

/** The two functions of `vscode.Uri` and the webview that the page needs. */
const vs = { Uri: { joinPath: (base: string, ...parts: string[]) => [base, ...parts].join("/") } } as never;
const webview = { cspSource: "https://csp.test", asWebviewUri: (uri: string) => uri } as never;

function policy(html: string): Map<string, string[]> {
  const [, content] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  return new Map(
    (content ?? "").split("; ").map((directive) => {
      const [name, ...sources] = directive.split(" ");
      return [name, sources];
    }),
  );
}

describe("the page of a view", () => {
  const html = viewHtml(vs, "/extension" as never, webview);

  it("lets nothing run but its own script, by a nonce that is never the same", () => {
    const allowed = policy(html);
    assert.deepEqual(allowed.get("default-src"), ["'none'"]);
    const [nonce, ...others] = allowed.get("script-src") ?? [];
    assert.match(nonce, /^'nonce-[\w-]{20,}'$/);
    assert.deepEqual(others, []);
    assert.ok(html.includes(`<script nonce="${nonce.slice(7, -1)}" src=`));
    assert.notEqual(policy(viewHtml(vs, "/extension" as never, webview)).get("script-src")?.[0], nonce);
    assert.doesNotMatch(html, /unsafe-(inline|eval)/);
  });

  it("reaches no network", () => {
    const allowed = policy(html);
    assert.equal(allowed.has("connect-src"), false);
    for (const sources of allowed.values())
      assert.doesNotMatch(sources.join(" "), /\*|https?:(?!\/\/csp\.test)/);
  });

  it("loads from dist and media alone", () => {
    assert.deepEqual(resourceRoots(vs, "/extension" as never), ["/extension/dist", "/extension/media"]);
  });
});

describe("the page of a message", () => {
  it("shows markup as text and runs nothing", () => {
    const html = messageHtml('<img src=x onerror="alert(1)"> & more');
    assert.doesNotMatch(html, /<img/);
    assert.deepEqual([...policy(html)], [["default-src", ["'none'"]]]);
  });
});
