/** What a call gives, where it is certain. */
import type { SyntaxNode } from "@lezer/common";
import type { FileContext, FunctionInfo } from "../types";

/** Decorators that leave a coroutine function, or a generator, what it is. */
const TRANSPARENT =
  /^(staticmethod|classmethod|builtins\.(staticmethod|classmethod)|(abc\.)?abstractmethod|(typing(_extensions)?\.)?(final|override|overload|no_type_check|deprecated)|(functools\.)?wraps|(tenacity\.)?retry|\w+\.(get|post|put|patch|delete|websocket|route|on_event|middleware|exception_handler))$/;

/** Whether no decorator may have turned the function into something else. */
export function isPlain(info: FunctionInfo): boolean {
  return info.decorators.every((decorator) => TRANSPARENT.test(decorator));
}

/** Whether the expression is a coroutine function, whatever it may be. */
export function isCoroutineFunction(context: FileContext, callee: SyntaxNode): boolean {
  const meanings = context.resolve(callee);
  return (
    meanings.length > 0 &&
    meanings.every((meaning) => {
      if (meaning.kind === "function") {
        return meaning.info.isAsync && !meaning.info.isGenerator && isPlain(meaning.info);
      }
      return meaning.kind === "external" && meaning.isCoroutineFunction;
    })
  );
}

/** Whether the call makes a generator ("sync") or an async generator, whatever the callee may be. */
export function generatorKind(context: FileContext, call: SyntaxNode): "sync" | "async" | null {
  const callee = call.name === "CallExpression" ? context.call(call).callee : null;
  const meanings = callee ? context.resolve(callee) : [];
  if (meanings.length === 0) return null;
  const kinds = meanings.map((meaning) => {
    if (meaning.kind !== "function" || !meaning.info.isGenerator || meaning.info.decorators.length > 0)
      return null;
    return meaning.info.isAsync ? "async" : "sync";
  });
  return kinds.every((kind) => kind === kinds[0]) ? kinds[0] : null;
}
