import { register, SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformFileSync } from '@swc/core';

register('./hooks.js', import.meta.url);

/**
 * Loads a module as Node does, TypeScript too, and once for all specs that a process runs: Jest would load and compile
 * the service and its libraries, 1,500 files, anew for each of them.
 *
 * @param {string} url
 */
export const importNatively = (url) => import(url);

/** @type {Map<string, SourceMap>} */
const maps = new Map();

/**
 * Maps a stack trace to files and lines of TypeScript; Jest does this only for files that it has compiled itself.
 *
 * @param {unknown} stack
 */
export function withSources(stack) {
  if (typeof stack !== 'string') return stack;
  return stack.replace(/(file:\/\/[^\s()]+\.ts):(\d+):(\d+)/g, (frame, url, line, column) => {
    const file = fileURLToPath(url);
    if (!maps.has(url)) maps.set(url, new SourceMap(JSON.parse(transformFileSync(file, { sourceMaps: true }).map)));
    const { originalLine, originalColumn } = maps.get(url).findEntry(line - 1, column - 1);
    return originalLine === undefined ? frame : `${file}:${originalLine + 1}:${originalColumn + 1}`;
  });
}
