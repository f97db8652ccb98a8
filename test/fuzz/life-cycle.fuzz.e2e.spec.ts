import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { Changes } from '../../src/changes/changes.js';
import { useService } from '../support/api.js';
import { rebind } from '../support/database.js';
import { createKey } from '../support/keys.js';
import { target } from '../support/service.js';

/**
 * Sequences of life-cycle calls on a key whose row is edited in the database between the calls. The calls follow the
 * state machine. A key whose sealed material or associated data was edited computes nothing until the edits are undone,
 * whatever is called meanwhile.
 *
 * FUZZ_CASES is 500 times the number of sequences. FUZZ_SEED reproduces a run.
 */
const SEQUENCES = Math.ceil(Number(process.env['FUZZ_CASES'] ?? 2000) / 500);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() & 0x7fffffff);

const service = useService();

/** Edits of columns in the associated data of the material, as SQL expressions. */
const EDITS = {
  sealed: `set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1)`,
  usage: `'TR31_M3_ISO_9797_3_MAC_KEY'`,
  algorithm: `'AES_192'`,
  modes: `'Generate'`,
  exportable: 'NOT exportable',
  kcv: `'000000'`,
} as const;
type Column = keyof typeof EDITS;

type Step =
  | { call: 'StopKeyUsage' | 'StartKeyUsage' | 'DeleteKey' | 'RestoreKey' | 'GenerateMac' | 'GetKey' }
  | { edit: Column }
  | { swap: true }
  | { putBack: true };

const CALLS = ['StopKeyUsage', 'StartKeyUsage', 'DeleteKey', 'RestoreKey', 'GenerateMac', 'GetKey'] as const;
const STEPS: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ call: fc.constantFrom(...CALLS) }) },
    { weight: 2, arbitrary: fc.record({ edit: fc.constantFrom(...(Object.keys(EDITS) as Column[])) }) },
    { weight: 1, arbitrary: fc.constant<Step>({ swap: true }) },
    { weight: 2, arbitrary: fc.constant<Step>({ putBack: true }) },
  ),
  { minLength: 5, maxLength: 40 },
);

beforeAll(() => void process.stderr.write(`Fuzzing with FUZZ_SEED=${SEED}\n`));

test('life-cycle calls follow the state machine between edits of the row in any order', async () => {
  const [key, other] = [await macKey(), await macKey()];
  const mac = (await generateMac(key)).json['Mac'];
  expect(mac).toMatch(/^[0-9A-F]{32}$/);
  const [original] = await database().query<Record<string, unknown>[]>('SELECT * FROM keys WHERE arn = $1', [key]);
  let computed = 0;

  const property = fc.asyncProperty(STEPS, async (steps) => {
    await putBack(key, original!);
    await edit(key, `state = 'CREATE_COMPLETE', enabled = true`);
    await rebind(database());
    const model = { state: 'CREATE_COMPLETE', enabled: true };
    let isEdited = false;
    for (const step of steps) {
      if ('putBack' in step) {
        await putBack(key, original!);
        isEdited = false;
      } else if ('swap' in step) {
        await edit(key, `sealed = (SELECT sealed FROM keys WHERE arn = '${other}')`);
        isEdited = true;
      } else if ('edit' in step) {
        // An edit of an edited value may restore the original.
        await putBack(key, original!);
        await edit(key, `${step.edit} = ${EDITS[step.edit]}`);
        isEdited = true;
      } else if (step.call === 'GenerateMac') {
        const { status, json } = await generateMac(key);
        const isUsable = model.enabled && !isEdited;
        expect({ steps, mac: json['Mac'] }).toEqual({ steps, mac: isUsable ? mac : undefined });
        expect({ steps, isExpected: statusesOf(model, isEdited).includes(status) }).toEqual({
          steps,
          isExpected: true,
        });
        if (isUsable) computed++;
      } else {
        const { status, json } = await control(step.call, key);
        // A call is refused if the part of the row that it reads was edited.
        if (isEdited && status === 500) continue;
        expect({ step, status }).toEqual({ step, status: next(model, step.call) ? 200 : 400 });
        if (status === 200) {
          const { KeyState, Enabled } = json['Key'] as { KeyState: string; Enabled: boolean };
          expect({ step, state: KeyState, enabled: Enabled }).toEqual({ step, ...model });
        }
      }
    }
  });
  await fc.assert(property, { numRuns: SEQUENCES, seed: SEED, endOnFailure: true });
  process.stderr.write(`  ${SEQUENCES} sequences, ${computed} MACs computed with the key as it was\n`);
});

/**
 * Returns the statuses that a call may get. A stopped or pending key is refused. An edited key is refused for its
 * state, usage or algorithm, or for its MAC.
 */
function statusesOf({ enabled }: { enabled: boolean }, isEdited: boolean): number[] {
  if (isEdited) return [400, 500];
  return enabled ? [200] : [400];
}

/** Applies a call to the model. @returns false if the call is refused */
function next(model: { state: string; enabled: boolean }, call: (typeof CALLS)[number]): boolean {
  if (call === 'GetKey') return true;
  if (model.state !== (call === 'RestoreKey' ? 'DELETE_PENDING' : 'CREATE_COMPLETE')) return false;
  if (call === 'RestoreKey') model.state = 'CREATE_COMPLETE';
  if (call === 'DeleteKey') Object.assign(model, { state: 'DELETE_PENDING', enabled: false });
  if (call === 'StartKeyUsage') model.enabled = true;
  if (call === 'StopKeyUsage') model.enabled = false;
  return true;
}

function database(): DataSource {
  return service.app.get(DataSource);
}

async function macKey(): Promise<string> {
  return (await createKey(service)).KeyArn;
}

const MESSAGE = '3B313038383439303031';

function generateMac(arn: string) {
  const body = { KeyIdentifier: arn, MessageData: MESSAGE, GenerationAttributes: { Algorithm: 'CMAC' } };
  return service.send({ path: '/mac/generate', body: JSON.stringify(body) });
}

function control(operation: string, arn: string) {
  return service.send({ headers: target(operation), body: JSON.stringify({ KeyIdentifier: arn }) });
}

/**
 * Edits the row as someone with access to the database could, and increments the change number, so that caches notice.
 */
async function edit(arn: string, assignment: string): Promise<void> {
  await database().query(`UPDATE keys SET ${assignment} WHERE arn = $1`, [arn]);
  service.app.get(Changes).clear();
}

/** Restores the columns that edits change. */
async function putBack(arn: string, original: Record<string, unknown>): Promise<void> {
  const columns = Object.keys(EDITS);
  const assignments = columns.map((column, i) => `${column} = $${i + 2}`).join(', ');
  const values = columns.map((column) => original[column]);
  await database().query(`UPDATE keys SET ${assignments} WHERE arn = $1`, [arn, ...values]);
  service.app.get(Changes).clear();
}
