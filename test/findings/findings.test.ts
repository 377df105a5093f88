import { blocking, starving } from "./blocking";
import { deadlocking } from "./deadlocks";
import { paths, swallowed, unfinished } from "./endings";
import { lost, neverAwaited, unretrieved, unsafe } from "./faults";
import { fullPipes } from "./pipes";
import { type Group, type Ran, run } from "./scenario";
import { sequences } from "./sequences";

const GROUPS: Group[] = [
  blocking,
  deadlocking,
  fullPipes,
  starving,
  neverAwaited,
  unretrieved,
  lost,
  unsafe,
  unfinished,
  swallowed,
  sequences,
  paths,
];

/** Real programs under the real command line: each finding with programs that show it, and programs that must not. */
describe("the findings of real programs", function () {
  this.timeout(120_000);
  const all = GROUPS.flatMap(({ options, shows, silent }) =>
    [...shows, ...silent].map((scenario) => ({ options, ...scenario })),
  );
  const started: Promise<Ran>[] = [];
  const asked = new Set<number>();

  /** Runs a scenario, and the next beside it: more at a time would starve one another, and the findings tell of it. */
  function result(title: string): Promise<Ran> {
    const index = all.findIndex((scenario) => scenario.title === title);
    // A test that is tried again wants another run.
    if (asked.has(index)) return run(all[index]);
    asked.add(index);
    for (const i of [index, index + 1]) {
      if (i >= all.length || started[i] !== undefined) continue;
      started[i] = run(all[i]);
      started[i].catch(() => {}); // told by its own test
    }
    return started[index];
  }

  for (const { rule, shows, silent } of GROUPS) {
    describe(rule ?? "a cancellation", () => {
      for (const scenario of shows) {
        it(`shows ${scenario.title}`, async () => {
          const ran = await result(scenario.title);
          if (scenario.check) scenario.check(ran);
          else if (rule !== null) ran.one(rule);
        });
      }
      for (const scenario of silent) {
        it(`is silent about ${scenario.title}`, async () => {
          const ran = await result(scenario.title);
          if (rule !== null) ran.none(rule);
          scenario.check?.(ran);
        });
      }
    });
  }
});
