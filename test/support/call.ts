import { type Call, CallRecord } from '../../src/call.js';
import { CONTROL_PLANE } from '../../src/payment/api.js';

/** Creates a call by the root user, for code that is tested without HTTP. */
export function rootCall(operation: string, accountId = '000000000000', region = 'us-east-1'): Call {
  const arn = `arn:aws:iam::${accountId}:root`;
  return {
    requestId: '00000000-0000-4000-8000-000000000000',
    api: CONTROL_PLANE,
    operation,
    principal: { arn, principalArn: arn, accountId, accessKeyId: '' },
    region,
    origin: { sourceIp: '127.0.0.1', secureTransport: false, userAgent: undefined, time: new Date() },
    record: new CallRecord(),
  };
}
