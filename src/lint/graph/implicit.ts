/** Methods that are called without being named: by operators, conditions, f-strings and builtins. */

import { arithmetic } from "../resolve/operators";

/** What is called, if there is such a method, when an object is asked for something: the first of these. */
export const asked = {
  __contains__: ["__contains__"],
  __bool__: ["__bool__", "__len__"],
  __str__: ["__format__", "__str__", "__repr__"],
  __repr__: ["__repr__"],
} as const;

/** The same for builtins. */
export const askedByBuiltins: Readonly<Record<string, readonly string[]>> = {
  "builtins.len": ["__len__"],
  "builtins.bool": asked.__bool__,
  "builtins.str": ["__str__", "__repr__"],
  "builtins.print": ["__str__", "__repr__"],
  "builtins.format": asked.__str__,
  "builtins.repr": asked.__repr__,
};

/** The methods of binary operators, and of those that also assign, which fall back to the plain one. */
const operators: Record<string, readonly string[]> = {
  "==": ["__eq__"],
  "!=": ["__ne__", "__eq__"],
  "<": ["__lt__"],
  ">": ["__gt__"],
  "<=": ["__le__"],
  ">=": ["__ge__"],
  "-x": ["__neg__"],
  "+x": ["__pos__"],
  "~x": ["__invert__"],
};

/** What the right operand is asked, where it is not `__radd__` and the like. */
const mirrored: Readonly<Record<string, readonly string[]>> = {
  "==": ["__eq__"],
  "!=": ["__ne__", "__eq__"],
  "<": ["__gt__"],
  ">": ["__lt__"],
  "<=": ["__ge__"],
  ">=": ["__le__"],
};

for (const [op, name] of Object.entries(arithmetic)) {
  operators[op] = [`__${name}__`];
  operators[`${op}=`] = [`__i${name}__`, `__${name}__`];
}

const none: readonly string[] = [];

/** What an operator calls on its left operand: the first of these that there is. Unary ones are written `-x`. */
export function operatorMethods(op: string): readonly string[] {
  return operators[op] ?? none;
}

/** What it calls on the right one where the left has none of them. */
export function reflectedMethods(op: string): readonly string[] {
  return (
    mirrored[op] ??
    operatorMethods(op)
      .slice(-1)
      .map((name) => name.replace("__", "__r"))
  );
}
