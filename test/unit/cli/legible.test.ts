import assert from "node:assert/strict";
import { legible, showsUnicode } from "../../../src/cli/legible";

describe("a text for a terminal without Unicode", () => {
  it("is drawn with ASCII, and what it says of a program is left as it is", () => {
    const text = "├─ größe (f) ×3: …\n│ └─ a → b · c";
    assert.equal(legible(text, false), "|- größe (f) x3: ...\n| `- a -> b - c");
    assert.equal(legible(text, true), text);
  });

  it("is asked for by the locale, the most binding variable first", () => {
    const shows = (env: NodeJS.ProcessEnv, platform: NodeJS.Platform = "linux") =>
      showsUnicode(env, platform);
    assert.equal(shows({ LC_ALL: "C", LANG: "de_DE.UTF-8" }), false);
    assert.equal(shows({ LC_ALL: "", LC_CTYPE: "en_US.utf8", LANG: "C" }), true);
    assert.equal(shows({ LANG: "de_DE.ISO-8859-1" }), false);
    assert.equal(shows({}), false);
    assert.equal(shows({}, "win32"), true);
  });
});
