// Bundles the built service and the command with everything they load, because loading 1,500 files takes most of the
// start time.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
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

/**
 * Imports of modules that the service never executes: a third of the code, which Node.js would compile at each start.
 */
const UNUSED = [
  // Drivers of other databases.
  { importer: /\/typeorm\/driver\/DriverFactory\.js$/, path: /^\.\/(?!postgres\/)\S+\// },
  { importer: /\/typeorm\/entity-manager\/EntityManagerFactory\.js$/, path: /^\.\/(Mongo|Sqljs)/ },
  // Compilers of JSON schemas; http/pages.ts supplies its own.
  { importer: /\/fastify\/lib\/schema-controller\.js$/, path: /^@fastify\// },
];

/** Replaces unused modules with empty ones. Fails if a rule matches no import. */
const unused = {
  name: 'unused',
  setup({ onStart, onResolve, onLoad, onEnd }) {
    const found = new Set();
    onStart(() => found.clear());
    onResolve({ filter: /^(\.\/|@fastify\/)/ }, ({ path, importer }) => {
      const rule = UNUSED.find((rule) => rule.path.test(path) && rule.importer.test(importer.replaceAll('\\', '/')));
      if (!rule) return undefined;
      found.add(rule);
      return { path, namespace: 'unused' };
    });
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
    onEnd(() => ({
      errors: UNUSED.filter((rule) => !found.has(rule)).map(({ importer }) => ({
        text: `Nothing matches ${importer}`,
      })),
    }));
  },
};

/** Lets main.js and cli.js run keyblock.cjs. */
const loader = {
  name: 'loader',
  setup({ onResolve }) {
    onResolve({ filter: /\/cli\/keyblock\.js$/ }, () => ({ path: './loader.js', external: true }));
  },
};

const OUT = 'dist/bundle';
const common = { bundle: true, platform: 'node', target: 'node20', logLevel: 'warning' };

rmSync(OUT, { recursive: true, force: true });
const bundle = await build({
  ...common,
  stdin: {
    contents: `
      export { keyblock } from './cli/keyblock.js';
      export const loadService = () => import('./cli/serve.js');`,
    resolveDir: 'dist',
  },
  // At the same depth as the files of src/ that locate public/, openapi/ and package.json relative to themselves.
  outfile: `${OUT}/keyblock.cjs`,
  format: 'cjs',
  plugins: [unused, external],
  banner: { js: "const urlOfBundle = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'urlOfBundle' },
  write: false,
});
// esbuild leaves non-ASCII characters in comments and regular expressions, for which V8 would store each character in
// two bytes.
const ascii = bundle.outputFiles[0].text.replace(
  /[^\0-\x7f]/g,
  (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
);
mkdirSync(OUT);
writeFileSync(`${OUT}/keyblock.cjs`, ascii);
await build({
  ...common,
  entryPoints: {
    main: 'dist/main.js',
    cli: 'dist/cli.js',
    'crypto-thread.worker': 'dist/provider/crypto-thread.worker.js',
    'token-process': 'dist/hsm/token-process.js',
  },
  outdir: OUT,
  format: 'esm',
  // Its addon is built where it is installed.
  external: ['pkcs11js'],
  plugins: [loader],
});

// V8's cache contains what it has compiled so far: everything that is executed when the service is loaded.
copyFileSync('scripts/bundle-loader.js', `${OUT}/loader.js`);
const { script, loadService } = await import(`../${OUT}/loader.js`);
await loadService();
writeFileSync(`${OUT}/keyblock.cache`, script.createCachedData());
