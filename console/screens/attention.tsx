import { Fragment } from 'preact';
import type { AuditVerificationOutput } from '../../src/admin/audit.schema.js';
import type { ListCertificatesOutput } from '../../src/admin/certificates.schema.js';
import type { ListKeyInventoryOutput } from '../../src/admin/keys.schema.js';
import type { GetStatusOutput } from '../../src/admin/status.schema.js';
import { admin } from '../api.js';
import { Sheet } from '../components/sheet.js';
import { Empty } from '../components/states.js';
import { Tag } from '../components/tag.js';
import { callerWords, keyArnsOf, loadEvents } from '../events.js';
import { type ListedKmsKey, loadKmsPage } from '../kms-keys.js';
import { type Loaded, type Page, useLoad } from '../load.js';
import { keyId } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { identity, region } from '../session.js';
import { versionsOf } from '../status.js';
import { agoWords, count, timeWords, untilWords } from '../words.js';

/** An item that needs attention, with a link to the screen for it. */
interface Matter {
  tone?: 'bad' | 'warn';
  tag: string;
  title: string;
  words: string;
  href: string;
  action: string;
}

const DAY_SECONDS = 86_400;
const UNUSED_DAYS = 180;
const REFUSALS = 20;
const CERTIFICATE_DAYS = 30;
const LAG_SECONDS = 60;

/** Findings that the principal's permissions allow, and the missing permissions. */
export function Attention({ status }: { status: Loaded<GetStatusOutput> }) {
  const deletions = useLoad(
    () =>
      admin<ListKeyInventoryOutput>('ListKeyInventory', ['GET', 'keys'], {
        query: { State: 'DELETE_PENDING', MaxResults: 200 },
      }),
    [region.value],
  );
  const kmsDeletions = useLoad<Page<ListedKmsKey>>(
    () =>
      identity.value?.apis.includes('kms') === true
        ? loadKmsPage({ state: 'PendingDeletion' })
        : Promise.resolve({ items: [] }),
    [region.value],
  );
  const unused = useLoad(
    () =>
      admin<ListKeyInventoryOutput>('ListKeyInventory', ['GET', 'keys'], {
        query: { UnusedDays: UNUSED_DAYS, State: 'CREATE_COMPLETE', MaxResults: 200 },
      }),
    [region.value],
  );
  const verification = useLoad(
    () => admin<AuditVerificationOutput>('GetAuditVerification', ['GET', 'audit/verifications/latest']),
    [],
  );
  const refusals = useLoad(
    () => loadEvents({ Outcome: 'AccessDeniedException', From: Date.now() / 1000 - 3600, MaxResults: 100 }),
    [],
  );
  const certificates = useLoad(
    () => admin<ListCertificatesOutput>('ListCertificates', ['GET', 'certificates']),
    [region.value],
  );
  const sources = [deletions, kmsDeletions, unused, verification, refusals, certificates, status];
  const matters = [
    ...mattersOf(deletions, deletionMatters),
    ...mattersOf(kmsDeletions, kmsDeletionMatters),
    ...mattersOf(verification, chainMatters),
    ...mattersOf(refusals, refusalMatters),
    ...mattersOf(certificates, certificateMatters),
    ...mattersOf(status, statusMatters),
    ...mattersOf(unused, unusedMatters),
  ];
  const failed = sources.flatMap((source) => (source.state === 'failed' ? [source.error] : []));
  const isLoading = sources.some(({ state }) => state === 'loading');
  const lacking = [...new Set(failed.map(({ action }) => action))];
  return (
    <Sheet title="Needs attention" aside={<span class="quiet">{isLoading ? 'Looking' : matters.length}</span>}>
      {matters.length === 0 && !isLoading && failed.length === 0 && (
        <Empty title="Nothing needs attention">
          <p>Deletions, audit chains, refusals, certificates, replication and unused keys were checked.</p>
        </Empty>
      )}
      <ul class="items">
        {matters.map(({ tone, tag, title, words, href, action }) => (
          <li key={title}>
            <div>
              <Tag tone={tone}>{tag}</Tag>
            </div>
            <div>
              <h3 class="wrap">{title}</h3>
              <p>{words}</p>
            </div>
            <a class="btn slim" href={href}>
              {action}
              <span class="vh"> {title}</span>
            </a>
          </li>
        ))}
      </ul>
      {lacking.length > 0 && (
        <p class="body quiet">
          Some checks were skipped: they need{' '}
          {lacking.map((action, i) => (
            <Fragment key={action}>
              {i > 0 && ', '}
              <code class="wrap">{action}</code>
            </Fragment>
          ))}
          .
        </p>
      )}
    </Sheet>
  );
}

function mattersOf<Value>(loaded: Loaded<Value>, find: (value: Value) => Matter[]): Matter[] {
  return loaded.state === 'ready' ? find(loaded.value) : [];
}

