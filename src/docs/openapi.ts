import type { INestApplication } from '@nestjs/common';
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
import { ControlPlaneModule } from '../payment/controlplane/controlplane.module.js';
import { DataPlaneModule } from '../payment/dataplane/dataplane.module.js';
import { CONTROLLERS, type OperationDocument, OPERATIONS } from '../http/operation.js';

const PLANES = {
  controlplane: {
    module: ControlPlaneModule,
    title: 'Keyblock control plane',
    description:
      'Manages keys and their aliases, tags, policies and replicas. Wire-compatible with the control plane of AWS Payment ' +
      'Cryptography (2021-09-14). ' +
      `AWS clients call every operation as \`POST /\` with the header \`X-Amz-Target: PaymentCryptographyControlPlane.<operation>\`; the ` +
      'service also accepts them at the paths below.',
  },
  dataplane: {
    module: DataPlaneModule,
    title: 'Keyblock data plane',
    description:
      'Performs cryptographic operations with stored keys. Wire-compatible with the data plane of AWS Payment Cryptography ' +
      '(2022-02-03). ' +
      'Binary values are hexadecimal, in upper case in responses.',
  },
  admin: {
    module: AdminModule,
    title: 'Keyblock administration',
    description:
      'Manages users and roles, their policies, access keys and sessions, and explains policy decisions. This is not an AWS ' +
      'API. Requests are signed like those of the control plane and data plane. The root may do everything; a user or a role ' +
      'needs a policy that allows the action `keyblock:<operation>` on the ARN of the user or role that the operation ' +
      'concerns.',
  },
} as const;

/** Generates the OpenAPI documents of both planes and of the admin API, by name, from controllers and schemas. */
export function openApiDocuments(app: INestApplication): Record<keyof typeof PLANES, OpenAPIObject> {
  for (const { controller, tag } of CONTROLLERS) ApiTags(tag)(controller);
  for (const { prototype, method, document } of OPERATIONS) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, method) as PropertyDescriptor;
    for (const decorate of decoratorsOf(document)) decorate(prototype, method, descriptor);
  }
  return {
    controlplane: documentOf(app, 'controlplane'),
    dataplane: documentOf(app, 'dataplane'),
    admin: documentOf(app, 'admin'),
  };
}

function decoratorsOf({ name, summary, description, command, output, errors }: OperationDocument): MethodDecorator[] {
  return [
    ApiOperation({ operationId: name, summary, description: `${description}\n\n\`\`\`sh\n${command}\n\`\`\`` }),
    ApiResponse({ status: 200, description: 'Success.', standardSchema: output }),
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
  const { module, title, description } = PLANES[plane];
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(title)
    .setDescription(description)
    .setVersion('1')
    .addServer('/')
    .addSecurity('sigv4', {
      type: 'apiKey',
      in: 'header',
      name: 'Authorization',
      description: 'AWS Signature Version 4, service name payment-cryptography.',
      'x-amazon-apigateway-authtype': 'awsSigv4',
    })
    .addSecurityRequirements('sigv4')
    .build();
  const document = SwaggerModule.createDocument(app, builder, {
    include: [module],
    standardSchemaConverter: (schema) => openApiSchema(schema as z.ZodType),
  });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ServiceException },
  };
  return document;
}

/** Members that all exceptions have; each may have more. */
const ServiceException = {
  type: 'object' as const,
  properties: {
    __type: { type: 'string' as const, description: 'Name of the exception. If it contains a #, the name follows it.' },
    message: { type: 'string' as const },
  },
};

/** Converts a zod schema to JSON Schema 2020-12, which OpenAPI 3.1 uses. Schemas with an ID become components. */
function openApiSchema(zodSchema: z.ZodType) {
  const { $schema: _, $defs: components, ...schema } = z.toJSONSchema(zodSchema, { io: 'input' });
  return { schema, components };
}
