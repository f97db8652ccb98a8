import { createHmac, randomBytes } from 'node:crypto';
import {
  CreateKeyCommand,
  DeleteImportedKeyMaterialCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
  type KMSClient,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import { ACCOUNT } from '../../../support/kms-access.js';
import { oaep } from '../../../support/kms-import.js';
import { kmsClient } from '../../../support/kms.js';
import { explain, type Recorded } from '../../../support/linearizability.js';
import { useNodes } from '../../../support/nodes.js';
import { randomOf } from '../../../support/random.js';

const shared = useNodes();
let clients: [KMSClient, KMSClient];
beforeAll(async () => {
  const [first, second] = await Promise.all(shared.nodes.map(({ process }) => process.listening));
  clients = [kmsClient({ url: first ?? '' }), kmsClient({ url: second ?? '' })];
});

const NAMES = ['A', 'B', 'C'] as const;
type Name = (typeof NAMES)[number];
type Call =
  { operation: 'import' | 'import new' | 'delete'; material: Name } | { operation: 'delete current' | 'rotate' };

interface Material {
  name: Name;
  state: 'CURRENT' | 'NON_CURRENT' | 'PENDING_ROTATION';
  isThere: boolean;
}
/** The materials of a key, in the order in which they were added. */
type State = readonly Material[];

/** The expected effect of a call on a state, and the expected answer: the name of an exception, or `ok`. */
function step(state: State, call: Call): { state: State; answer: string } {
  const refused = (answer: string) => ({ state, answer });
  const ok = (next: State) => ({ state: next, answer: 'ok' });
  const changed = (change: (material: Material) => Partial<Material>) =>
    ok(state.map((material) => ({ ...material, ...change(material) })));
  const waiting = state.find((material) => material.state === 'PENDING_ROTATION');
  const known = 'material' in call && state.find(({ name }) => name === call.material);
  switch (call.operation) {
    case 'import':
    case 'import new': {
      const isNew = call.operation === 'import new' || state.length === 0;
      if (isNew === Boolean(known)) return refused('IncorrectKeyMaterialException');
      if (isNew && waiting) return refused('KMSInvalidStateException');
      if (known) return changed(({ name }) => (name === call.material ? { isThere: true } : {}));
      const added = state.length === 0 ? 'CURRENT' : 'PENDING_ROTATION';
      return ok([...state, { name: call.material, state: added, isThere: true }]);
    }
    case 'delete':
      if (!known) return refused('NotFoundException');
      if (known === waiting) return ok(state.filter((material) => material !== waiting));
      return changed(({ name }) => (name === call.material ? { isThere: false } : {}));
    case 'delete current':
      return changed((material) => (material.state === 'CURRENT' ? { isThere: false } : {}));
    case 'rotate': {
      const isPendingImport = state.length === 0 || state.some((material) => material !== waiting && !material.isThere);
      if (isPendingImport || !waiting) return refused('KMSInvalidStateException');
      return changed((material) => ({ state: material === waiting ? 'CURRENT' : 'NON_CURRENT' }));
    }
  }
}

/** A key, its materials and what imports them. */
interface Imported {
  KeyId: string;
  arn: string;
  ImportToken: Uint8Array;
  wrapped: Record<Name, Buffer>;
  ids: Record<Name, string>;
}

async function newKey(): Promise<Imported> {
  const { KeyMetadata } = await clients[0].send(new CreateKeyCommand({ Origin: 'EXTERNAL' }));
  const { KeyId = '', Arn: arn = '' } = KeyMetadata ?? {};
  const { ImportToken = new Uint8Array(), PublicKey = new Uint8Array() } = await clients[1].send(
    new GetParametersForImportCommand({ KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }),
  );
  const each = <T>(map: (name: Name) => T) => ({ A: map('A'), B: map('B'), C: map('C') });
  const materials = each(() => randomBytes(32));
  const wrapping = { PublicKey: Buffer.from(PublicKey).toString('base64'), algorithm: 'RSAES_OAEP_SHA_256' };
  const idOf = (name: Name) =>
    createHmac('sha256', materials[name]).update(`kms key material id\0${ACCOUNT}\0${KeyId}`).digest('hex');
  return { KeyId, arn, ImportToken, wrapped: each((name) => oaep(wrapping, materials[name])), ids: each(idOf) };
}

async function make(kms: KMSClient, { KeyId, ImportToken, wrapped, ids }: Imported, call: Call): Promise<unknown> {
  switch (call.operation) {
    case 'import':
    case 'import new':
      return kms.send(
        new ImportKeyMaterialCommand({
          ...{ KeyId, ImportToken, EncryptedKeyMaterial: wrapped[call.material] },
          ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
          ...(call.operation === 'import new' && { ImportType: 'NEW_KEY_MATERIAL' }),
        }),
      );
    case 'delete':
      return kms.send(new DeleteImportedKeyMaterialCommand({ KeyId, KeyMaterialId: ids[call.material] }));
    case 'delete current':
      return kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }));
    case 'rotate':
      return kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  }
}

