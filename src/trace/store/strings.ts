const DEFAULT_NAME = /^Task-([1-9][0-9]{0,8})$/;

/** Interned strings. The names asyncio gives, "Task-<n>", are kept as a number: there may be millions. */
export class StringTable {
  private readonly all = [""];
  private readonly ids = new Map<string, number>([["", 0]]);

  intern(text: string): number {
    const numbered = DEFAULT_NAME.exec(text);
    if (numbered) return -Number(numbered[1]);
    let id = this.ids.get(text);
    if (id === undefined) {
      id = this.all.push(text) - 1;
      this.ids.set(text, id);
    }
    return id;
  }

  get(id: number): string {
    return id < 0 ? `Task-${-id}` : this.all[id];
  }
}
