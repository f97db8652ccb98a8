import { GrantTable } from '../components/grant-table.js';
import { Head } from '../components/head.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty } from '../components/states.js';
import { type Grant, loadGrants } from '../grants.js';
import { type ListedKmsKey, loadKmsPage } from '../kms-keys.js';
import { unlessRefused } from '../api.js';
import { useLoad } from '../load.js';
import { keyId } from '../payment-keys.js';
import { region } from '../session.js';
import { principalWords } from '../words.js';

/** Number of keys whose grants are listed, each by a separate call. */
const MOST_KEYS = 200;
/** Calls that run at the same time. */
const AT_ONCE = 4;

interface Found {
  keys: readonly ListedKmsKey[];
  grants: readonly Grant[];
  refused: number;
  more: boolean;
}

/** The grants of the KMS keys of a Region, by grantee. */
export function Grants() {
  const loaded = useLoad(loadAll, [region.value]);
  return (
    <>
      <Head title="Grants">
        <p>Permissions for single KMS keys, which applications delegate without changing policies.</p>
      </Head>
      {loaded.state === 'ready' && loaded.value.grants.length > 0 ? (
        <Await loaded={loaded}>{(found, reload) => <ByGrantee found={found} reload={reload} />}</Await>
      ) : (
        <section class="sheet">
          <Await loaded={loaded}>
            {(found) => (
              <Empty title={`No grants in ${region.value}`}>
                <p>
                  CreateGrant lets a user or a role perform some operations with one KMS key. <Left of={found} />
                </p>
              </Empty>
            )}
          </Await>
        </section>
      )}
    </>
  );
}

function ByGrantee({ found, reload }: { found: Found; reload: () => void }) {
  const names = new Map(found.keys.map(({ KeyArn, Aliases: [alias] }) => [KeyArn, alias?.replace(/^alias\//, '')]));
  return (
    <>
      {[...Map.groupBy(found.grants, ({ GranteePrincipal }) => GranteePrincipal)].map(([grantee, grants]) => (
        <Sheet key={grantee} title={principalWords(grantee)} aside={<code class="wrap quiet">{grantee}</code>}>
          <GrantTable grants={grants} reload={reload} nameOf={(arn) => names.get(arn) ?? keyId(arn)} />
        </Sheet>
      ))}
      <p class="hint" role="status">
        <Left of={found} />
      </p>
    </>
  );
}

function Left({ of: { refused, more } }: { of: Found }) {
  return (
    <>
      {refused > 0 && (
        <>
          Grants of {refused} of the keys aren’t shown: they need <code>kms:ListGrants</code>.{' '}
        </>
      )}
      {more && `Grants of the first ${MOST_KEYS} keys are shown.`}
    </>
  );
}

/** KMS lists grants of one key at a time. */
async function loadAll(): Promise<Found> {
  const keys: ListedKmsKey[] = [];
  let next: string | undefined;
  do {
    const page = await loadKmsPage({}, next);
    keys.push(...page.items);
    next = page.next;
  } while (next !== undefined && keys.length < MOST_KEYS);
  const grants: Grant[] = [];
  let refused = 0;
  for (let i = 0; i < keys.length; i += AT_ONCE) {
    const lists = keys.slice(i, i + AT_ONCE).map(({ KeyArn }) => loadGrants(KeyArn).catch(unlessRefused(undefined)));
    for (const list of await Promise.all(lists)) {
      if (list === undefined) refused += 1;
      else grants.push(...list);
    }
  }
  return { keys, grants, refused, more: next !== undefined };
}
