type Translate = (message: string, ...args: (string | number)[]) => string;

/** English, with {0}, {1}, .. replaced: what is said where there is no editor. */
const english: Translate = (message, ...args) =>
  message.replace(/\{(\d+)\}/g, (hole, index) => String(args[Number(index)] ?? hole));

let translate: Translate = english;

/**
 * The editor's texts in the user's language. Each is looked up by its English original, a literal, so that
 * `npm run l10n` finds it.
 */
export const l10n = { t: (message: string, ...args: (string | number)[]) => translate(message, ...args) };

/** From now on texts are looked up with this: `vscode.l10n.t`. */
export function translateWith(other: Translate): void {
  translate = other;
}
