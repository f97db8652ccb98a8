import Environment from '../environment.js';
import { importNatively, withSources } from './native.js';

/** The environment of specs that load the service as Node does: specs and service share their globals. */
export default class NativeEnvironment extends Environment {
  #env = { ...process.env };

  async setup() {
    await super.setup();
    this.global.importNatively = importNatively;
    this.global.process.env = process.env;
    // Database drivers recognize a date by its class.
    this.global.Date = Date;
    // Jest sets its own prepareStackTrace before each file.
    const { prepareStackTrace } = Error;
    if (prepareStackTrace !== undefined)
      Error.prepareStackTrace = (error, frames) => withSources(prepareStackTrace(error, frames));
  }

  async teardown() {
    for (const name of Object.keys(process.env)) if (!(name in this.#env)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, this.#env);
    await super.teardown();
  }
}
