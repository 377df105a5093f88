/** Fixes of `sequential-awaits`: the awaits run together, by gather or in a TaskGroup. */
import type { SyntaxNode } from "@lezer/common";
import type { Finding } from "../types";
import { freshName, indentation, newlineOf, ordered, type Source, useModule } from "./edits";
import type { OfferedFix } from "./index";

interface Step {
  targets: string;
  /** Whether the assignment unpacks: `a, b = await f()`. */
  unpacks: boolean;
  call: string;
}

/** The assignments in the finding's range; null when there is more than those that would be lost. */
function steps({ text, tree }: Source, finding: Finding): { steps: Step[]; indent: string } | null {
  const indent = indentation(text, finding);
  if (indent === null) return null;
  const found: Step[] = [];
  let node: SyntaxNode | null = tree.resolveInner(finding.from, 1);
  while (node && !(node.name === "AssignStatement" && node.from === finding.from)) node = node.parent;
  for (; node && node.to <= finding.to; node = node.nextSibling) {
    const assign = node.getChild("AssignOp");
    const value = assign?.nextSibling;
    const operand = value?.name === "AwaitExpression" ? value.lastChild : null;
    if (node.name !== "AssignStatement" || !assign || !operand) return null;
    const targets = text.slice(node.from, assign.from).trim();
    found.push({ targets, unpacks: targets.includes(","), call: text.slice(operand.from, operand.to) });
  }
  return found.length > 1 ? { steps: found, indent } : null;
}

/** `a, b = await asyncio.gather(f(), g())` */
export function gather(source: Source, finding: Finding): OfferedFix | null {
  const read = steps(source, finding);
  if (read === null) return null;
  const { name, edits } = useModule(source, "asyncio");
  const targets = read.steps.map((step) => (step.unpacks ? `(${step.targets})` : step.targets)).join(", ");
  const calls = read.steps.map((step) => step.call);
  const line = `${targets} = await ${name}.gather(${calls.join(", ")})`;
  const text =
    read.indent.length + line.length <= 100 && !line.includes("\n")
      ? line
      : `${targets} = await ${name}.gather(${lines(source, read.indent, calls)})`;
  return {
    title: "Run them together with asyncio.gather",
    edits: ordered([{ from: finding.from, to: finding.to, text }, ...edits]),
    safe: false,
  };
}

function lines(source: Source, indent: string, calls: readonly string[]): string {
  const newline = newlineOf(source.text);
  return `${calls.map((call) => `${newline}${indent}    ${call},`).join("")}${newline}${indent}`;
}

/** `async with asyncio.TaskGroup()`: when one fails, the others are cancelled. */
export function taskGroup(source: Source, finding: Finding): OfferedFix | null {
  const read = steps(source, finding);
  if (read === null) return null;
  const { name, edits } = useModule(source, "asyncio");
  const newline = newlineOf(source.text);
  const group = freshName(source.text, "group");
  const inner = `${newline}${read.indent}    `;
  const tasks = read.steps.map(({ targets }, index) =>
    freshName(source.text, /^\w+$/.test(targets) ? `${targets}_task` : `task_${index + 1}`),
  );
  const text = [
    `async with ${name}.TaskGroup() as ${group}:`,
    ...read.steps.map((step, index) => `${inner}${tasks[index]} = ${group}.create_task(${step.call})`),
    ...read.steps.map((step, index) => `${newline}${read.indent}${step.targets} = ${tasks[index]}.result()`),
  ].join("");
  return {
    title: "Run them together in a TaskGroup (Python 3.11)",
    edits: ordered([{ from: finding.from, to: finding.to, text }, ...edits]),
    safe: false,
  };
}
