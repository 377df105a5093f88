import type { Tree, TreeFragment } from "@lezer/common";
import { parser } from "./parser";
import { isLikeKeyword } from "./tokens";

/** Slots of a state in the parser's table (`ParseState` in @lezer/lr), and more terms than the grammar has. */
const slots = 6;
const terms = 512;
/** After so many reductions in one place Lezer looks for trees that grow too deep, which its own loop has to do. */
const manyReductions = 300;

/** What we use of the insides of @lezer/lr: the parser, a parse, its tokens and its stacks. */
interface Insides {
  states: Uint32Array;
  specializers: ((word: string, stack: unknown) => number)[];
  getGoto(state: number, term: number, loose?: boolean): number;
}

interface Parse {
  stacks: Stack[];
  minStackPos: number;
  recovering: number;
  bigReductionCount: number;
  stoppedAt: number | null;
  tokens: Tokens;
  advanceStack(stack: Stack, ahead: Stack[], split: Stack[]): boolean;
}

interface Tokens {
  mainToken: unknown;
  actions: number[];
  addActions(stack: Stack, token: number, end: number, index: number): number;
}

interface Stack {
  state: number;
  pos: number;
}

/** Makes a parse use the shortcuts; null when @lezer/lr is not built as expected. */
export const prepare = takeShortcuts();

/**
 * Parses; with a memory for what Lezer looks up each time by going through lists (the actions and the next states of a
 * state), and a loop for code that can be read in one way only: together a third of the time of parsing Python. Without
 * them (should the insides change) all is as before, only slower.
 */
export function parseTree(text: string, fragments: readonly TreeFragment[] = []): Tree {
  const parse = parser.startParse(text, fragments);
  prepare?.(parse as unknown as Parse);
  for (;;) {
    if (prepare) advanceAlone(parse as unknown as Parse);
    const tree = parse.advance();
    if (tree) return tree;
  }
}

/**
 * Goes on as `advance` does while there is one stack and no error, without making lists of stacks at each token. What
 * `advance` finds afterwards is what it would have come to itself.
 */
function advanceAlone(parse: Parse): void {
  const { stacks, tokens } = parse;
  if (stacks.length !== 1 || parse.recovering || parse.stoppedAt !== null) return;
  const [stack] = stacks;
  const ahead: Stack[] = [];
  while (parse.bigReductionCount <= manyReductions) {
    do {
      tokens.mainToken = null;
      if (!parse.advanceStack(stack, ahead, stacks)) return;
      if (ahead.length + stacks.length > 1) {
        parse.stacks = [...ahead, ...stacks];
        return;
      }
    } while (stack.pos <= parse.minStackPos);
    parse.minStackPos = stack.pos;
  }
}

/** Of the parser itself: a copy of it (`configure`) would be an object that V8 reads a third slower. */
function takeShortcuts(): ((parse: Parse) => void) | null {
  const inside = parser as unknown as Insides;
  const { tokens, stacks, advanceStack } = parser.startParse("") as unknown as Partial<Parse>;
  if (
    !(inside.states instanceof Uint32Array) ||
    typeof inside.getGoto !== "function" ||
    inside.specializers?.length !== 1 ||
    typeof tokens?.addActions !== "function" ||
    !Array.isArray(tokens.actions) ||
    stacks?.length !== 1 ||
    typeof advanceStack !== "function"
  )
    return null;
  const size = (inside.states.length / slots) * terms;
  inside.getGoto = rememberedGoto(inside, size);
  const [keyword] = inside.specializers;
  inside.specializers = [(word, stack) => (isLikeKeyword(word) ? keyword(word, stack) : -1)];
  const addActions = rememberedActions(tokens.addActions, size);
  return (parse) => {
    parse.tokens.addActions = addActions;
  };
}

/** Each entry the next state plus 2, so that -1 (there is none) is one as well; 0: not looked up yet. */
function rememberedGoto(inside: Insides, size: number): Insides["getGoto"] {
  const memories = [new Int16Array(size), new Int16Array(size)];
  const { getGoto } = inside;
  return (state, term, loose = false) => {
    const memory = memories[loose ? 1 : 0];
    const key = state * terms + term;
    const found = memory[key];
    if (found > 0) return found - 2;
    const next = getGoto.call(inside, state, term, loose);
    memory[key] = next + 2;
    return next;
  };
}

/** Each entry the action plus 1; -1 when there is none, -2 when there are several, 0 when not looked up yet. */
function rememberedActions(lookUp: Tokens["addActions"], size: number): Tokens["addActions"] {
  const memory = new Int32Array(size);
  return function addActions(this: Tokens, stack, token, end, index) {
    const key = stack.state * terms + token;
    const found = index === 0 && token < terms ? memory[key] : -2;
    if (found === -1) return 0;
    if (found > 0) {
      this.actions[0] = found - 1;
      this.actions[1] = token;
      this.actions[2] = end;
      return 3;
    }
    const after = lookUp.call(this, stack, token, end, index);
    if (found === 0) memory[key] = after === 3 ? this.actions[0] + 1 : after === 0 ? -1 : -2;
    return after;
  };
}
