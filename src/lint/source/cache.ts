import type { SourceFile } from "../file";
import type { UnitIR } from "../read/ir";
import type { Cut } from "./cut";

/** Changes whenever what is read of a file, or the grammar, changes. */
const version = 11;

export interface Packed {
  cuts: Cut[];
  irs: UnitIR[];
}

/** What was read of a file: one line, the text's hash in front, so that it can be kept unread until it is needed. */
export function pack(file: SourceFile, hash: string): string {
  const cuts = file.units.map(
    ({ from, to, type, level, header }): Cut => ({ from, to, type, level, header }),
  );
  const packed: Packed = { cuts, irs: file.units.map((unit) => unit.ir) };
  return `${version} ${hash} ${JSON.stringify(packed)}`;
}

/** Whether data is of this version and of the text with this hash. */
export function isPacked(data: string, hash: string): boolean {
  return data.startsWith(`${version} ${hash} {`);
}

/** Null when the data is broken. */
export function unpack(data: string): Packed | null {
  try {
    return JSON.parse(data.slice(data.indexOf("{"))) as Packed;
  } catch {
    // A cache that cannot be read is a cache that is not there.
    return null;
  }
}

/** 106 bits of the text and its length: enough to tell the versions of a file apart, not meant against forgers. */
export function hashOf(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    a = Math.imul(a ^ char, 2654435761);
    b = Math.imul(b ^ char, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return `${text.length.toString(36)}-${(b >>> 0).toString(36)}${(a >>> 0).toString(36)}`;
}
