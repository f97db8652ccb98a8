import type { ComponentChildren } from 'preact';
import type { KeyOutput } from '../../src/payment/controlplane/keys/keys.schema.js';
import { control } from '../api.js';
import { useChange } from '../change.js';
import { TextField } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Failure } from '../components/states.js';
import { Tag } from '../components/tag.js';
import { keyId } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { hexDigits, isSame } from './fields.js';
import { note, protocol, reported, testKey } from './protocol.js';

export function TestKey() {
  const { failure, run } = useChange();
  const key = testKey.value;
  const create = async () => {
    const answer = await run(
      () =>
        control<KeyOutput>('CreateKey', {
          KeyAttributes: {
            KeyUsage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
            KeyClass: 'SYMMETRIC_KEY',
            KeyAlgorithm: 'AES_128',
            KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
          },
          Exportable: true,
          Tags: [{ Key: 'purpose', Value: 'exchange-test' }],
        }),
      'Created the test key',
    );
    if (!answer) return;
    const { KeyArn, KeyCheckValue, KeyCheckValueAlgorithm } = answer.Key;
    note({ what: 'Created a test key', keyArn: KeyArn, checkValue: KeyCheckValue, method: KeyCheckValueAlgorithm });
    testKey.value = { arn: KeyArn, checkValue: KeyCheckValue };
  };
  const remove = async (arns: readonly string[]) => {
    const done = await run(async () => {
      for (const arn of arns) await control<object>('DeleteKey', { KeyIdentifier: arn, DeleteKeyInDays: 3 });
      return true;
    }, 'Scheduled the deletion of the test keys');
    if (done) testKey.value = undefined;
  };
  const returned = protocol.value.findLast(
    ({ what, checkValue }) => what === 'Imported' && key !== undefined && isSame(checkValue, key.checkValue),
  );
  const isReported = key !== undefined && isSame(key.checkValue, hexDigits(reported.value));
  return (
    <Sheet title="Exchange a test key in both directions">
      <div class="body">
        <ol class="steps">
          <Step title="Create a test key here" done={key !== undefined}>
            {key ? (
              <p>
                <a href={hrefOf(['keys', region.value, keyId(key.arn)])}>{keyId(key.arn)}</a>, AES-128, check value{' '}
                <code>{key.checkValue}</code>
              </p>
            ) : (
              <button type="button" class="btn" onClick={() => void create()}>
                Create a test key
              </button>
            )}
          </Step>
          <Step title="Export it for the partner, by the mechanism that you chose">
            {key && (
              <a class="btn" href={hrefOf(['keys', region.value, keyId(key.arn), 'export'])}>
                Export
              </a>
            )}
          </Step>
          <Step title="The partner imports it, and reads out its check value" done={isReported}>
            <TextField
              label="Check value of the partner"
              mono
              value={reported.value}
              onInput={(value) => (reported.value = value)}
              hint={
                key === undefined || hexDigits(reported.value).length < 4
                  ? '4 digits or more.'
                  : isReported
                    ? 'The same key.'
                    : `Another key: this side has ${key.checkValue}. Compare the methods: zeros in ECB, or CMAC.`
              }
            />
          </Step>
          <Step title="The partner exports it for you, and you import it" done={returned !== undefined}>
            {returned ? (
              <p>
                Came back with check value <code>{returned.checkValue}</code>.
              </p>
            ) : (
              <a class="btn" href={hrefOf(['keys', 'import'])}>
                Import
              </a>
            )}
          </Step>
          <Step title="Delete both copies">
            {key && (
              <button
                type="button"
                class="btn stop"
                onClick={() => void remove([key.arn, ...(returned ? [returned.keyArn] : [])])}
              >
                Schedule deletion
              </button>
            )}
          </Step>
        </ol>
      </div>
      {failure && <Failure error={failure} />}
    </Sheet>
  );
}

function Step({ title, done = false, children }: { title: string; done?: boolean; children: ComponentChildren }) {
  return (
    <li>
      <div>
        <h3>
          {title} {done && <Tag tone="ok">Done</Tag>}
        </h3>
        {children}
      </div>
    </li>
  );
}
