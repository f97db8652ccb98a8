// Loads the bundle, with the code that V8 compiled during the build if this is the same version of V8. The build copies
// this file to dist/bundle, where main.js and cli.js import it.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { constants, Script } from 'node:vm';

const fileBeside = (name) => fileURLToPath(new URL(name, import.meta.url));

const path = fileBeside('keyblock.cjs');
const cache = fileBeside('keyblock.cache');

const source = readFileSync(path, 'latin1'); // The bundle is ASCII.

/** The bundle as a CommonJS module. V8 rejects the cache of another version of V8, and then compiles the source. */
export const script = new Script(`(function (module, require, __filename, __dirname) {${source}\n})`, {
  filename: path,
  cachedData: existsSync(cache) ? readFileSync(cache) : undefined,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});

const module = { exports: {} };
script.runInThisContext()(module, createRequire(path), path, fileBeside('.'));
export const { keyblock, loadService } = module.exports;
