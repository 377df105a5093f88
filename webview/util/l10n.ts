import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { count } from "./format";

/** The host's translations, by the English text; empty: English. */
export const messages = signal<Readonly<Record<string, string>>>({});

const PLACEHOLDER = /\{(\w+)\}/g;

/**
 * A text of the view in the user's language, its `{placeholders}` filled in, thousands set apart. Every text a person can see goes through
 * here (or `tn`, `tx`), with the English original written out in the call: scripts/l10n.ts collects those.
 */
export function t(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return (messages.value[text] ?? text).replace(PLACEHOLDER, (whole, name) => {
    const value = values[name] ?? whole;
    return typeof value === "number" ? count(value) : value;
  });
}

/** The same for a number of things, which is `{n}`: one text for one of them, one for any other number. */
export function tn(
  n: number,
  one: string,
  many: string,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return t(n === 1 ? one : many, { ...values, n });
}

/** The same where elements take the places of placeholders. */
export function tx(text: string, values: Readonly<Record<string, ComponentChildren>>): ComponentChildren[] {
  const parts = (messages.value[text] ?? text).split(PLACEHOLDER);
  return parts.map((part, i) => (i % 2 === 1 ? (values[part] ?? `{${part}}`) : part));
}
