import { createContext, Script } from 'node:vm';

/** Thousands of times as long as the slowest case, so that only a case that hangs exceeds it. */
const LIMIT_MS = 20_000;

const SCRIPT = new Script('run()');
const HOLDER = { run: () => undefined as unknown };
const CONTEXT = createContext(HOLDER);

/**
 * Runs synchronous code and stops it if it does not terminate, for example in a loop or a backtracking regular
 * expression.
 */
export function watched<T>(run: () => T, limitMs = LIMIT_MS): T {
  HOLDER.run = run;
  return SCRIPT.runInContext(CONTEXT, { timeout: limitMs }) as T;
}
