import { applyDecorators, HttpCode, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { CONTROL_PLANE } from './request.js';

interface Operation {
  /** Name in the service model. */
  name: string;
  /** One line, in our own words. */
  summary: string;
  /** What it does and needs; Markdown. */
  description: string;
  /** Arguments of a call by the AWS CLI, after the service and operation. */
  example: string;
  output: z.ZodType;
}

const CONTROL_PLANE_ERRORS = {
  400: 'ValidationException, SerializationException, ResourceNotFoundException, ConflictException, ServiceQuotaExceededException, ThrottlingException, AccessDeniedException, or a fault of the signature',
  500: 'InternalServerException',
  503: 'ServiceUnavailableException',
};

const DATA_PLANE_ERRORS = {
  400: 'ValidationException, SerializationException',
  403: 'AccessDeniedException, or a fault of the signature',
  404: 'ResourceNotFoundException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
};

/** An operation of the control plane: POST / with its name in X-Amz-Target, routed to a path of its name. */
export function ControlPlaneOperation(operation: Operation): MethodDecorator {
  return applyDecorators(
    Post(`${CONTROL_PLANE}/${operation.name}`),
    ...common(operation, 'payment-cryptography', CONTROL_PLANE_ERRORS),
  );
}

/** An operation of the data plane: POST to a path of the model. */
export function DataPlaneOperation(path: string, operation: Operation & { verifies?: boolean }): MethodDecorator {
  const errors = operation.verifies
    ? { ...DATA_PLANE_ERRORS, 400: `${DATA_PLANE_ERRORS[400]}, VerificationFailedException` }
    : DATA_PLANE_ERRORS;
  return applyDecorators(Post(path), ...common(operation, 'payment-cryptography-data', errors));
}

function common(
  { name, summary, description, example, output }: Operation,
  cli: string,
  errors: Record<number, string>,
) {
  const command = `aws ${cli} ${name.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase()}${example && ' '}${example}`;
  return [
    HttpCode(200),
    RouteConfig({ operation: name }),
    ApiOperation({ operationId: name, summary, description: `${description}\n\n\`\`\`sh\n${command}\n\`\`\`` }),
    ApiResponse({ status: 200, description: 'Done.', standardSchema: output }),
    ...Object.entries(errors).map(([status, names]) =>
      ApiResponse({
        status: Number(status),
        description: names,
        schema: { $ref: '#/components/schemas/ServiceException' },
      }),
    ),
  ];
}
