import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Manifest } from './chart.js';

/** Modules of the package kubernetes-types, which are made from Kubernetes' OpenAPI documents. */
const MODULES: Record<string, string> = {
  v1: 'core/v1',
  'apps/v1': 'apps/v1',
  'autoscaling/v2': 'autoscaling/v2',
  'batch/v1': 'batch/v1',
  'networking.k8s.io/v1': 'networking/v1',
  'policy/v1': 'policy/v1',
};
/** The file that is compiled, which exists in memory only; it is in this folder, from where packages are found. */
const FILE = fileURLToPath(new URL('manifests.ts', import.meta.url));

/**
 * Compares objects with Kubernetes' types, in which unknown fields are errors. Kinds of other vendors are left out.
 *
 * @returns the compiler's errors
 */
export function typeProblems(objects: readonly Manifest[]): string[] {
  const lines = objects.flatMap((object, i) => {
    const module = MODULES[object.apiVersion];
    if (module === undefined) return [];
    return `export const o${i}: import('kubernetes-types/${module}').${object.kind} = ${JSON.stringify(object)};`;
  });
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    types: [],
    lib: ['lib.es5.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  const source = lines.join('\n');
  host.fileExists = (name) => name === FILE || fileExists.call(host, name);
  host.readFile = (name) => (name === FILE ? source : readFile.call(host, name));
  host.getSourceFile = (name, version) =>
    name === FILE ? ts.createSourceFile(name, source, version) : getSourceFile.call(host, name, version);
  const program = ts.createProgram([FILE], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}
