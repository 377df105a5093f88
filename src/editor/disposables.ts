/** Anything that must be let go of; `vscode.Disposable` is one. */
export interface Disposable {
  dispose(): unknown;
}

/** Owns disposables. What is pushed after the end is disposed at once, so a late arrival does not leak. */
export class Disposables implements Disposable {
  private readonly items: Disposable[] = [];
  private disposed = false;

  push<T extends Disposable>(item: T): T {
    if (this.disposed) item.dispose();
    else this.items.push(item);
    return item;
  }

  /** Disposes in reverse order; one that throws does not keep the others. */
  dispose(): void {
    this.disposed = true;
    const errors: unknown[] = [];
    for (const item of this.items.splice(0).reverse()) {
      try {
        item.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
