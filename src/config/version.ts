import { readFileSync } from 'node:fs';

/** Keyblock's version. The path of package.json is the same from src/config, dist/config and dist/bundle. */
export const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };
