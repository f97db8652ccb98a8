#!/usr/bin/env node
// Compares an OpenAPI document with an AWS service model: every operation, member, required flag, enum,
// length, range, union and pattern of the inputs, and every member of the outputs.
//
//   node scripts/check-model.js test/models/payment-cryptography.service-2.json openapi/controlplane.json
//
// JSON RPC services (awsJson) must be at POST /<targetPrefix>/<Operation>, rest-json services at their own URIs.
// Prints each difference and, last, 'N of M facts agree, K of L operations'. Exits with 1 if anything differs.
import { readFileSync } from 'node:fs';

const [modelFile, openapiFile, ...flags] = process.argv.slice(2);
if (!openapiFile) {
  console.error('usage: check-model.js MODEL.json OPENAPI.json [--only Op,Op]');
  process.exit(2);
}
const only = flags[0] === '--only' ? new Set(flags[1].split(',')) : undefined;
const model = JSON.parse(readFileSync(modelFile, 'utf8'));
const api = JSON.parse(readFileSync(openapiFile, 'utf8'));
const { shapes, operations, metadata } = model;

let agreed = 0,
  total = 0;
const fact = (holds, where, what) => {
  total++;
  if (holds) agreed++;
  else console.log(`${where}: ${what}`);
  return holds;
};

function resolve(schema) {
  while (schema?.$ref || schema?.allOf?.length === 1) {
    schema = schema.$ref
      ? schema.$ref
          .replace(/^#\//, '')
          .split('/')
          .reduce((node, part) => node?.[part.replaceAll('~1', '/')], api)
      : { ...schema.allOf[0], ...Object.fromEntries(Object.entries(schema).filter(([k]) => k !== 'allOf')) };
  }
  return schema;
}
const typeOf = (s) =>
  (Array.isArray(s?.type) ? s.type.find((t) => t !== 'null') : s?.type) ?? (s?.enum ? 'string' : undefined);
const wanted = {
  structure: 'object',
  map: 'object',
  list: 'array',
  string: 'string',
  integer: 'integer',
  long: 'integer',
  boolean: 'boolean',
};
const sameSet = (a = [], b = []) => a.length === b.length && new Set([...a, ...b]).size === a.length;

function compare(shapeName, schema, where, input, seen = []) {
  const shape = shapes[shapeName];
  const s = resolve(schema);
  if (!fact(s !== undefined, where, 'missing')) return;
  if (shape.type === 'timestamp') {
    fact(['number', 'string'].includes(typeOf(s)), where, `timestamp is ${typeOf(s)}`);
    return;
  }
  if (shape.type === 'blob') {
    fact(typeOf(s) === 'string', where, `blob is ${typeOf(s)}`);
    return;
  }
  const expected = wanted[shape.type];
  if (expected)
    fact(
      typeOf(s) === expected || (expected === 'integer' && typeOf(s) === 'number'),
      where,
      `type is ${typeOf(s)}, model says ${expected}`,
    );
  if (shape.enum)
    fact(
      sameSet(s.enum, shape.enum),
      where,
      `enum differs: lacks [${shape.enum.filter((e) => !s.enum?.includes(e))}], adds [${(s.enum ?? []).filter((e) => !shape.enum.includes(e))}]`,
    );
  if (input) {
    const bounds = {
      string: ['minLength', 'maxLength'],
      integer: ['minimum', 'maximum'],
      list: ['minItems', 'maxItems'],
    }[shape.type];
    if (bounds && !shape.enum) {
      if (shape.min !== undefined)
        fact(s[bounds[0]] === shape.min, where, `${bounds[0]} is ${s[bounds[0]]}, model says ${shape.min}`);
      if (shape.max !== undefined)
        fact(s[bounds[1]] === shape.max, where, `${bounds[1]} is ${s[bounds[1]]}, model says ${shape.max}`);
    }
    if (shape.pattern && !shape.enum) fact(s.pattern !== undefined, where, `no pattern, model says ${shape.pattern}`);
  }
  if (shape.type === 'list') compare(shape.member.shape, s.items, `${where}[]`, input, seen);
  if (shape.type !== 'structure' || seen.includes(shapeName)) return;
  const properties = s.properties ?? {};
  for (const [name, member] of Object.entries(shape.members)) {
    if (['uri', 'querystring', 'header', 'headers'].includes(member.location)) continue;
    compare(member.shape, properties[name], `${where}.${name}`, input, [...seen, shapeName]);
  }
  for (const name of Object.keys(properties)) fact(name in shape.members, `${where}.${name}`, 'not in the model');
  const required = (shape.required ?? []).filter((n) => !shape.members[n].location);
  if (input)
    fact(sameSet(s.required ?? [], required), where, `required [${s.required ?? []}], model says [${required}]`);
  if (input && shape.union)
    fact(s.minProperties === 1 && s.maxProperties === 1, where, 'a union has exactly one member');
}

const isRpc = metadata.protocol === 'json';
let served = 0,
  asked = 0;
for (const [name, op] of Object.entries(operations)) {
  if (only && !only.has(name)) continue;
  asked++;
  const path = isRpc ? `/${metadata.targetPrefix}/${name}` : op.http.requestUri;
  const operation = api.paths?.[path]?.[op.http.method.toLowerCase()];
  if (!fact(operation !== undefined, name, `no ${op.http.method} ${path}`)) continue;
  served++;
  const response = resolve(operation.responses?.['200']);
  fact(response !== undefined, name, 'no 200 response');
  if (op.input) {
    compare(
      op.input.shape,
      operation.requestBody?.content?.['application/json']?.schema ??
        operation.requestBody?.content?.['application/x-amz-json-1.0']?.schema ??
        operation.requestBody?.content?.['application/x-amz-json-1.1']?.schema ?? { type: 'object' },
      `${name}.input`,
      true,
    );
    for (const [member, { location, locationName }] of Object.entries(shapes[op.input.shape].members)) {
      if (location === 'uri')
        fact(
          operation.parameters?.some((p) => p.in === 'path' && p.name === (locationName ?? member)),
          `${name}.input.${member}`,
          'no path parameter',
        );
    }
  }
  if (op.output && Object.keys(shapes[op.output.shape].members).length) {
    const content = response?.content ?? {};
    compare(
      op.output.shape,
      (content['application/json'] ?? content['application/x-amz-json-1.0'] ?? content['application/x-amz-json-1.1'])
        ?.schema,
      `${name}.output`,
      false,
    );
  }
}
console.log(`${agreed} of ${total} facts agree, ${served} of ${asked} operations`);
process.exit(agreed === total ? 0 : 1);
