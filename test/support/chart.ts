import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { isTrue, printed, type TemplateFunction, Templates } from './go-template.js';

export const CHART = fileURLToPath(new URL('../../deploy/helm/keyblock/', import.meta.url));

/** A Kubernetes object. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels: Record<string, string> };
  spec: Part;
}

/** A part of a Kubernetes object: each kind has another form. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Part = any;

export type Values = Record<string, unknown>;

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

const toYaml = (value: unknown) =>
  stringify(value, { sortMapEntries: true, indentSeq: false, lineWidth: 0, defaultKeyType: 'PLAIN' }).trimEnd();

const indent = (spaces: number, text: string) => text.replace(/^/gm, ' '.repeat(spaces));

/** The functions of Go, Sprig and Helm that the chart uses. */
const FUNCTIONS: Record<string, TemplateFunction> = {
  and: (args) => args.find((value) => !isTrue(value)) ?? args.at(-1),
  or: (args) => args.find((value) => isTrue(value)) ?? args.at(-1),
  not: ([value]) => !isTrue(value),
  empty: ([value]) => !isTrue(value),
  eq: ([one, other]) => one === other,
  len: ([value]) => (value as unknown[]).length,
  add: (args) => args.map(Number).reduce((sum, each) => sum + each, 0),
  list: (args) => args,
  dict: (args) => {
    const pairs = args.flatMap((name, i): [string, unknown][] => (i % 2 === 0 ? [[name as string, args[i + 1]]] : []));
    return Object.fromEntries(pairs);
  },
  first: ([list]) => (list as unknown[]).at(0),
  join: ([separator, list]) => (list as unknown[]).map(printed).join(separator as string),
  contains: ([part, text]) => (text as string).includes(part as string),
  trunc: ([length, text]) => (text as string).slice(0, length as number),
  trimSuffix: ([suffix, text]) => {
    const [end, whole] = [suffix as string, text as string];
    return whole.endsWith(end) ? whole.slice(0, -end.length) : whole;
  },
  printf: ([format, ...args]) => (format as string).replace(/%[sd]/g, () => printed(args.shift())),
  quote: ([value]) => JSON.stringify(printed(value)),
  default: ([fallback, value]) => (isTrue(value) ? value : fallback),
  ternary: ([yes, no, condition]) => (condition === true ? yes : no),
  trim: ([text]) => (text as string).trim(),
  toJson: ([value]) => JSON.stringify(value),
  toYaml: ([value]) => toYaml(value),
  nindent: ([spaces, text]) => `\n${indent(spaces as number, text as string)}`,
  include: ([name, dot], { templates }) => templates.include(name as string, dot),
  fail: ([message]) => {
    throw new Error(message as string);
  },
};

const readYaml = (name: string) => parse(readFileSync(join(CHART, name), 'utf8')) as Values;

/** Adds values to those of the chart, as Helm does: maps are merged, everything else is replaced. */
function merged(base: Values, over: Values): Values {
  const isMap = (value: unknown): value is Values =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const result = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const old = result[name];
    result[name] = isMap(old) && isMap(value) ? merged(old, value) : value;
  }
  return result;
}

/**
 * Renders the chart as `helm template keyblock deploy/helm/keyblock` does.
 *
 * @returns the text of each template, by the name of its file
 * @throws Error if the values don't fit the schema, or if the chart refuses them
 */
export function renderText(over: Values): Map<string, string> {
  const values = merged(readYaml('values.yaml'), over);
  z.fromJSONSchema(JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as JsonSchema).parse(values);
  const { name, version, appVersion } = readYaml('Chart.yaml');
  const dot = {
    Values: values,
    Chart: { Name: name, Version: version, AppVersion: appVersion },
    Release: { Name: 'keyblock', Namespace: 'default', Service: 'Helm' },
  };
  const templates = new Templates(FUNCTIONS);
  const render = new Map(
    readdirSync(join(CHART, 'templates'))
      .sort()
      .map((file) => [file, templates.add(readFileSync(join(CHART, 'templates', file), 'utf8'))]),
  );
  return new Map([...render].map(([file, text]) => [file, text(dot)]));
}

/** Renders the chart. @returns its objects */
export function render(over: Values): Manifest[] {
  return [...renderText(over)].filter(([file]) => file.endsWith('.yaml')).flatMap(([, text]) => objectsOf(text));
}

/** Parses a file of Kubernetes objects. */
export function objectsOf(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    const value = document.toJS() as Manifest | null;
    return value ? [value] : [];
  });
}
