/** The tokens a grammar cannot describe: newlines, indentation and the insides of strings. After @lezer/python (MIT). */
import { ContextTracker, ExternalTokenizer, type InputStream } from "@lezer/lr";
import * as term from "./parser.terms";

const newline = 10;
const carriageReturn = 13;
const formFeed = 12;
const space = 32;
const tab = 9;
const hash = 35;
const braceOpen = 123;
const braceClose = 125;
const singleQuote = 39;
const doubleQuote = 34;
const backslash = 92;

// What a context is inside of.
const Bracketed = 1;
const InString = 2;
const DoubleQuote = 4;
const Long = 8;
const Raw = 16;
const Format = 32;

const bracketed = new Set([
  term.ParenthesizedExpression,
  term.TupleExpression,
  term.ComprehensionExpression,
  term.importList,
  term.ArgList,
  term.ParamList,
  term.ArrayExpression,
  term.ArrayComprehensionExpression,
  term.subscript,
  term.SetExpression,
  term.SetComprehensionExpression,
  term.FormatString,
  term.FormatReplacement,
  term.nestedFormatReplacement,
  term.DictionaryExpression,
  term.DictionaryComprehensionExpression,
  term.SequencePattern,
  term.MappingPattern,
  term.PatternArgList,
  term.TypeParamList,
]);

function isLineBreak(char: number): boolean {
  return char === newline || char === carriageReturn;
}

function isBlank(char: number): boolean {
  return char === space || char === tab || char === formFeed;
}

/** Words that only ever start a statement: a line that starts with one ends a bracket that was left open. */
const statementWords = new Set(
  "assert break class continue def del elif except finally global import nonlocal pass raise return try while with".split(
    " ",
  ),
);

/** The words that the grammar gives a meaning of their own (those of `specialized` in parser.ts). */
export const keywords =
  "await or and in not is if else lambda as yield from async for None True False del pass break continue return raise lazy import global nonlocal assert type elif while try except finally with def class match case".split(
    " ",
  );

/** By length (up to 8) and first letter: whether a keyword looks so. */
const keywordShapes = new Uint8Array(9 * 128);
for (const word of keywords) keywordShapes[word.length * 128 + word.charCodeAt(0)] = 1;

/** False for most words that are no keyword, without asking for the word itself, which has to be hashed for that. */
export function isLikeKeyword(word: string): boolean {
  const first = word.charCodeAt(0);
  return word.length < 9 && first < 128 && keywordShapes[word.length * 128 + first] === 1;
}

/** Whether the next line of code, seen from a line break inside brackets, is the start of a statement. */
function bracketLeftOpen(input: InputStream): boolean {
  let at = 0;
  for (;;) {
    let char = input.peek(at);
    while (isLineBreak(char) || isBlank(char)) char = input.peek(++at);
    if (char !== hash) break;
    while (char >= 0 && !isLineBreak(char)) char = input.peek(++at);
  }
  if (input.peek(at) === 64) return isDecorator(input, at);
  const word = readWord(input, at);
  if (word === "async") {
    let next = at + 5;
    while (isBlank(input.peek(next))) next++;
    return readWord(input, next) === "def" || readWord(input, next) === "with";
  }
  return statementWords.has(word) && input.peek(at + word.length) !== 61;
}

/** `@name` at the start of a line: a decorator, unless the brackets hold a matrix product broken before its operator. */
function isDecorator(input: InputStream, at: number): boolean {
  return input.peek(at + 1) !== space && input.peek(at + 1) !== 61 && isLineBreak(input.peek(at - 1));
}

function readWord(input: InputStream, at: number): string {
  let word = "";
  for (let i = 0; i < 9; i++) {
    const char = input.peek(at + i);
    if (char >= 97 && char <= 122) word += String.fromCharCode(char);
    else if ((char >= 48 && char <= 57) || (char >= 65 && char <= 90) || char === 95 || char > 127) return "";
    else break;
  }
  return word;
}

export const newlines = new ExternalTokenizer(
  (input, stack) => {
    const flags = (stack.context as Context).flags;
    if (input.next < 0) {
      input.acceptToken(term.eof);
    } else if (flags & Bracketed) {
      if (isLineBreak(input.next)) {
        if (bracketLeftOpen(input)) input.acceptToken(term.newline, 1);
        else input.acceptToken(term.newlineBracketed, 1);
      }
    } else {
      const previous = input.peek(-1);
      if ((previous < 0 || isLineBreak(previous)) && stack.canShift(term.blankLineStart)) {
        let spaces = 0;
        while (isBlank(input.next)) {
          input.advance();
          spaces++;
        }
        if (isLineBreak(input.next) || input.next === hash) input.acceptToken(term.blankLineStart, -spaces);
      } else if (isLineBreak(input.next)) {
        input.acceptToken(term.newline, 1);
      }
    }
  },
  { contextual: true },
);

export const indentation = new ExternalTokenizer((input, stack) => {
  const context = stack.context as Context;
  if (context.flags || !isLineBreak(input.peek(-1))) return;
  let depth = 0;
  let chars = 0;
  for (; isBlank(input.next); chars++) {
    depth = indentAfter(depth, input.next);
    input.advance();
  }
  if (depth === context.indent || isLineBreak(input.next) || input.next === hash) return;
  if (depth < context.indent) input.acceptToken(term.dedent, -chars);
  else input.acceptToken(term.indent);
});

