import { eventMembers } from '../audit/request-parameters.js';
import type { Api } from '../http/api.js';
import { restJsonBody } from '../http/framing.js';
import { VALIDATION_EXCEPTIONS } from '../http/validation-exceptions.js';

/** Operations of the control plane that key commands need. */
const MANAGES_KEYS = ['CreateKey', 'ImportKey', 'ExportKey'];

/**
 * Host commands of a payment HSM. They don't use HTTP: this row describes them for audit events and metrics. An event
 * is named after the operation of Payment Cryptography whose permission the command needs, and shows the code of the
 * command.
 */
export const HOST_COMMANDS: Api = {
  name: 'hostcommands',
  routing: { path: 'hostcommands' },
  contentType: 'application/octet-stream',
  rateOf: () => 'dataPlane',
  exceptions: VALIDATION_EXCEPTIONS,
  statusOf: ({ status }) => status,
  bodyOf: restJsonBody,
  audit: {
    eventSource: 'hostcommands',
    keyType: 'AWS::PaymentCryptography::Key',
    // A key block LMK is a key of Payment Cryptography; a variant LMK has an ARN of its own.
    typeOf: (arn) => (arn.startsWith('arn:aws:keyblock:') ? 'Keyblock::HostCommands::LMK' : undefined),
    // The event source is that of the same operations over HTTP, so that a search for exports also finds those by
    // hosts.
    isDataEvent: (operation) => !MANAGES_KEYS.includes(operation),
    isReadOnly: (operation) => !MANAGES_KEYS.includes(operation),
    // The dispatcher formats the parameters.
    members: eventMembers({ values: '', structures: '' }),
  },
};
