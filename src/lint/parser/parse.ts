import type { Tree, TreeFragment } from "@lezer/common";
import { parser } from "./parser";

/** Slots of a state in the parser's table (`ParseState` in @lezer/lr), and more terms than the grammar has. */
const slots = 6;
const terms = 512;

/** What we use of the insides of @lezer/lr, where it looks up what to do with a token in a state. */
interface Tokens {
  actions: number[];
  addActions(stack: { state: number }, token: number, end: number, index: number): number;
}

/** The action for a token in a state plus 1; -1 when there is none, -2 when there are several, 0 when not looked up yet. */
let known: Int32Array | null = null;

/**
 * Parses; with a memory for the look-up of actions, which Lezer does by going through the list of a state's actions each
 * time: a quarter of the time of parsing Python. Without it (should the insides change) all is as before, only slower.
 */
export function parseTree(text: string, fragments: readonly TreeFragment[] = []): Tree {
  const parse = parser.startParse(text, fragments);
  remember(parse as unknown as { tokens?: Tokens });
  for (;;) {
    const tree = parse.advance();
    if (tree) return tree;
  }
}

/** False when the parser is not built as expected. */
export function remember({ tokens }: { tokens?: Tokens }): boolean {
  const { states } = parser as unknown as { states?: Uint32Array };
  if (typeof tokens?.addActions !== "function" || !Array.isArray(tokens.actions) || !states) return false;
  known ??= new Int32Array((states.length / slots) * terms);
  const memory = known;
  const lookUp = tokens.addActions;
  tokens.addActions = function addActions(stack, token, end, index) {
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
  return true;
}
