import type { Binding, Block, BlockRef } from "../read/ir";

/**
 * The bindings that may hold at a place in the same scope: the last one that always runs before it, and those after
 * that which may have run. `at` null: any time later (a nested function, another module).
 */
export function reaching(
  bindings: readonly Binding[],
  blocks: readonly Block[],
  at: number | null,
  block: BlockRef,
): Binding[] {
  if (bindings.length === 1) return [...bindings];
  const holding = bindings.filter(
    (binding) => binding.b !== "narrow" || (at !== null && isWithin(blocks, block, binding.block)),
  );
  if (holding.length < bindings.length) return reaching(holding, blocks, at, block);
  const before = at === null ? [...bindings] : bindings.filter((binding) => binding.at < at);
  const possible = before.filter((binding) => at === null || !exclusive(blocks, binding.block, block));
  if (possible.length === 0) return at === null ? [] : [...bindings];
  let last = -1;
  for (let i = 0; i < possible.length; i++) {
    const always = at === null ? possible[i].block === 0 : isWithin(blocks, block, possible[i].block);
    if (always && runs(possible[i])) last = i;
  }
  return possible.slice(Math.max(last, 0));
}

/** A bare annotation binds nothing, but says what all the others give. */
function runs(binding: Binding): boolean {
  return binding.b !== "annotation";
}

function isWithin(blocks: readonly Block[], inner: BlockRef, outer: BlockRef): boolean {
  for (let at: BlockRef | null = inner; at !== null; at = blocks[at].parent) if (at === outer) return true;
  return false;
}

/** Whether the two are in different arms of one statement. */
function exclusive(blocks: readonly Block[], a: BlockRef, b: BlockRef): boolean {
  const arms = new Map<number, number>();
  for (let at: BlockRef | null = a; at !== null; at = blocks[at].parent)
    if (blocks[at].statement >= 0) arms.set(blocks[at].statement, blocks[at].arm);
  for (let at: BlockRef | null = b; at !== null; at = blocks[at].parent) {
    const arm = blocks[at].statement >= 0 ? arms.get(blocks[at].statement) : undefined;
    if (arm !== undefined && arm !== blocks[at].arm) return true;
  }
  return false;
}
