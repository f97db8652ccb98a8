// Bundles the built service and the command with everything they load: loading 1,500 files takes most of the start time.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

const PASSED_ON = Symbol();

/** Leaves optional dependencies that are not installed as imports, which fail only when executed. */
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
  // At the same depth as the file in src/docs that locates public/ and openapi/ relative to itself.
  outdir: 'dist/bundle',
  // The command loads the service only if it needs it.
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
