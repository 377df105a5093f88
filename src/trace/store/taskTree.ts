import { Int32Column } from "./columns";
import { TaskFlag, type TaskTable } from "./tasks";

/** The forest of tasks by creation, kept up as tasks come. */
export class TaskTree {
  private readonly first = new Int32Column();
  private readonly last = new Int32Column();
  private readonly next = new Int32Column();

  constructor(private readonly tasks: TaskTable) {}

  /** Tasks created by `task`, in order. */
  children(task: number): number[] {
    this.update();
    const children: number[] = [];
    if (task < 0 || task >= this.first.length) return children;
    for (let child = this.first.get(task); child >= 0; child = this.next.get(child)) {
      if (!(this.tasks.flags.get(child) & TaskFlag.void)) children.push(child);
    }
    return children;
  }

  private update(): void {
    const { first, last, next, tasks } = this;
    for (let task = first.length; task < tasks.count; task++) {
      first.push(-1);
      last.push(-1);
      next.push(-1);
      const parent = tasks.parent.get(task);
      if (parent < 0 || parent >= task) continue;
      if (first.get(parent) < 0) first.set(parent, task);
      else next.set(last.get(parent), task);
      last.set(parent, task);
    }
  }
}
