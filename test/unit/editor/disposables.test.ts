import assert from "node:assert/strict";
import { Disposables } from "../../../src/editor/disposables";

describe("disposables", () => {
  it("go in reverse order", () => {
    const order: number[] = [];
    const all = new Disposables();
    for (const n of [1, 2, 3]) all.push({ dispose: () => order.push(n) });
    all.dispose();
    assert.deepEqual(order, [3, 2, 1]);
  });

  it("pushed after the end are disposed at once", () => {
    let gone = false;
    const all = new Disposables();
    all.dispose();
    all.push({ dispose: () => (gone = true) });
    assert.equal(gone, true);
  });

  it("are all disposed though one throws, and the error is not lost", () => {
    let gone = false;
    const all = new Disposables();
    all.push({ dispose: () => (gone = true) });
    all.push({
      dispose: () => {
        throw new Error("no");
      },
    });
    assert.throws(() => all.dispose(), /no/);
    assert.equal(gone, true);
  });
});
