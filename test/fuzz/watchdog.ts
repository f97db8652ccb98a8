import { createContext, Script } from 'node:vm';

/** Thousands of times what the slowest case takes, so that only what hangs is longer. */
const LIMIT_MS = 20_000;

const SCRIPT = new Script('run()');
const HOLDER = { run: () => undefined as unknown };
const CONTEXT = createContext(HOLDER);

/** Runs synchronous code, and stops it where it does not end: a loop, a regular expression that backtracks. */
export function watched<T>(run: () => T, limitMs = LIMIT_MS): T {
  HOLDER.run = run;
  return SCRIPT.runInContext(CONTEXT, { timeout: limitMs }) as T;
}
