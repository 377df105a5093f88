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

describe("the grammar", () => {
  const valid: [string, string][] = [
    ["a number that ends in its point", "x = (1., 2.e5, 3.j, 4./5., 6_7.)"],
    ["lazy imports", "lazy import a.b as c, d\nlazy from . import e\nlazy from f import (g as h)"],
    ["lazy as a name", "lazy = lazy.x(lazy)\nlazy (1)\ndef lazy(): lazy[0] += 1"],
    ["a sign before a number in a pattern", "match x:\n    case +0: pass\n    case -1 | +2j: pass"],
    ["a format that begins with =", "f'{x:=10} {y:=^{w}} {(z:=1)}'"],
    ["backslashes before braces", String.raw`(fr'\{{\}}', f'\{{x}}', f'\}}', rf'\\{x}', f'\N{EM DASH}')`],
    ["several exceptions without parentheses", "try: a\nexcept B, C: d"],
    ["template strings", String.raw`t'{a} {b!r:{c}}' rt'\d'`],
    ["f-strings in f-strings", String.raw`f'{f'{f"{1 + 1}"}'}'` + " f'''{\n    x  # why\n    !r:>{w}}'''"],
    ["type parameters", "type X[T: int = str, *U = *tuple[int], **P] = list[T]\ndef f[T](*b: *U): pass"],
    ["unpacking in comprehensions", "[*a for a in b], {**a for a in b}, (*a for a in b)"],
  ];
  for (const [name, text] of valid)
    it(`reads ${name}`, () => {
      const tree = parseTree(`${text}\n`).toString();
      assert.ok(!tree.includes("⚠"), tree);
    });

  it("joins by and and or what not is asked of", () => {
    const tree = parseTree("not a and b or not c == d").toString();
    assert.match(
      tree,
      /\(BinaryExpression\(BinaryExpression\(UnaryExpression\(not,VariableName\),and,VariableName\),or,UnaryExpression\(not,Bin/,
    );
  });

  it("reads what stands in braces behind a backslash", () => {
    for (const text of [String.raw`f'\{call()}'`, String.raw`rf'\{call()}'`, String.raw`rf"\d\{call()}"`])
      assert.match(parseTree(text).toString(), /FormatReplacement\("\{",CallExpression/, text);
  });
});
