// Bundles console/ to public/console: hashed names, compressed copies, licences. Fails if a part exceeds its budget.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const OUT = 'public/console';

/**
 * Largest sizes in bytes of the JavaScript, gzipped. `first` is what every page loads before it draws anything, `workbench`
 * what a calculator loads beyond that, `exchange` what a screen that exchanges keys does, `inspector` what the inspector of TR-34
 * tokens and certificates adds to it.
 */
const BUDGET = { first: 50_000, workbench: 45_000, exchange: 30_000, inspector: 26_000, all: 185_000 };

rmSync(OUT, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ['console/main.tsx', 'console/console.css', 'console/docs.css', 'console/favicon.svg'],
  outdir: OUT,
  bundle: true,
  minify: true,
  splitting: true,
  // src/crypto runs in the browser as it is.
  alias: JSON.parse(readFileSync('console/browser-modules.json', 'utf8')),
  format: 'esm',
  target: ['es2022', 'chrome117', 'firefox119', 'safari17.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  loader: { '.woff2': 'file', '.svg': 'copy' },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});

const outputs = Object.entries(metafile.outputs).map(([path, output]) => ({ name: basename(path), ...output }));
const named = (pattern) => outputs.find(({ name }) => pattern.test(name)).name;
const html = readFileSync('console/index.html', 'utf8')
  .replace('console.css', named(/^console-\w+\.css$/))
  .replace('main.js', named(/^main-\w+\.js$/))
  .replace('favicon.svg', named(/^favicon-\w+\.svg$/));
writeFileSync(`${OUT}/index.html`, html);
writeFileSync(`${OUT}/licences.txt`, licences());

const scripts = outputs.filter(({ name }) => name.endsWith('.js'));
const main = scripts.find(({ name }) => name.startsWith('main-'));
const first = loadedWith(main);
const workbench = scripts.find(({ name }) => name.startsWith('workbench-'));
writeFileSync(`${OUT}/workbench.json`, JSON.stringify(ofWorkbench()));

checkBudget();
for (const name of readdirSync(OUT).filter((name) => /\.(js|css)$/.test(name))) {
  const content = readFileSync(`${OUT}/${name}`);
  writeFileSync(`${OUT}/${name}.gz`, gzipSync(content, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(`${OUT}/${name}.br`, brotliCompressSync(content, { params }));
}

/** @returns the licences of the packages that the output contains */
function licences() {
  const packages = new Set(
    outputs
      .flatMap(({ inputs }) => Object.keys(inputs))
      .flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  return [...packages]
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function checkBudget() {
  const calculators = dynamicImports(workbench).map((calculator) => [workbench, ...loadedWith(calculator)]);
  const sizes = {
    first: sizeOf(first),
    workbench: Math.max(...calculators.map((loaded) => sizeOf(loaded.filter((script) => !first.includes(script))))),
    exchange: Math.max(
      ...dynamicImports(scripts.find(({ name }) => name.startsWith('screens-'))).map((screen) =>
        sizeOf(beyond(first, screen)),
      ),
    ),
    inspector: sizeOf(
      beyond(
        first,
        scripts.find(({ name }) => name.startsWith('der-')),
      ),
    ),
    all: sizeOf(scripts),
  };
  const words = Object.entries(BUDGET).map(([part, most]) => `${part} ${sizes[part]} of ${most}`);
  console.error(`The console's JavaScript, gzipped: ${words.join(', ')} bytes`);
  if (Object.entries(BUDGET).some(([part, most]) => sizes[part] > most)) process.exit(1);
}

/** @returns the scripts that come with an output, without those that are loaded already */
function beyond(already, output) {
  return loadedWith(output).filter((script) => !already.includes(script));
}

/** @returns the names of the scripts that nothing but the workbench loads */
function ofWorkbench() {
  const others = loadedWith(main, (script) => [...staticImports(script), ...dynamicImports(script)], [workbench]);
  return scripts.filter((script) => !others.includes(script)).map(({ name }) => name);
}

/** @returns an output and the outputs that it imports, directly or indirectly, without those in `left` */
function loadedWith(output, importsOf = staticImports, left = []) {
  const loaded = [output];
  for (const each of loaded)
    loaded.push(...importsOf(each).filter((next) => !loaded.includes(next) && !left.includes(next)));
  return loaded;
}

function staticImports(output) {
  return importsOfKind(output, 'import-statement');
}

function dynamicImports(output) {
  return importsOfKind(output, 'dynamic-import');
}

function importsOfKind({ imports }, wanted) {
  return imports
    .filter(({ kind }) => kind === wanted)
    .map(({ path }) => outputs.find(({ name }) => name === basename(path)));
}

function sizeOf(files) {
  return files.reduce((sum, { name }) => sum + gzipSync(readFileSync(`${OUT}/${name}`), { level: 9 }).length, 0);
}
