import { Delete, Get, HttpCode, type INestApplication, Patch, Post, Put } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants.js';
import {
  ApiOperation,
  ApiResponse,
  ApiTags,
  DocumentBuilder,
  type OpenAPIObject,
  SwaggerModule,
} from '@nestjs/swagger';
import { z } from 'zod';
import { AdminModule } from '../admin/admin.module.js';
import { ADMIN } from '../admin/api.js';
import { CCKM } from '../cckm/api.js';
import { CckmModule } from '../cckm/cckm.module.js';
import { ControlPlaneModule } from '../payment/controlplane/controlplane.module.js';
import { DataPlaneModule } from '../payment/dataplane/dataplane.module.js';
import { KMS } from '../kms/api.js';
import { KmsModule } from '../kms/kms.module.js';
import { CONTROL_PLANE, DATA_PLANE } from '../payment/api.js';
import { XKS_PROXY } from '../xks-proxy/api.js';
import { XksProxyModule } from '../xks-proxy/xks-proxy.module.js';
import { CONTROLLERS, OPERATIONS, type RegisteredOperation } from '../http/operation.js';

/** Members that all exceptions of an API have; each may have more. */
type ErrorMembers = Record<string, { type: 'string' | 'integer'; description?: string }>;
const AWS_ERROR: ErrorMembers = {
  __type: { type: 'string', description: 'Name of the exception. If it contains a #, the name follows it.' },
  message: { type: 'string' },
};
/** The error envelope of CipherTrust Manager. */
const ENVELOPE: ErrorMembers = {
  code: { type: 'integer' },
  codeDesc: { type: 'string', description: 'Begins with the name of the fault.' },
  message: { type: 'string' },
  requestID: { type: 'string' },
};
const XKS_ERROR: ErrorMembers = { errorName: { type: 'string' }, errorMessage: { type: 'string' } };

const EXAMPLES = 'The examples run unchanged after `keyblock demo`, which creates the keys and users that they use.';
const XKS_EXAMPLES =
  'The examples need a credential of the prefix `demo`, and a key that is released to it as `orders`.';

const PLANES = {
  controlplane: {
    api: CONTROL_PLANE,
    error: AWS_ERROR,
    examples: EXAMPLES,
    module: ControlPlaneModule,
    title: 'Keyblock control plane',
    description:
      'Manages keys and their aliases, tags, policies and replicas. Wire-compatible with the control plane of AWS Payment ' +
      'Cryptography (2021-09-14). ' +
      `AWS clients call every operation as \`POST /\` with the header \`X-Amz-Target: PaymentCryptographyControlPlane.<operation>\`; the ` +
      'service also accepts them at the paths below.',
  },
  dataplane: {
    api: DATA_PLANE,
    error: AWS_ERROR,
    examples: EXAMPLES,
    module: DataPlaneModule,
    title: 'Keyblock data plane',
    description:
      'Performs cryptographic operations with stored keys. Wire-compatible with the data plane of AWS Payment Cryptography ' +
      '(2022-02-03). ' +
      'Binary values are hexadecimal, in upper case in responses.',
  },
  kms: {
    api: KMS,
    error: AWS_ERROR,
    examples: EXAMPLES,
    module: KmsModule,
    title: 'Keyblock KMS',
    description:
      'Manages KMS keys, with their key policies, grants, aliases and tags, and encrypts, signs and authenticates with them. ' +
      'Wire-compatible with AWS KMS (2014-11-01). ' +
      'AWS clients call every operation as `POST /` with the header `X-Amz-Target: TrentService.<operation>`; the service also accepts ' +
      'them at the paths below. Requests are signed for the service `kms`. Binary values are base64. The example of ' +
      'ImportKeyMaterial needs the token and the public key that GetParametersForImport returns.',
  },
  'xks-proxy': {
    api: XKS_PROXY,
    error: XKS_ERROR,
    examples: XKS_EXAMPLES,
    module: XksProxyModule,
    title: 'Keyblock XKS proxy',
    description:
      'Lets AWS KMS use keys in Keyblock as external keys: version 1 of the AWS KMS external key store (XKS) proxy API. ' +
      'Requests are signed for the service `kms-xks-proxy`, with a credential that `keyblock xks` has created for the prefix. ' +
      'Without a prefix, paths begin with `/kms/xks/v1`. Binary values are base64.',
  },
  cckm: {
    api: CCKM,
    error: ENVELOPE,
    examples: undefined,
    module: CckmModule,
    title: 'Keyblock CCKM',
    description:
      'The AWS key endpoints of Thales CipherTrust Cloud Key Manager (CCKM), over the keys of KMS. A user with a password signs in with ' +
      '`POST /api/v1/auth/tokens`, and sends the JWT in the header `Authorization: Bearer …`. Every call runs as that user: policies and key ' +
      'policies decide as they do for the same call to KMS. Containers, templates and the records of keys need an action `cckm:<operation>` on `*`. ' +
      '“Authorize” takes the name and the password of a user, and signs in for as long as the page is open.',
  },
  admin: {
    api: ADMIN,
    error: AWS_ERROR,
    examples: EXAMPLES,
    module: AdminModule,
    title: 'Keyblock administration',
    description:
      'Manages users and roles, their policies, access keys and sessions, and explains policy decisions. This is not an AWS ' +
      'API. Requests are signed like those of the control plane and data plane. The root has all permissions; a user or a role ' +
      'needs a policy that allows the action `keyblock:<operation>` on the ARN of the user or role that the operation ' +
      'concerns.',
  },
} as const;

