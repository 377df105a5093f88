/** Between the editor's documents (URIs, 0-based positions) and the linter's files (paths, 1-based lines). */
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Position, Range } from "vscode-languageserver/node";
import type { Location } from "../lint/types";

/** The linter's path of a document: with forward slashes; what is no file keeps its URI as its path. */
export function pathOf(uri: string): string {
  if (!uri.startsWith("file:")) return uri;
  try {
    return fileURLToPath(uri).replaceAll("\\", "/");
  } catch {
    // A host this platform has no paths for.
    return uri;
  }
}

export function uriOf(path: string): string {
  return /^[a-z][\w+.-]+:/i.test(path) && !/^[a-z]:\//i.test(path) ? path : pathToFileURL(path).href;
}

export function rangeOf({ line, column, endLine, endColumn }: Omit<Location, "file">): Range {
  return {
    start: { line: line - 1, character: column - 1 },
    end: { line: endLine - 1, character: endColumn - 1 },
  };
}

/** A cell of a notebook: where its text stands in the module that all cells together are. */
export interface Cell {
  uri: string;
  /** 0-based line of the module. */
  firstLine: number;
  lines: number;
}

/** Says under which URI and line the editor knows a place of a file. */
export class Places {
  /** By path: the URI the editor opened it under, which may be written otherwise than ours. */
  private readonly uris = new Map<string, string>();
  private readonly cells = new Map<string, readonly Cell[]>();

  open(path: string, uri: string): void {
    this.uris.set(path, uri);
  }

  close(path: string): void {
    this.uris.delete(path);
    this.cells.delete(path);
  }

  setCells(path: string, cells: readonly Cell[]): void {
    this.cells.set(path, cells);
  }

  cellsOf(path: string): readonly Cell[] | undefined {
    return this.cells.get(path);
  }

  uri(path: string): string {
    return this.uris.get(path) ?? uriOf(path);
  }

  /** Where the editor shows a place. */
  locate(location: Location): { uri: string; range: Range } {
    const range = rangeOf(location);
    const cell = this.cells.get(location.file)?.findLast((each) => each.firstLine <= range.start.line);
    if (!cell) return { uri: this.uri(location.file), range };
    return { uri: cell.uri, range: shift(range, -cell.firstLine) };
  }

  /** Where the linter knows a position of one of the file's documents: 1-based. */
  position(path: string, uri: string, { line, character }: Position): { line: number; column: number } {
    const cell = this.cells.get(path)?.find((each) => each.uri === uri);
    return { line: line + (cell?.firstLine ?? 0) + 1, column: character + 1 };
  }
}

function shift({ start, end }: Range, lines: number): Range {
  return {
    start: { line: start.line + lines, character: start.character },
    end: { line: end.line + lines, character: end.character },
  };
}
