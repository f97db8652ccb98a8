import { ADMIN } from '../admin/api.js';
import type { Call } from '../call.js';
import type { Fact, GuardedOperation, Subject } from './guarded-operations.js';

/** Parameters of the operations on the master key. */
interface MasterKeyParameters {
  masterKey?: string;
  newMasterKey?: string;
  token?: string;
}

/** Parameters of PruneAudit. */
interface PruneParameters {
  FirstDay?: string;
  LastDay?: string;
  Segments?: number;
}

const ROTATION = 'RotateMasterKey';

/**
 * The operations of commands on the host that can need approvals. Those that give the master key to another holder have the
 * same guard as its rotation.
 */
export const HOST_OPERATIONS: readonly GuardedOperation[] = [
  onHost(ROTATION, ROTATION, masterKeyFacts('Replaces the master key, under which all key material is sealed.')),
  onHost('MasterKeyWrapped', ROTATION, masterKeyFacts('Encrypts the master key under a key of a token.')),
  onHost('MasterKeyRewrapped', ROTATION, masterKeyFacts('Encrypts the master key under another key of a token.')),
  onHost('MasterKeyUnwrapped', ROTATION, masterKeyFacts('Writes the clear master key to a file on the host.')),
  onHost('PruneAudit', 'PruneAudit', (parameters: PruneParameters) => [
    { name: 'Change', value: 'Drops days of the audit log from the database. Their exports remain.' },
    {
      name: 'Days',
      value: `${parameters.FirstDay ?? ''} to ${parameters.LastDay ?? ''}, ${parameters.Segments ?? 0} in all`,
    },
  ]),
];

function onHost(operation: string, guard: string, factsOf: (parameters: object) => Fact[]): GuardedOperation {
  return {
    api: ADMIN.name,
    operation,
    guard,
    isGlobal: true,
    // The parameters name what is replaced: the master key, and the days with the manifest of the last.
    read: ({ origin, record }: Call): Promise<Subject> => {
      const facts = factsOf(record.requestParameters ?? {});
      return Promise.resolve({ facts: [...facts, { name: 'Host', value: origin.sourceIp }] });
    },
  };
}

function masterKeyFacts(change: string) {
  return ({ masterKey = '', newMasterKey, token }: MasterKeyParameters): Fact[] => [
    { name: 'Change', value: change },
    { name: 'Master key', value: masterKey },
    ...(newMasterKey === undefined ? [] : [{ name: 'New master key', value: newMasterKey }]),
    ...(token === undefined ? [] : [{ name: 'Token', value: token }]),
  ];
}
