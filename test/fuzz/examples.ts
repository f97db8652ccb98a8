import admin from '../../openapi/admin.json' with { type: 'json' };
import controlPlane from '../../openapi/controlplane.json' with { type: 'json' };
import dataPlane from '../../openapi/dataplane.json' with { type: 'json' };
import kms from '../../openapi/kms.json' with { type: 'json' };
import type { Json } from './json-mutations.js';

/** An operation with the valid input of its example. */
export interface Example {
  name: string;
  /** The service that requests are signed for. */
  service: string;
  method: string;
  path: string;
  /** Path parameters by name. */
  parameters: Record<string, string>;
  /** Undefined if the operation has no body. */
  body: Json | undefined;
}

interface Schema {
  $ref?: string;
  example?: Json;
}
interface Described {
  operationId: string;
  parameters?: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
interface Document {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Schema> };
}

/** The examples of all operations, from the OpenAPI documents. */
export const EXAMPLES: readonly Example[] = [
  ...[controlPlane, dataPlane, admin].flatMap((document) => examplesOf(document, 'payment-cryptography')),
  ...examplesOf(kms, 'kms'),
];

function examplesOf(document: unknown, service: string): Example[] {
  const { paths, components } = document as Document;
  const { schemas } = components;
  const resolved = (schema: Schema) =>
    schema.$ref === undefined ? schema : (schemas[schema.$ref.slice('#/components/schemas/'.length)] as Schema);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId: name, parameters = [], requestBody }]) => {
      const [content] = Object.values(requestBody?.content ?? {});
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      return {
        name,
        service,
        method: method.toUpperCase(),
        path,
        parameters: Object.fromEntries(inPath.map((parameter) => [parameter.name, parameter.schema.example as string])),
        body: content && (resolved(content.schema).example ?? {}),
      };
    }),
  );
}
