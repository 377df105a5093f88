import type { Command } from "commander";
import type { Program } from "../session";
import { UsageError } from "./output";

/**
 * Splits what follows `run` into our options and the program's words, which begin at the script, at `-m` or
 * after `--`: all from there on is the program's, even `--help`. Like python's own command line.
 */
export function splitProgram(command: Command, words: string[]): { ours: string[]; program: string[] } {
  let at = 0;
  while (at < words.length) {
    const word = words[at];
    if (word === "--") return { ours: words.slice(0, at), program: words.slice(at + 1) };
    if (word === "-" || !word.startsWith("-") || /^-m/.test(word)) break;
    const option = command.options.find(({ long, short }) => word === long || word === short);
    at += option?.required ? 2 : 1;
  }
  return { ours: words.slice(0, at), program: words.slice(at) };
}

/** What to run. Throws UsageError when there is nothing. */
export function parseProgram(words: string[]): Program {
  const [first, ...rest] = words;
  if (first === undefined || first === "") {
    throw new UsageError(
      "nothing to run: give a script (loopscope run app.py) or a module (loopscope run -m package)",
    );
  }
  if (!first.startsWith("-m")) return { target: first, module: false, args: rest };
  const [target, ...args] = first === "-m" ? rest : [first.slice(2), ...rest];
  if (target === undefined || target === "") throw new UsageError("-m needs the name of a module to run");
  return { target, module: true, args };
}

/** A time in milliseconds given on the command line. Throws UsageError. */
export function parseMilliseconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
    throw new UsageError(`--block-ms needs a number of milliseconds greater than 0, not "${text}"`);
  }
  return value;
}
