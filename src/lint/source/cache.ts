import type { SourceFile } from "../file";
import type { UnitIR } from "../read/ir";
import type { Cut } from "./cut";

/** Changes whenever what is read of a file, or the grammar, changes. */
const version = 6;

interface Packed {
  version: number;
  hash: string;
  cuts: Cut[];
  irs: UnitIR[];
}

/** What was read of a file, as JSON. */
export function pack(file: SourceFile): string {
  const cuts = file.units.map(
    ({ from, to, type, level, header }): Cut => ({ from, to, type, level, header }),
  );
  const packed: Packed = {
    version,
    hash: hashOf(file.document.text),
    cuts,
    irs: file.units.map((unit) => unit.ir),
  };
  return JSON.stringify(packed);
}

/** Null when the data is of another version, of another text, or no such data at all. */
export function unpack(data: string, text: string): Packed | null {
  try {
    const packed = JSON.parse(data) as Packed;
    return packed.version === version && packed.hash === hashOf(text) ? packed : null;
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
