import { useState } from 'preact/hooks';
import type { ListPrincipalsOutput, Principal, PrincipalOutput } from '../../src/admin/admin.schema.js';
import { admin } from '../api.js';
import { useChange } from '../change.js';
import { TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { More } from '../components/more.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty, Failure } from '../components/states.js';
import { Table } from '../components/table.js';
import { type Page, usePages } from '../load.js';
import { type Kind, principalArn } from '../principals.js';
import { goTo, hrefOf } from '../router.js';
import { agoWords, count, timeWords } from '../words.js';

/** Titles of the sections of Access, by path. */
const SECTIONS = { users: 'Users', roles: 'Roles', simulator: 'Simulator' } as const;

/** Links between the sections of Access. */
export function AccessTabs({ here }: { here: keyof typeof SECTIONS }) {
  return (
    <nav class="tabs" aria-label="Access">
      {Object.entries(SECTIONS).map(([section, text]) => (
        <a key={section} href={hrefOf(['access', section])} aria-current={section === here ? 'page' : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}

/** The users, or the roles. */
export function Principals({ kind }: { kind: Kind }) {
  const { loaded, pages } = usePages<Principal, Page<Principal>>(
    async (token) => {
      const query = { MaxResults: 50, NextToken: token };
      const { Principals, NextToken } = await admin<ListPrincipalsOutput>('ListPrincipals', ['GET', kind], { query });
      return { items: Principals, next: NextToken };
    },
    [kind],
  );
  return (
    <>
      <Head title="Access">
        <p>Who may sign requests, and what their policies allow.</p>
      </Head>
      <AccessTabs here={kind} />
      <section class="sheet" aria-label={SECTIONS[kind]}>
        <Await loaded={loaded}>
          {() => (
            <>
              {pages.items.length === 0 ? (
                <Empty title={kind === 'users' ? 'Only the root has access' : 'There are no roles'}>
                  <p>
                    {kind === 'users'
                      ? 'Create a user for each application, with a policy that allows what it needs.'
                      : 'A role has policies but no long-term access key: callers assume it in sessions.'}
                  </p>
                </Empty>
              ) : (
                <PrincipalTable principals={pages.items} kind={kind} />
              )}
              <div class="foot">
                <span role="status">{count(pages.items.length, kind.slice(0, -1))}</span>
                <span class="row">
                  <More pages={pages} text="Show more" />
                </span>
              </div>
            </>
          )}
        </Await>
      </section>
      <NewPrincipal kind={kind} />
    </>
  );
}

function PrincipalTable({ principals, kind }: { principals: readonly Principal[]; kind: Kind }) {
  return (
    <Table caption={SECTIONS[kind]} head={['Name', 'Policies', 'Access keys', 'Last used', 'Created']}>
      {principals.map(({ Arn, Name, PolicyNames, AccessKeys, CreateTimestamp }) => (
        <tr key={Arn}>
          <td class="wrap">
            <a href={hrefOf(['access', kind, Name])}>{Name}</a>
          </td>
          <td class="wide wrap">{PolicyNames.join(', ') || 'None: no permissions'}</td>
          <td data-k="Keys">{AccessKeys.filter(({ Status }) => Status === 'Active').length} active</td>
          <td data-k="Used">{lastUse(AccessKeys)}</td>
          <td class="gone">{timeWords(CreateTimestamp)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** The latest use of any of the access keys. */
function lastUse(keys: Principal['AccessKeys']): string {
  const times = keys.flatMap(({ LastUsedTimestamp }) => LastUsedTimestamp ?? []);
  return times.length === 0 ? 'Never' : agoWords(Math.max(...times));
}

function NewPrincipal({ kind }: { kind: Kind }) {
  const [name, setName] = useState('');
  const { failure, run } = useChange();
  const what = kind === 'users' ? 'user' : 'role';
  const create = async (event: Event) => {
    event.preventDefault();
    const created = await run(
      () =>
        admin<PrincipalOutput>('CreatePrincipal', ['POST', kind], {
          body: { Name: name },
          resource: principalArn({ kind, name }),
        }),
      `Created ${name}`,
    );
    if (created) goTo(['access', kind, name]);
  };
  return (
    <Sheet title={`Create a ${what}`}>
      <form class="body" onSubmit={(event) => void create(event)}>
        <TextField
          label="Name"
          value={name}
          onInput={(text) => setName(text.trim())}
          hint={`A new ${what} has no permissions until it has a policy.`}
          required
        />
        <button type="submit" class="btn" disabled={name === ''}>
          Create
        </button>
        {failure && <Failure error={failure} />}
      </form>
    </Sheet>
  );
}
