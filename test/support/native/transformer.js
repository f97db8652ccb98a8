import { createHash } from 'node:crypto';
import { importNatively, urlOf } from './native.js';

/** Generates a module that re-exports everything that the file exports when Node loads it. */
async function processAsync(_source, path) {
  const url = urlOf(path);
  const names = Object.keys(await importNatively(url)).filter((name) => name !== 'module.exports');
  return {
    code: [
      `const loaded = await importNatively(${JSON.stringify(url)});`,
      ...names.map((name, i) => `const _${i} = loaded[${JSON.stringify(name)}];`),
      `export { ${names.map((name, i) => `_${i} as ${name}`).join(', ')} };`,
    ].join('\n'),
  };
}

async function getCacheKeyAsync(source, path) {
  const { code } = await processAsync(source, path);
  return createHash('sha256').update(code).digest('hex');
}

export default { processAsync, getCacheKeyAsync };
