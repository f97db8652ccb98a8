import { useState } from 'preact/hooks';
import type { AliasListEntry } from '../../src/kms/aliases/aliases.schema.js';
import { algorithmsOf, isSymmetric } from '../../src/kms/keys/key-specs.js';
import type { DescribeKeyOutput, GetKeyLastUsageOutput, KeyMetadata } from '../../src/kms/keys/keys.schema.js';
import type { GetKeyPolicyOutput } from '../../src/kms/policies/policies.schema.js';
import type { GetKeyRotationStatusOutput } from '../../src/kms/rotation/rotation.schema.js';
import { kms, listKms, unlessRefused } from '../api.js';
import { useChange, useUnchanged } from '../change.js';
import { Confirmation } from '../components/confirmation.js';
import { Copy } from '../components/copy.js';
import { Editable } from '../components/editable.js';
import { TextField } from '../components/field.js';
import { GrantTable } from '../components/grant-table.js';
import { AwaitPage } from '../components/await-page.js';
import { Head } from '../components/head.js';
import { History } from '../components/history.js';
import { Sheet } from '../components/sheet.js';
import { Await, Failure } from '../components/states.js';
import { Tag } from '../components/tag.js';
import { Tags } from '../components/tags.js';
import { loadGrants } from '../grants.js';
import { KMS_ORIGINS, KMS_STATES, KMS_TONES, KMS_USAGES, kmsArn, specWords } from '../kms-keys.js';
import { useLoad } from '../load.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { agoWords, timeWords, untilWords } from '../words.js';

/** Members that DescribeKey returns for every key. */
type Described = KeyMetadata &
  Required<Pick<KeyMetadata, 'Arn' | 'KeyState' | 'KeySpec' | 'KeyUsage' | 'Origin' | 'CreationDate'>>;

interface PartProps {
  of: Described;
  name: string;
  reload: () => void;
}