function nameOf({ Aliases, KeyArn }: Pick<ListKeyInventoryOutput['Keys'][number], 'Aliases' | 'KeyArn'>): string {
  return Aliases[0]?.replace(/^alias\//, '') ?? keyId(KeyArn);
}

/** Keys that will be deleted within seven days. */
function deletionMatters({ Keys }: ListKeyInventoryOutput): Matter[] {
  return Keys.flatMap((key) => deletionMatter(key, key.DeletePendingTimestamp, 'keys'));
}

function kmsDeletionMatters({ items }: Page<ListedKmsKey>): Matter[] {
  return items.flatMap((key) => deletionMatter(key, key.DeletionDate, 'kms-keys'));
}

function deletionMatter(
  key: Pick<ListKeyInventoryOutput['Keys'][number], 'Aliases' | 'KeyArn' | 'LastUsed'>,
  at: number | undefined,
  screen: string,
): Matter[] {
  if (at === undefined || at > Date.now() / 1000 + 7 * DAY_SECONDS) return [];
  const { LastUsed } = key;
  return [
    {
      tone: 'bad',
      tag: untilWords(at),
      title: `${nameOf(key)} will be deleted`,
      words: `On ${timeWords(at)}. ${LastUsed ? `Last used ${agoWords(LastUsed.Time)}.` : 'Never used.'}`,
      href: hrefOf([screen, region.value, keyId(key.KeyArn)]),
      action: 'Show',
    },
  ];
}

function chainMatters({ State, FaultyCount = 0 }: AuditVerificationOutput): Matter[] {
  if (State !== 'BROKEN' && State !== 'MODIFIED') return [];
  return [
    {
      tone: 'bad',
      tag: 'Broken',
      title: 'The audit chains are broken',
      words: `${count(FaultyCount, 'chain')} with a fault: events were edited, removed or inserted.`,
      href: hrefOf(['audit']),
      action: 'Show',
    },
  ];
}

/** Callers with more than 20 refusals in the last hour. */
function refusalMatters({ Events }: Awaited<ReturnType<typeof loadEvents>>): Matter[] {
  return [...Map.groupBy(Events, callerWords)].flatMap(([caller, events]) => {
    const [latest] = events;
    if (events.length <= REFUSALS || !latest) return [];
    const key = keyArnsOf(latest)[0];
    return {
      tone: 'bad' as const,
      tag: `${events.length} refused`,
      title: `${caller} is denied ${latest.eventName}`,
      words: `In the last hour${key === undefined ? '' : `, most recently on ${keyId(key)}`}.`,
      href: hrefOf(['audit'], { find: latest.userIdentity.arn, time: 'hour', outcome: 'AccessDeniedException' }),
      action: 'See why',
    };
  });
}

/** Certificates that expire within 30 days, except those of tokens, which are short-lived. */
function certificateMatters({ Certificates }: ListCertificatesOutput): Matter[] {
  const soon = Date.now() / 1000 + CERTIFICATE_DAYS * DAY_SECONDS;
  return Certificates.filter(({ Kind, NotAfter }) => Kind !== 'exchange token' && NotAfter < soon).map(
    ({ Kind, Subject, NotAfter, KeyArn }) => ({
      tone: 'warn' as const,
      tag: untilWords(NotAfter),
      title: `The certificate of ${Subject} expires`,
      words: `On ${timeWords(NotAfter)}. ${Kind === 'imported' ? 'Ask the partner for a new one' : 'Exchanges with it will then fail'}.`,
      href: KeyArn === undefined ? hrefOf(['health']) : hrefOf(['keys', region.value, keyId(KeyArn)]),
      action: 'Show',
    }),
  );
}

function statusMatters(status: GetStatusOutput): Matter[] {
  const versions = versionsOf(status);
  const late = status.Replication.filter(({ OldestSeconds, Failed }) => OldestSeconds > LAG_SECONDS || Failed > 0);
  return [
    ...late.map(({ Region, OldestSeconds, Failed }) => ({
      tone: 'warn' as const,
      tag: 'Late',
      title: `Replication to ${Region} is behind`,
      words: `The oldest replica has waited ${Math.round(OldestSeconds)} s; ${count(Failed, 'key')} failed.`,
      href: hrefOf(['health']),
      action: 'Show',
    })),
    ...(versions.length > 1
      ? [
          {
            tone: 'warn' as const,
            tag: 'Versions',
            title: 'The processes have different versions',
            words: versions.join(', '),
            href: hrefOf(['health']),
            action: 'Show',
          },
        ]
      : []),
  ];
}

function unusedMatters({ Keys, NextToken }: ListKeyInventoryOutput): Matter[] {
  if (Keys.length === 0) return [];
  const exportable = Keys.filter(({ Exportable }) => Exportable).length;
  return [
    {
      tag: `${UNUSED_DAYS} days`,
      title: `${NextToken === undefined ? '' : 'More than '}${count(Keys.length, 'key')} unused for ${UNUSED_DAYS} days`,
      words: `${exportable} of them are exportable.`,
      href: hrefOf(['keys'], { unused: String(UNUSED_DAYS) }),
      action: 'Show',
    },
  ];
}
