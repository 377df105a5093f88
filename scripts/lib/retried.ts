import { stripVTControlCharacters } from "node:util";

const SIGN = "TRIED AGAIN: ";

/** As much of an error's message as tells which it was: a first line alone often is "Expected values to be equal:". */
const LENGTH = 300;

/**
 * The line with which every suite tells of a test that failed and is run once more. It has none of the words that
 * begin a failure in the reports of mocha and unittest: these tell of what failed twice, and of nothing else.
 */
export function triedAgain(title: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${SIGN}${title}: ${message.replace(/\s+/g, " ").trim().slice(0, LENGTH)}`;
}

/** The tests that a suite tried again, and with what error first, as its output tells. */
export function whatWasTriedAgain(output: string): string[] {
  return stripVTControlCharacters(output)
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line.startsWith(SIGN))
    .map((line) => line.slice(SIGN.length));
}