/** Generates the OpenAPI documents of all APIs, by name, from controllers and schemas. */
export function openApiDocuments(app: INestApplication): Record<keyof typeof PLANES, OpenAPIObject> {
  for (const { controller, tag } of CONTROLLERS) ApiTags(tag)(controller);
  for (const operation of OPERATIONS) {
    const { prototype, method } = operation;
    const descriptor = Object.getOwnPropertyDescriptor(prototype, method) as PropertyDescriptor;
    for (const decorate of decoratorsOf(operation)) decorate(prototype, method, descriptor);
  }
  return {
    controlplane: documentOf(app, 'controlplane'),
    dataplane: documentOf(app, 'dataplane'),
    kms: documentOf(app, 'kms'),
    'xks-proxy': documentOf(app, 'xks-proxy'),
    cckm: documentOf(app, 'cckm'),
    admin: documentOf(app, 'admin'),
  };
}

const METHODS = { GET: Get, POST: Post, PUT: Put, PATCH: Patch, DELETE: Delete };

function decoratorsOf({ route, document }: RegisteredOperation): MethodDecorator[] {
  const { name, summary, description, command, output, errors, status = 200 } = document;
  return [
    METHODS[route.method](route.path),
    HttpCode(status),
    ApiOperation({ operationId: name, summary, description: `${description}\n\n\`\`\`sh\n${command}\n\`\`\`` }),
    ApiResponse({ status, description: 'Success.', ...(status !== 204 && { standardSchema: output }) }),
    ...Object.entries(errors).map(([status, names]) =>
      ApiResponse({
        status: Number(status),
        description: names,
        schema: { $ref: '#/components/schemas/ServiceException' },
      }),
    ),
  ];
}

function documentOf(app: INestApplication, plane: keyof typeof PLANES): OpenAPIObject {
  const { api, error, examples, module, title, description } = PLANES[plane];
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(title)
    .setDescription(examples === undefined ? description : `${description}\n\n${examples}`)
    .setVersion('1')
    .addServer('/');
  if (api.signingName === undefined) builder.addSecurity('jwt', JWT).addSecurityRequirements('jwt');
  else addSignature(builder, api.signingName);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    // Doesn't use Swagger's deep scan, which would follow the imports to the global module and its controllers.
    include: [module, ...modulesIn(module)],
    standardSchemaConverter: (schema) => openApiSchema(schema as z.ZodType),
  });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ServiceException: { type: 'object', properties: error } },
  };
  return document;
}

/** Returns the modules that a module imports, e.g. those of the kinds of resources of KMS. */
function modulesIn(module: NewableFunction): NewableFunction[] {
  return (Reflect.getMetadata(MODULE_METADATA.IMPORTS, module) ?? []) as NewableFunction[];
}

function addSignature(builder: DocumentBuilder, service: string): void {
  builder
    .addSecurity('sigv4', {
      type: 'apiKey',
      in: 'header',
      name: 'Authorization',
      description: `AWS Signature Version 4, service name ${service}.`,
      'x-amazon-apigateway-authtype': 'awsSigv4',
    })
    .addSecurityRequirements('sigv4');
}

const JWT = {
  type: 'http' as const,
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'The `jwt` that `POST /api/v1/auth/tokens` returns.',
};

/** Converts a zod schema to JSON Schema 2020-12, which OpenAPI 3.1 uses. Schemas with an ID become components. */
function openApiSchema(zodSchema: z.ZodType) {
  const { $schema: _, $defs: components, ...schema } = z.toJSONSchema(zodSchema, { io: 'input' });
  return { schema, components };
}