/** One KMS key. @param id last part of its ARN, in the page's Region */
export function KmsKey({ id }: { id: string }) {
  const loaded = useLoad(async () => {
    const { KeyMetadata } = await kms<DescribeKeyOutput>('DescribeKey', { KeyId: kmsArn(id) });
    const aliases = await listKms<AliasListEntry>('ListAliases', 'Aliases', { KeyId: kmsArn(id) }).catch(
      unlessRefused([]),
    );
    const names = aliases.map(({ AliasName = '' }) => AliasName.replace(/^alias\//, ''));
    return { described: KeyMetadata as Described, names };
  }, [id, region.value]);
  return (
    <>
      <p class="crumb">
        <a href={hrefOf(['kms-keys'])}>KMS keys</a>
      </p>
      <AwaitPage title={id} loaded={loaded}>
        {(value, reload) => <KeyPage {...value} reload={reload} />}
      </AwaitPage>
    </>
  );
}

function KeyPage({ described, names, reload }: { described: Described; names: string[]; reload: () => void }) {
  const { Arn, KeyState } = described;
  const props = { of: described, name: names[0] ?? described.KeyId, reload };
  return (
    <>
      <Head title={props.name} actions={<Switch {...props} />}>
        <p class="row arn">
          <Tag tone={KMS_TONES[KeyState]}>{KMS_STATES[KeyState]}</Tag>
          <code class="wrap">{Arn}</code>
          <Copy text={Arn} what="the ARN" />
        </p>
      </Head>
      <div class="cols">
        <div>
          <Description {...props} />
          <Rotation {...props} />
          <Policy arn={Arn} />
          <Grants arn={Arn} />
          <History arn={Arn} />
          <Deletion {...props} />
        </div>
        <div>
          <Facts of={described} names={names} />
          <Tags arn={Arn} load={loadTags} />
        </div>
      </div>
    </>
  );
}

async function loadTags(arn: string): Promise<string[]> {
  const tags = await listKms<{ TagKey: string; TagValue: string }>('ListResourceTags', 'Tags', { KeyId: arn });
  return tags.map(({ TagKey, TagValue }) => `${TagKey}=${TagValue}`);
}

/** Runs a change of the key, and reloads it. */
function useKeyChange({ of: { Arn }, reload }: Pick<PartProps, 'of' | 'reload'>) {
  const { failure, run } = useChange();
  return {
    failure,
    run: async (operation: string, done: string, input: object = {}) => {
      const answer = await run(() => kms<object>(operation, { KeyId: Arn, ...input }), done);
      // A failed change may be due to another one.
      reload();
      return answer !== undefined;
    },
  };
}

function Switch(props: PartProps) {
  const { failure, run } = useKeyChange(props);
  const { KeyState } = props.of;
  const [operation, text, done] =
    KeyState === 'Enabled'
      ? (['DisableKey', 'Disable', 'Disabled'] as const)
      : (['EnableKey', 'Enable', 'Enabled'] as const);
  return (
    <>
      {(KeyState === 'Enabled' || KeyState === 'Disabled') && (
        <button type="button" class="btn" onClick={() => void run(operation, `${done} ${props.name}`)}>
          {text}
        </button>
      )}
      {failure && <Failure error={failure} />}
    </>
  );
}

function Facts({ of: key, names }: { of: Described; names: readonly string[] }) {
  const { KeySpec, KeyUsage, MultiRegionConfiguration: regions } = key;
  const used = useLoad(() => kms<GetKeyLastUsageOutput>('GetKeyLastUsage', { KeyId: key.Arn }), [key.Arn]);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Aliases', names.join(', ') || 'None'],
    ['Spec', specWords(KeySpec)],
    ['Usage', KMS_USAGES[KeyUsage]],
    ['Algorithms', algorithmsOf({ spec: KeySpec, usage: KeyUsage }).join(', ')],
    ['Origin', KMS_ORIGINS[key.Origin]],
    ['Store', key.CustomKeyStoreId],
    ['External key', key.XksKeyConfiguration?.Id],
    [
      'Regions',
      regions &&
        `Primary in ${regions.PrimaryKey.Region}; ${regions.ReplicaKeys.map(({ Region }) => Region).join(', ')}`,
    ],
    ['Expires', key.ValidTo === undefined ? undefined : timeWords(key.ValidTo)],
    ['Created', timeWords(key.CreationDate)],
  ];
  return (
    <Sheet title="Facts">
      <div class="body">
        <dl class="defs">
          {facts.flatMap(([what, value]) =>
            value === undefined ? [] : [<dt key={what}>{what}</dt>, <dd key={`${what} is`}>{value}</dd>],
          )}
        </dl>
      </div>
      <Await loaded={used}>
        {({ KeyLastUsage: last }) => (
          <p class="body">
            {last?.Timestamp === undefined
              ? 'Never used.'
              : `Last used ${agoWords(last.Timestamp)}: ${last.Operation ?? ''}.`}
          </p>
        )}
      </Await>
    </Sheet>
  );
}

function Description(props: PartProps) {
  const { failure, run } = useKeyChange(props);
  return (
    <Sheet title="Description">
      <Editable
        label="Description"
        text={props.of.Description ?? ''}
        rows={1}
        save={(Description) => run('UpdateKeyDescription', 'Saved the description', { Description })}
      />
      {failure && <Failure error={failure} />}
    </Sheet>
  );
}

function Policy({ arn }: { arn: string }) {
  const load = async () => {
    const { Policy: policy = '{}' } = await kms<GetKeyPolicyOutput>('GetKeyPolicy', { KeyId: arn });
    return JSON.stringify(JSON.parse(policy), null, 2);
  };
  const loaded = useLoad(load, [arn]);
  const { failure, run } = useChange();
  const expectUnchanged = useUnchanged(load);
  return (
    <Sheet title="Key policy">
      <Await loaded={loaded}>
        {(text, reload) => (
          <Editable
            label="Key policy"
            text={text}
            rows={Math.min(24, text.split('\n').length + 1)}
            hint="It is evaluated first, even for the root. It is validated when you save it, and takes effect within a second."
            save={async (Policy) => {
              const saved = await run(async () => {
                await expectUnchanged(text);
                return kms<object>('PutKeyPolicy', { KeyId: arn, Policy });
              }, 'Saved the policy');
              reload();
              return saved !== undefined;
            }}
          />
        )}
      </Await>
      {failure && <Failure error={failure} />}
    </Sheet>
  );
}

function Grants({ arn }: { arn: string }) {
  const loaded = useLoad(() => loadGrants(arn), [arn]);
  return (
    <Sheet title="Grants" aside={<a href={hrefOf(['grants'])}>All grants</a>}>
      <Await loaded={loaded}>
        {(grants, reload) =>
          grants.length === 0 ? (
            <p class="body quiet">None. Policies alone decide who may use this key.</p>
          ) : (
            <GrantTable grants={grants} reload={reload} />
          )
        }
      </Await>
    </Sheet>
  );
}

/** Only generated symmetric keys rotate automatically. */
function Rotation(props: PartProps) {
  const { Arn, KeySpec, Origin } = props.of;
  if (Origin !== 'AWS_KMS' || !isSymmetric({ spec: KeySpec })) return null;
  return <RotationSheet key={Arn} {...props} />;
}

function RotationSheet({ of, name }: PartProps) {
  const { Arn } = of;
  const loaded = useLoad(() => kms<GetKeyRotationStatusOutput>('GetKeyRotationStatus', { KeyId: Arn }), [Arn]);
  const [days, setDays] = useState('365');
  const { failure, run } = useKeyChange({ of, reload: loaded.reload });
  return (
    <Sheet title="Rotation">
      <Await loaded={loaded}>
        {({ KeyRotationEnabled, RotationPeriodInDays, NextRotationDate }) => (
          <div class="body">
            <p>
              {KeyRotationEnabled
                ? `Every ${RotationPeriodInDays} days, next ${untilWords(NextRotationDate ?? 0)}.`
                : 'Off. Ciphertexts of former material can still be decrypted after a rotation.'}
            </p>
            <form
              class="next"
              onSubmit={(event) => {
                event.preventDefault();
                void run('EnableKeyRotation', `Rotates ${name}`, { RotationPeriodInDays: Number(days) });
              }}
            >
              <TextField label="Period in days" value={days} onInput={setDays} hint="90 to 2560." />
              <div class="row">
                <button type="submit" class="btn slim">
                  {KeyRotationEnabled ? 'Change the period' : 'Rotate automatically'}
                </button>
                {KeyRotationEnabled && (
                  <button
                    type="button"
                    class="btn slim"
                    onClick={() => void run('DisableKeyRotation', 'Rotation is off')}
                  >
                    Stop
                  </button>
                )}
                <button type="button" class="btn slim" onClick={() => void run('RotateKeyOnDemand', `Rotated ${name}`)}>
                  Rotate now
                </button>
              </div>
            </form>
          </div>
        )}
      </Await>
      {failure && <Failure error={failure} />}
    </Sheet>
  );
}

function Deletion(props: PartProps) {
  const { of, name } = props;
  const { failure, run } = useKeyChange(props);
  const [isAsking, setIsAsking] = useState(false);
  const isPending = of.KeyState === 'PendingDeletion' || of.KeyState === 'PendingReplicaDeletion';
  return (
    <Sheet title="Delete">
      <div class="body row">
        <p class="quiet">
          {isPending
            ? of.DeletionDate === undefined
              ? 'Will be deleted once its replicas are.'
              : `Will be deleted ${untilWords(of.DeletionDate)}, on ${timeWords(of.DeletionDate)}.`
            : 'Disable it first and watch for refusals; deletion then waits 7 to 30 days, and can be cancelled until then.'}
        </p>
        {isPending ? (
          <button
            type="button"
            class="btn"
            onClick={() => void run('CancelKeyDeletion', `Cancelled the deletion of ${name}`)}
          >
            Cancel the deletion
          </button>
        ) : (
          <button type="button" class="btn stop" onClick={() => setIsAsking(true)}>
            Schedule deletion
          </button>
        )}
      </div>
      {failure && <Failure error={failure} />}
      {isAsking && (
        <Confirmation
          title={`Delete ${name}?`}
          name={name}
          action="Schedule deletion"
          waiting={{ least: 7, most: 30 }}
          onClose={() => setIsAsking(false)}
          onConfirm={(PendingWindowInDays) =>
            void run('ScheduleKeyDeletion', `Scheduled the deletion of ${name}`, { PendingWindowInDays })
          }
        >
          <p class="lede">
            The key can no longer be used. After the waiting period its material is destroyed, and data encrypted under
            it can never be decrypted again.
          </p>
        </Confirmation>
      )}
    </Sheet>
  );
}
