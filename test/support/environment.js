import { AsyncLocalStorage } from 'node:async_hooks';
import { TestEnvironment } from 'jest-environment-node';

/** Jest's storage of the running test: the first storage that a file uses. */
const jest = { storage: undefined };
const { run } = AsyncLocalStorage.prototype;
AsyncLocalStorage.prototype.run = function (...parameters) {
  jest.storage ??= this;
  return run.apply(this, parameters);
};

/**
 * The environment of all specs. For each file, Jest opens an AsyncLocalStorage with the running test, which only
 * concurrent tests and retries need, and never closes it. On Node.js 20 every promise pays for each open storage: after
 * sixty files that was a third of a worker's time.
 */
export default class Environment extends TestEnvironment {
  async setup() {
    await super.setup();
    jest.storage = undefined;
  }

  handleTestEvent({ name }) {
    if (name === 'test_start' || name === 'hook_start') jest.storage?.disable();
  }
}
