import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Key, KeyOutput } from '../../src/payment/controlplane/keys/keys.schema.js';
import { modesOfUse } from '../../src/payment/keys/key-rules.js';
import { control } from '../api.js';
import { useChange, useKeyWithAlias } from '../change.js';
import { TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { Sheet } from '../components/sheet.js';
import { Empty, Failure } from '../components/states.js';
import { DEPLOYMENT } from '../deployment.js';
import { argumentsOf } from '../key-arguments.js';
import { keyId } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { CallLines } from '../workbench/call-lines.js';
import { AttributeFields, Check, Crumb } from './fields.js';
import { useForm } from './form.js';
import { note } from './protocol.js';
import { attributesOf, type Purpose, purposesOf, suggestedFor } from './purposes.js';

const PURPOSES = purposesOf('SYMMETRIC_KEY', 'ASYMMETRIC_KEY_PAIR');
const [FIRST] = PURPOSES as [Purpose];
const BLANK = { ...suggestedFor(FIRST), exportable: false, regions: [] as string[], tags: '', alias: '' };

/** Creates a payment key in four steps, and shows the call that does. */
export function Create() {
  const { values, set, change } = useForm(BLANK);
  const { failure, run } = useChange();
  const [created, setCreated] = useState<Key>();
  const purpose = PURPOSES.find(({ usage }) => usage === values.usage) ?? FIRST;
  const isPair = purpose.class === 'ASYMMETRIC_KEY_PAIR';
  const input = inputOf(purpose, values);
  const alias = values.alias.trim() && `alias/${values.alias.trim().replace(/^alias\//, '')}`;
  const { needsAlias, create } = useKeyWithAlias<Key>(JSON.stringify(input));
  const createKey = async () => {
    setCreated(undefined);
    const answer = await run(() => control<KeyOutput>('CreateKey', input), 'Created the key');
    if (!answer) return undefined;
    const { Key } = answer;
    note({ what: 'Created', keyArn: Key.KeyArn, checkValue: Key.KeyCheckValue, method: Key.KeyCheckValueAlgorithm });
    setCreated(Key);
    return Key;
  };
  const createAlias = ({ KeyArn }: Key) =>
    run(() => control<object>('CreateAlias', { AliasName: alias, KeyArn }), `Created ${alias}`);
  const submit = (event: Event) => {
    event.preventDefault();
    void create(createKey, alias ? createAlias : undefined);
  };
  const others = DEPLOYMENT.regions.filter((name) => name !== region.value);
  return (
    <>
      <Crumb />
      <Head title="Create a key">
        <p>Generated in the service, in {region.value}. The form offers only what the service accepts.</p>
      </Head>
      <div class="cols form">
        <div class="typed">
          <Sheet title="The key">
            <form class="body" onSubmit={submit}>
              <ol class="steps">
                <AttributeFields purposes={PURPOSES} values={values} change={change} step={step} />
                {step(
                  'Options',
                  <>
                    {!isPair && (
                      <Check
                        label="Exportable, under a key-encryption key"
                        checked={values.exportable}
                        onInput={set('exportable')}
                      />
                    )}
                    <p class="hint field">
                      {isPair
                        ? 'The private key never leaves the service.'
                        : 'This can’t be changed later. Keys in several Regions have to be exportable.'}
                    </p>
                    {others.map((name) => (
                      <Check
                        key={name}
                        label={`Copy it to ${name}`}
                        checked={values.regions.includes(name)}
                        onInput={(checked) =>
                          change({
                            regions: checked
                              ? [...values.regions, name]
                              : values.regions.filter((each) => each !== name),
                            ...(checked && !isPair && { exportable: true }),
                          })
                        }
                      />
                    ))}
                    <TextField
                      label="Alias"
                      mono
                      value={values.alias}
                      onInput={set('alias')}
                      hint="Optional: a name to use in calls."
                    />
                    <TextField
                      label="Tags"
                      mono
                      value={values.tags}
                      onInput={set('tags')}
                      hint="Optional: link=network-b, owner=switching."
                    />
                  </>,
                )}
              </ol>
              <button type="submit" class="btn go next">
                {needsAlias ? 'Create the alias' : 'Create'}
              </button>
            </form>
          </Sheet>
        </div>
        <div>
          {failure && (
            <section class="sheet">
              <Failure error={failure} />
            </section>
          )}
          {created && (
            <section class="sheet">
              <div class="verdict" role="status">
                <h2>Created, check value {created.KeyCheckValue}</h2>
                <p>
                  <a href={hrefOf(['keys', region.value, keyId(created.KeyArn)])}>Show the key</a>
                </p>
              </div>
            </section>
          )}
          <CallLines
            calls={[
              { operation: 'CreateKey', plane: 'control', input },
              ...(alias
                ? [
                    {
                      operation: 'CreateAlias',
                      plane: 'control' as const,
                      input: { AliasName: alias, KeyArn: created?.KeyArn ?? 'the-arn-of-the-key' },
                    },
                  ]
                : []),
            ]}
          />
          <Uses purpose={purpose} values={values} />
        </div>
      </div>
    </>
  );
}

/** A step of the form. */
function step(title: string, children: ComponentChildren) {
  return (
    <li key={title}>
      <div>
        <h3>{title}</h3>
        {children}
      </div>
    </li>
  );
}

function inputOf(purpose: Purpose, values: typeof BLANK) {
  const tags = values.tags
    .split(',')
    .filter((tag) => tag.trim() !== '')
    .map((tag) => {
      const [key = '', ...value] = tag.split('=');
      return { Key: key.trim(), Value: value.join('=').trim() };
    });
  return {
    KeyAttributes: attributesOf(purpose, values),
    Exportable: values.exportable && purpose.class === 'SYMMETRIC_KEY',
    ...(tags.length > 0 && { Tags: tags }),
    ...(values.regions.length > 0 && { ReplicationRegions: values.regions }),
  };
}

/** The operations that will accept the key, from the table that the service enforces. */
function Uses({ purpose, values }: { purpose: Purpose; values: typeof BLANK }) {
  const modes = purpose.modes[Number(values.modes)] ?? [];
  const uses = argumentsOf({
    KeyAttributes: {
      KeyUsage: purpose.usage,
      KeyClass: purpose.class,
      KeyAlgorithm: values.algorithm,
      KeyModesOfUse: modesOfUse(modes),
    },
  });
  const operations = [...new Set(uses.map(({ operation }) => operation))];
  return (
    <Sheet title="Operations that accept it">
      {operations.length === 0 ? (
        <Empty title="No operation of the data plane">
          <p>Such a key exchanges keys, or is for another system.</p>
        </Empty>
      ) : (
        <p class="body">{operations.join(', ')}</p>
      )}
    </Sheet>
  );
}
