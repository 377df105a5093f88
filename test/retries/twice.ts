import { triedAgain } from "../../scripts/lib/retried";

/** Does what a hook does, and once more if that failed: mocha tries tests again, but not the hooks around them. */
export async function twice<T>(what: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    console.log(`      ${triedAgain(what, error)}`);
    return act();
  }
}
