#!/usr/bin/env node
// Compares an OpenAPI document with an AWS service model: every operation, member, required flag, enum, length, range,
// union and pattern of the inputs, and every member of the outputs.
//
//   node scripts/check-model.js test/models/payment-cryptography.service-2.json openapi/controlplane.json
//
// JSON RPC services (awsJson) must be at POST /<targetPrefix>/<Operation>, rest-json services at their own URIs. Prints
// each difference and, last, 'N of M facts agree, K of L operations'. Exits with 1 if anything differs.
import { readFileSync } from 'node:fs';

/** Types in JSON Schema of the model's types; a structure is compared by its members. */
const TYPES = {
  structure: ['object'],
  map: ['object'],
  list: ['array'],
  string: ['string'],
  integer: ['integer', 'number'],
  long: ['integer', 'number'],
  boolean: ['boolean'],
  timestamp: ['number', 'string'],
  blob: ['string'],
};

/** Keywords of JSON Schema for the model's min and max, by its types. */
const BOUNDS = {
  string: ['minLength', 'maxLength'],
  integer: ['minimum', 'maximum'],
  list: ['minItems', 'maxItems'],
};

/** Media types of the services' bodies. */
const MEDIA_TYPES = ['application/json', 'application/x-amz-json-1.0', 'application/x-amz-json-1.1'];

/** Locations of members that are not in the body. */
const OUTSIDE_BODY = ['uri', 'querystring', 'header', 'headers'];

const [modelFile, openapiFile] = process.argv.slice(2);
if (!openapiFile) {
  console.error('usage: check-model.js MODEL.json OPENAPI.json');
  process.exit(2);
}
const { shapes, operations, metadata } = JSON.parse(readFileSync(modelFile, 'utf8'));
const api = JSON.parse(readFileSync(openapiFile, 'utf8'));

let agreed = 0;
let total = 0;

/** Counts a fact, and prints the difference if it doesn't hold. @returns whether it holds */
function check(holds, where, difference) {
  total += 1;
  if (holds) agreed += 1;
  else console.log(`${where}: ${difference}`);
  return holds;
}

/** Follows references, also those that a schema overrides in part. */
function resolve(schema) {
  if (schema?.$ref) return resolve(target(schema.$ref));
  if (schema?.allOf?.length !== 1) return schema;
  const { allOf, ...overrides } = schema;
  return resolve({ ...allOf[0], ...overrides });
}

/** @param reference JSON pointer within the document, e.g. `#/components/schemas/Key` */
function target(reference) {
  const steps = reference.replace(/^#\//, '').split('/');
  return steps.reduce((node, step) => node?.[step.replaceAll('~1', '/')], api);
}

function typeOf({ type, enum: values }) {
  const [first] = [type].flat().filter((each) => each !== 'null');
  return first ?? (values ? 'string' : undefined);
}

function isSameSet(some = [], others = []) {
  return some.length === others.length && new Set([...some, ...others]).size === some.length;
}

/**
 * Compares a schema with a shape of the model, and the schemas below it.
 *
 * @param where path of the schema, e.g. `CreateKey.input.Tags[]`
 * @param above names of the structures around the schema, which end a recursion
 */
function compare(name, unresolved, { where, isInput, above = [] }) {
  const shape = shapes[name];
  const schema = resolve(unresolved);
  if (!check(schema !== undefined, where, 'missing')) return;
  compareType(shape, schema, where);
  if (isInput) compareBounds(shape, schema, where);
  if (shape.type === 'list') compare(shape.member.shape, schema.items, { where: `${where}[]`, isInput, above });
  if (shape.type === 'structure' && !above.includes(name)) {
    compareMembers(shape, schema, { where, isInput, above: [...above, name] });
    if (isInput) compareRequired(shape, schema, where);
  }
}

function compareType({ type, enum: values }, schema, where) {
  const found = typeOf(schema);
  const [expected] = TYPES[type];
  const difference =
    type === 'timestamp' || type === 'blob' ? `${type} is ${found}` : `type is ${found}, model says ${expected}`;
  check(TYPES[type].includes(found), where, difference);
  if (!values) return;
  const lacking = values.filter((value) => !schema.enum?.includes(value));
  const added = (schema.enum ?? []).filter((value) => !values.includes(value));
  check(isSameSet(schema.enum, values), where, `enum differs: lacks [${lacking}], adds [${added}]`);
}

function compareBounds({ type, min, max, pattern, enum: values }, schema, where) {
  if (values) return;
  const [minimum, maximum] = BOUNDS[type] ?? [];
  for (const [keyword, bound] of [
    [minimum, min],
    [maximum, max],
  ])
    if (keyword !== undefined && bound !== undefined)
      check(schema[keyword] === bound, where, `${keyword} is ${schema[keyword]}, model says ${bound}`);
  if (pattern) check(schema.pattern !== undefined, where, `no pattern, model says ${pattern}`);
}

function compareMembers({ members }, { properties = {} }, { where, ...context }) {
  for (const [name, { shape, location }] of Object.entries(members))
    if (!OUTSIDE_BODY.includes(location)) compare(shape, properties[name], { where: `${where}.${name}`, ...context });
  for (const name of Object.keys(properties)) check(name in members, `${where}.${name}`, 'not in the model');
}

function compareRequired({ members, required = [], union }, schema, where) {
  const expected = required.filter((name) => !members[name].location);
  const found = schema.required ?? [];
  check(isSameSet(found, expected), where, `required [${found}], model says [${expected}]`);
  if (union) check(schema.minProperties === 1 && schema.maxProperties === 1, where, 'a union has exactly one member');
}

/** @returns the schema of a request or response body */
function schemaOf(content = {}) {
  return MEDIA_TYPES.map((type) => content[type]).find(Boolean)?.schema;
}

/** Compares an operation with the model. @returns whether the document has it */
function compareOperation(name, { http, input, output }) {
  const path = metadata.protocol === 'json' ? `/${metadata.targetPrefix}/${name}` : http.requestUri;
  const operation = api.paths?.[path]?.[http.method.toLowerCase()];
  if (!check(operation !== undefined, name, `no ${http.method} ${path}`)) return false;
  const response = resolve(operation.responses?.['200']);
  check(response !== undefined, name, 'no 200 response');
  if (input) {
    const where = `${name}.input`;
    const schema = schemaOf(operation.requestBody?.content) ?? { type: 'object' };
    compare(input.shape, schema, { where, isInput: true });
    comparePath(shapes[input.shape], operation, where);
  }
  if (output && Object.keys(shapes[output.shape].members).length > 0)
    compare(output.shape, schemaOf(response?.content), { where: `${name}.output`, isInput: false });
  return true;
}

function comparePath({ members }, { parameters = [] }, where) {
  for (const [member, { location, locationName = member }] of Object.entries(members)) {
    if (location !== 'uri') continue;
    const isParameter = parameters.some((parameter) => parameter.in === 'path' && parameter.name === locationName);
    check(isParameter, `${where}.${member}`, 'no path parameter');
  }
}

const all = Object.entries(operations);
const served = all.filter(([name, operation]) => compareOperation(name, operation));
console.log(`${agreed} of ${total} facts agree, ${served.length} of ${all.length} operations`);
process.exit(agreed === total ? 0 : 1);
