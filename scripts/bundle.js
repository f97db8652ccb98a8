// Bundles the compiled service and command with all that they load: loading 1,500 files takes most of a start's time.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

const PASSED_ON = Symbol();

/** What a library would use if it were installed stays an import that fails when it runs. */
const external = {
  name: 'external',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === PASSED_ON) return undefined;
      const { errors } = await resolve(path, { ...from, pluginData: PASSED_ON });
      return errors.length > 0 ? { path, external: true } : undefined;
    });
  },
};

// Names of chunks have a hash of their contents.
rmSync('dist/bundle', { recursive: true, force: true });
await build({
  entryPoints: ['dist/main.js', 'dist/cli.js'],
  // As deep as the file of src/docs, which finds public/ and openapi/ from where it is.
  outdir: 'dist/bundle',
  // A command loads the service only where it needs it.
  splitting: true,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  plugins: [external],
  banner: {
    js: [
      "import { createRequire as createRequireOfBundle } from 'node:module';",
      "import { dirname as dirnameOfBundle } from 'node:path';",
      'const require = createRequireOfBundle(import.meta.url);',
      'const __filename = import.meta.filename;',
      'const __dirname = dirnameOfBundle(__filename);',
    ].join('\n'),
  },
});
