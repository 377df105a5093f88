import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseTree, remember } from "../../../src/lint/parser/parse";
import { parser } from "../../../src/lint/parser/parser";
import { random, randomEdit } from "./engineFuzz";

const corpus = resolve("test/fixtures/lint/corpus");
const names = readdirSync(corpus, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".py"),
);

describe("parsing with a memory for actions", () => {
  it("fits the parser that is installed", () => {
    assert.ok(
      remember(parser.startParse("x = 1\n") as never),
      "@lezer/lr has changed inside: parse.ts has no effect",
    );
  });

  for (const name of names) {
    it(`gives the tree that Lezer gives, whole or broken: ${name}`, () => {
      const next = random(7);
      let text = readFileSync(join(corpus, name), "utf8");
      for (let i = 0; i < 30; i++) {
        assert.equal(parseTree(text).toString(), parser.parse(text).toString(), text);
        const { from, to, text: typed } = randomEdit(text, next);
        text = text.slice(0, from) + typed + text.slice(to);
      }
    });
  }
});
