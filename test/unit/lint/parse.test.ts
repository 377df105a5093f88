import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseTree, prepare } from "../../../src/lint/parser/parse";
import { parser } from "../../../src/lint/parser/parser";
import { keywords } from "../../../src/lint/parser/tokens";
import { random, randomEdit } from "./engineFuzz";

const corpus = resolve("test/fixtures/lint/corpus");
const names = readdirSync(corpus, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".py"),
);

/** The parser without the shortcuts. */
const plain = parser.configure({});
Reflect.deleteProperty(plain, "getGoto");
const inside = plain as unknown as { specializers: unknown[]; specializerSpecs: { get: unknown }[] };
inside.specializers = inside.specializerSpecs.map(({ get }) => get);

describe("parsing with shortcuts", () => {
  it("fits the parser that is installed", () => {
    assert.ok(prepare, "@lezer/lr has changed inside: parse.ts has no effect");
  });

  it("knows the keywords of the grammar", () => {
    const source = readFileSync(resolve("src/lint/parser/parser.ts"), "utf8");
    const [, words] = /spec_identifier = \{__proto__:null,([^}]*)\}/.exec(source)!;
    assert.deepEqual(
      keywords,
      words.split(",").map((each) => each.replace(/:.*/, "").trim()),
    );
  });

  for (const name of names) {
    it(`gives the tree that Lezer gives, whole or broken: ${name}`, () => {
      const next = random(7);
      let text = readFileSync(join(corpus, name), "utf8");
      for (let i = 0; i < 30; i++) {
        assert.equal(parseTree(text).toString(), plain.parse(text).toString(), text);
        const { from, to, text: typed } = randomEdit(text, next);
        text = text.slice(0, from) + typed + text.slice(to);
      }
    });
  }
});
