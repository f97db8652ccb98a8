import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [SRC, DIST] = ['src', 'dist'].map((folder) => new URL(`../../../${folder}/`, import.meta.url).href);

/**
 * Loads a module as Node does, once for all specs that a process runs. Jest would load and compile the service and its
 * libraries, 1,500 files, for each spec.
 *
 * @param {string} url
 */
export const importNatively = (url) => import(url);

/**
 * Returns the URL of the module that a file is compiled to, or of the file itself outside src/.
 *
 * @param {string} path
 */
export function urlOf(path) {
  const { href } = pathToFileURL(path);
  return href.startsWith(SRC) ? `${DIST}${href.slice(SRC.length).replace(/\.ts$/, '.js')}` : href;
}

/** @type {Map<string, SourceMap | undefined>} */
const maps = new Map();

/** @param {string} url */
function mapOf(url) {
  const file = `${fileURLToPath(url)}.map`;
  if (!maps.has(url))
    maps.set(url, existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, 'utf8'))) : undefined);
  return maps.get(url);
}

/**
 * Maps a stack trace to files and lines of TypeScript; Jest does this only for files that it has compiled itself.
 *
 * @param {unknown} stack
 */
export function withSources(stack) {
  if (typeof stack !== 'string') return stack;
  return stack.replace(/(file:\/\/[^\s()]+\.js):(\d+):(\d+)/g, (frame, url, line, column) => {
    const { originalSource, originalLine, originalColumn } =
      (url.startsWith(DIST) && mapOf(url)?.findEntry(line - 1, column - 1)) || {};
    if (originalSource === undefined) return frame;
    return `${fileURLToPath(new URL(originalSource, url))}:${originalLine + 1}:${originalColumn + 1}`;
  });
}
