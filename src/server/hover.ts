import { type Hover, MarkupKind } from "vscode-languageserver/node";
import type { Explanation } from "../lint/types";
import type { Places } from "./places";

/** Why a call blocks and how it gets there, with every place a link. */
export function toHover(why: Explanation, places: Places, pages: string | null): Hover {
  const page = pages === null ? why.rule : `[${why.rule}](${pages.replace(/\/?$/, "/")}${why.rule}.md)`;
  const lines = [`**${escapeMarkdown(why.message)}** — ${page}`];
  const chain = why.steps.map((step, index) => {
    const { uri, range } = places.locate(step);
    const name = why.via[index]?.function ?? "";
    const file = step.file.slice(step.file.lastIndexOf("/") + 1);
    return `${index + 1}. \`${name}\` [${escapeMarkdown(file)}:${step.line}](${uri}#L${range.start.line + 1})`;
  });
  if (chain.length > 0) lines.push(`How it gets to \`${why.sink}\`:`, chain.join("\n"));
  if (why.replacement) lines.push(`Instead: \`${why.replacement}\``);
  return {
    contents: { kind: MarkupKind.Markdown, value: lines.join("\n\n") },
    range: places.locate(why.at).range,
  };
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>]/g, "\\$&");
}