async function record(kms: KMSClient, key: Imported, call: Call): Promise<Recorded<Call>> {
  const invokedAt = performance.now();
  const answer = await make(kms, key, call).then(
    () => 'ok',
    (error: unknown) => (error as Error).name,
  );
  return { call, answer, invokedAt, answeredAt: performance.now() };
}

/** Reads the state of a key from the database, because nodes may have cached an older state. */
async function stored({ arn, ids }: Imported): Promise<State> {
  const { rows } = await shared.database.query<{ id: string; state: Material['state']; isThere: boolean }>(
    `SELECT material_id AS id, state, sealed IS NOT NULL AS "isThere" FROM kms_materials WHERE key_arn = $1 ORDER BY sequence`,
    [arn],
  );
  return rows.map(({ id, state, isThere }) => ({
    name: NAMES.find((name) => ids[name] === id) ?? 'A',
    state,
    isThere,
  }));
}

const ROUNDS = 25;
const CALLERS = 4;
const CALLS_EACH = 4;
/** Every answer of the model. Calls are made until all have occurred. */
const ANSWERS = [
  'delete NotFoundException',
  'delete current ok',
  'delete ok',
  'import IncorrectKeyMaterialException',
  'import new IncorrectKeyMaterialException',
  'import new KMSInvalidStateException',
  'import new ok',
  'import ok',
  'rotate KMSInvalidStateException',
  'rotate ok',
];

test('some order of the imports, deletions and rotations on two nodes explains every answer and the final state', async () => {
  const random = randomOf(5);
  const one = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const anyCall = (): Call =>
    one<() => Call>(
      () => ({ operation: one('import', 'import', 'import new'), material: one(...NAMES) }),
      () => ({ operation: one('import new', 'delete'), material: one(...NAMES) }),
      () => ({ operation: one('rotate', 'rotate', 'delete current') }),
    )();
  const answers = new Set<string>();
  for (let round = 0; round < ROUNDS || (answers.size < ANSWERS.length && round < 10 * ROUNDS); round++) {
    const key = await newKey();
    const histories = Array.from({ length: CALLERS }, async () => {
      const plan = Array.from({ length: CALLS_EACH }, () => ({ kms: one(...clients), call: anyCall() }));
      const history: Recorded<Call>[] = [];
      for (const { kms, call } of plan) history.push(await record(kms, key, call));
      return history;
    });
    const calls = (await Promise.all(histories)).flat();
    const [ends, end] = [explain<State, Call>([], calls, step), await stored(key)];
    if (!ends.some((explained) => JSON.stringify(explained) === JSON.stringify(end)))
      throw new Error(`No order explains round ${round}: ${JSON.stringify({ calls, end, ends }, undefined, 1)}`);
    for (const { call, answer } of calls) answers.add(`${call.operation} ${String(answer)}`);
  }
  expect([...answers].sort()).toEqual(ANSWERS);
});
