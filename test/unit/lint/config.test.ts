import assert from "node:assert/strict";
import { ConfigError, parseConfig } from "../../../src/lint/config";

const RULES = [
  { id: "blocking-sleep", equivalents: ["ASYNC251"] },
  { id: "blocking-http", equivalents: ["ASYNC210", "ASYNC211"] },
  { id: "blocking-path", equivalents: ["ASYNC240"] },
  { id: "dangling-task", equivalents: ["RUF006"] },
];

const pyproject = (text: string) => parseConfig(text, "pyproject.toml", RULES);

function refuses(text: string, ...patterns: RegExp[]) {
  assert.throws(
    () => pyproject(text),
    (error) => {
      assert.ok(error instanceof ConfigError);
      for (const pattern of patterns) assert.match(error.message, pattern);
      return true;
    },
  );
}

describe("the configuration", () => {
  it("is read from [tool.loopscope]", () => {
    const config = pyproject(`
[project]
name = "app"
[tool.loopscope]
select = ["ASYNC2", "dangling-task"]
extend-select = []
ignore = ["blocking-path"]
blocking = ["app.db.query"]
offloaders = ["app.in_thread"]
exclude = ["generated/**"]
src = ["src"]
[tool.loopscope.severity]
blocking-sleep = "warning"
"blocking-*" = "hint"
`);
    assert.deepEqual(config, {
      select: ["blocking-sleep", "blocking-http", "blocking-path", "dangling-task"],
      extendSelect: [],
      ignore: ["blocking-path"],
      severities: { "blocking-sleep": "hint", "blocking-http": "hint", "blocking-path": "hint" },
      blocking: ["app.db.query"],
      offloaders: ["app.in_thread"],
      exclude: ["generated/**"],
      src: ["src"],
    });
  });

  it("is null for a project that has none", () => {
    assert.equal(pyproject('[project]\nname = "app"\n'), null);
    assert.equal(pyproject("[tool.ruff]\nline-length = 100\n"), null);
    assert.equal(pyproject(""), null);
  });

  it("is the whole file when the file is its own", () => {
    assert.deepEqual(parseConfig('ignore = ["ALL"]\n', "loopscope.toml", RULES)?.ignore.length, RULES.length);
    assert.deepEqual(parseConfig("", "loopscope.toml", RULES)?.select, null);
  });

  it("names what is wrong and what to do", () => {
    refuses("[tool.loopscope\n", /pyproject\.toml, line 1/, /not valid TOML/);
    refuses(
      '[tool.loopscope]\nselct = ["x"]\n',
      /no setting "selct" \(did you mean "select"\?\); there are select, extend-select/,
    );
    for (const [written, meant] of [
      ["blocking-slep", "blocking-sleep"],
      ["blocking_sleep", "blocking-sleep"],
      ["Blocking-Sleep", "blocking-sleep"],
      ["async251", "ASYNC251"],
    ])
      refuses(
        `[tool.loopscope]\nselect = ["${written}"]\n`,
        new RegExp(`"${written}" \\(did you mean "${meant}"\\?\\); .loopscope rules`),
      );
    refuses('[tool.loopscope]\nselect = "ALL"\n', /"select" must be a list of strings, such as/);
    refuses(
      '[tool.loopscope]\nselect = ["ASYNC251", "E501"]\n',
      /no rule is called "E501"; /,
      /loopscope rules/,
    );
    refuses('[tool.loopscope]\nselect = ["ASYNC252"]\n', /"ASYNC252"; /);
    refuses('[tool.loopscope]\nblocking = ["app db"]\n', /"app db" is not a qualified name/);
    refuses('[tool.loopscope]\nseverity = "error"\n', /"severity" must be a table/);
    refuses(
      '[tool.loopscope.severity]\nblocking-sleep = "fatal"\n',
      /one of error, warning, info, hint, not "fatal"/,
    );
    refuses("[tool]\nloopscope = 3\n", /tool\.loopscope must be a table/);
  });
});