function indentAfter(depth: number, char: number): number {
  if (char === formFeed) return 0;
  return char === tab ? depth + 8 - (depth % 8) : depth + 1;
}

/** `read` is public in the implementation and left out of its types. */
type Readable = InputStream & { read(from: number, to: number): string };

class Context {
  readonly hash: number;
  constructor(
    readonly parent: Context | null,
    readonly indent: number,
    readonly flags: number,
    /** Where it begins; not part of the hash, for code that moves stays what it is. */
    readonly from: number,
  ) {
    this.hash =
      ((parent ? Math.imul(parent.hash, 257) : 0) + indent + (indent << 4) + flags + (flags << 6)) | 0;
  }
}

function countIndent(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) depth = indentAfter(depth, text.charCodeAt(i));
  return depth;
}

const stringFlags = new Map<number, number>(
  (
    [
      [term.stringStart, 0],
      [term.stringStartD, DoubleQuote],
      [term.stringStartL, Long],
      [term.stringStartLD, Long | DoubleQuote],
      [term.stringStartR, Raw],
      [term.stringStartRD, Raw | DoubleQuote],
      [term.stringStartRL, Raw | Long],
      [term.stringStartRLD, Raw | Long | DoubleQuote],
      [term.stringStartF, Format],
      [term.stringStartFD, Format | DoubleQuote],
      [term.stringStartFL, Format | Long],
      [term.stringStartFLD, Format | Long | DoubleQuote],
      [term.stringStartFR, Format | Raw],
      [term.stringStartFRD, Format | Raw | DoubleQuote],
      [term.stringStartFRL, Format | Raw | Long],
      [term.stringStartFRLD, Format | Raw | Long | DoubleQuote],
    ] as const
  ).map(([start, flags]) => [start, flags | InString]),
);

export const trackIndent = new ContextTracker<Context>({
  start: new Context(null, 0, 0, -1),
  reduce(context, type, _stack, input) {
    // A body that ends because of an error leaves open what was opened in it: the code below must not be read by that.
    if (type === term.Body || type === term.MatchStatement) {
      let outer = context;
      while (outer.parent && outer.from > input.pos) outer = outer.parent;
      return outer;
    }
    if (
      (context.flags & Bracketed && bracketed.has(type)) ||
      ((type === term.String || type === term.FormatString) && context.flags & InString)
    )
      return context.parent!;
    return context;
  },
  shift(context, type, stack, input) {
    if (type === term.indent)
      return new Context(context, countIndent((input as Readable).read(input.pos, stack.pos)), 0, input.pos);
    if (type === term.dedent) return context.parent!;
    if (
      type === term.ParenL ||
      type === term.BracketL ||
      type === term.BraceL ||
      type === term.replacementStart
    )
      return new Context(context, 0, Bracketed, input.pos);
    const flags = stringFlags.get(type);
    return flags === undefined
      ? context
      : new Context(context, 0, flags | (context.flags & Bracketed), input.pos);
  },
  hash: (context) => context.hash,
});

export const strings = new ExternalTokenizer((input, stack) => {
  const { flags } = stack.context as Context;
  const quote = flags & DoubleQuote ? doubleQuote : singleQuote;
  const long = (flags & Long) > 0;
  const escapes = !(flags & Raw);
  const start = input.pos;
  while (input.next >= 0) {
    if (flags & Format && input.next === braceOpen) {
      if (input.peek(1) === braceOpen) {
        input.advance(2);
        continue;
      }
      if (input.pos === start) return input.acceptToken(term.replacementStart, 1);
      break;
    }
    if (input.next === backslash && flags & Format && isBrace(input.peek(1))) {
      // It escapes no brace: `f"\{name}"` is a backslash and a replacement.
      input.advance();
      continue;
    }
    if (input.next === backslash && escapes) {
      if (input.pos > start) break;
      input.advance();
      skipEscape(input);
      return input.acceptToken(term.Escape);
    }
    if (input.next === backslash && input.peek(1) > -1) {
      // A raw string still does not end at an escaped quote.
      input.advance(2);
    } else if (input.next === quote && (!long || (input.peek(1) === quote && input.peek(2) === quote))) {
      if (input.pos === start) return input.acceptToken(term.stringEnd, long ? 3 : 1);
      break;
    } else if (isLineBreak(input.next) && !long) {
      if (input.pos === start) return input.acceptToken(term.stringEnd);
      break;
    } else {
      input.advance();
    }
  }
  if (input.pos > start) input.acceptToken(term.stringContent);
});

function isBrace(char: number): boolean {
  return char === braceOpen || char === braceClose;
}

/** After the backslash: one character, a CRLF, or a `{name}` (whose brace does not open a replacement). */
function skipEscape(input: InputStream): void {
  const escaped = input.next;
  if (escaped < 0) return;
  input.advance();
  if (escaped === carriageReturn && input.peek(0) === newline) input.advance();
  if (escaped !== 78 || input.peek(0) !== braceOpen) return;
  let length = 1;
  while (!endsName(input.peek(length))) length++;
  input.advance(input.peek(length) === braceClose ? length + 1 : length);
}

function endsName(char: number): boolean {
  return char < 0 || char === braceClose || char === singleQuote || char === doubleQuote || isLineBreak(char);
}
