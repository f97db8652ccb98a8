import { useState } from 'preact/hooks';
import type { NewAccessKeyOutput, Principal as Found } from '../../src/admin/admin.schema.js';
import type { AdminOperationName } from '../../src/admin/admin-operation.js';
import { plainLines } from '../../src/approvals/shown-text.js';
import { admin, ApiError, identify } from '../api.js';
import { useChange, useUnchanged } from '../change.js';
import { Confirmation } from '../components/confirmation.js';
import { Copy } from '../components/copy.js';
import { Dialog } from '../components/dialog.js';
import { TextArea, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty, Failure } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { announce } from '../components/toast.js';
import { useLoad } from '../load.js';
import { amountsToEverything, loadPolicy, loadPrincipal, type Named, pathOf, principalArn } from '../principals.js';
import { goTo, hrefOf, simulatorHref } from '../router.js';
import { identity, signIn } from '../session.js';
import { agoWords, timeWords } from '../words.js';

type Method = 'POST' | 'PUT' | 'DELETE';
type AccessKey = Found['AccessKeys'][number];

/** A user or a role: its policies, access keys and sessions. */
export function Principal({ of }: { of: Named }) {
  const loaded = useLoad(() => loadPrincipal(of), []);
  return (
    <>
      <p class="crumb">
        <a href={hrefOf(['access', of.kind])}>{of.kind === 'users' ? 'Users' : 'Roles'}</a>
      </p>
      <Head
        title={of.name}
        actions={
          <>
            <a class="btn" href={hrefOf(['audit'], { find: principalArn(of), time: 'week' })}>
              Its calls
            </a>
            <a class="btn" href={simulatorHref({ principal: principalArn(of), action: '', resource: '*' })}>
              Simulate
            </a>
          </>
        }
      >
        <p class="row arn">
          <code class="wrap">{principalArn(of)}</code>
          <Copy text={principalArn(of)} what="the ARN" />
        </p>
      </Head>
      {loaded.state === 'ready' ? (
        <Parts of={of} found={loaded.value} reload={loaded.reload} />
      ) : (
        <section class="sheet">
          <Await loaded={loaded}>{() => null}</Await>
        </section>
      )}
    </>
  );
}

interface PartProps {
  of: Named;
  found: Found;
  reload: () => void;
}

function Parts(props: PartProps) {
  return (
    <>
      <Policies {...props} />
      <AccessKeys {...props} />
      <Deletion {...props} />
    </>
  );
}

/** Runs changes of a principal, and reloads it. */
function usePrincipalChange({ of, reload }: Pick<PartProps, 'of' | 'reload'>) {
  const { failure, run } = useChange();
  return {
    failure,
    run: async <Output extends object>(
      operation: AdminOperationName,
      [method, ...path]: readonly [Method, ...string[]],
      body: unknown,
      done: string,
    ): Promise<Output | undefined> => {
      const answer = await run(
        () => admin<Output>(operation, [method, pathOf(of, ...path)], { body, resource: principalArn(of) }),
        done,
      );
      if (answer) reload();
      return answer;
    },
  };
}

/** Initial text of a new policy. */
const NEW_POLICY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'payment-cryptography:GetKey', Resource: '*' }],
};

function Policies({ of, found, reload }: PartProps) {
  const [isAdding, setIsAdding] = useState(false);
  return (
    <Sheet
      title="Policies"
      aside={
        <button type="button" class="btn slim" aria-expanded={isAdding} onClick={() => setIsAdding(!isAdding)}>
          Add a policy
        </button>
      }
    >
      {isAdding && (
        <div class="body">
          <PolicyEditor
            of={of}
            taken={found.PolicyNames}
            document={NEW_POLICY}
            close={() => setIsAdding(false)}
            reload={reload}
          />
        </div>
      )}
      {found.PolicyNames.length === 0 && !isAdding && (
        <Empty title="No policy">
          <p>It has no permissions. Key policies can still allow it to use their keys.</p>
        </Empty>
      )}
      <ul class="statements">
        {found.PolicyNames.map((name) => (
          <Policy key={name} of={of} name={name} reload={reload} />
        ))}
      </ul>
    </Sheet>
  );
}

function Policy({ of, name, reload }: { of: Named; name: string; reload: () => void }) {
  const loaded = useLoad(() => loadPolicy(of, name), []);
  const [isEditing, setIsEditing] = useState(false);
  const { failure, run } = usePrincipalChange({ of, reload });
  return (
    <li>
      <div class="row">
        <h3>{name}</h3>
        {loaded.state === 'ready' && amountsToEverything(loaded.value) && <Tag tone="warn">Amounts to full access</Tag>}
        {loaded.state === 'ready' && !isEditing && (
          <>
            <button type="button" class="btn slim" onClick={() => setIsEditing(true)}>
              Edit<span class="vh"> {name}</span>
            </button>
            <button
              type="button"
              class="btn slim stop"
              onClick={() =>
                void run('DeletePrincipalPolicy', ['DELETE', 'policies', name], undefined, `Deleted ${name}`)
              }
            >
              Delete<span class="vh"> {name}</span>
            </button>
          </>
        )}
      </div>
      {failure && <Failure error={failure} />}
      <Await loaded={loaded}>
        {(document, reloadPolicy) =>
          isEditing ? (
            <PolicyEditor
              of={of}
              name={name}
              document={document}
              close={() => setIsEditing(false)}
              reload={reloadPolicy}
            />
          ) : (
            <pre tabIndex={0}>{plainLines(JSON.stringify(document, null, 2))}</pre>
          )
        }
      </Await>
    </li>
  );
}

/**
 * Edits a policy. The service validates it when it is saved.
 *
 * @param name  of an existing policy
 * @param taken names that a new policy can't have
 */
function PolicyEditor({
  of,
  name: saved,
  taken = [],
  document,
  close,
  reload,
}: {
  of: Named;
  name?: string;
  taken?: readonly string[];
  document: object;
  close: () => void;
  reload: () => void;
}) {
  const [name, setName] = useState(saved ?? '');
  const [text, setText] = useState(JSON.stringify(document, null, 2));
  const { failure, run } = useChange();
  const expectUnchanged = useUnchanged(async () => JSON.stringify(await loadPolicy(of, name)));
  const put = async () => {
    if (taken.includes(name)) throw new ApiError('The name is taken', `Edit the policy ${name} instead.`, '');
    if (saved !== undefined) await expectUnchanged(JSON.stringify(document));
    return admin<object>('PutPrincipalPolicy', ['PUT', pathOf(of, 'policies', name)], {
      body: text,
      resource: principalArn(of),
    });
  };
  const save = async (event: Event) => {
    event.preventDefault();
    const isSaved = (await run(put, `Saved ${name}`)) !== undefined;
    reload();
    if (isSaved) close();
  };
  return (
    <form class="next" onSubmit={(event) => void save(event)}>
      {saved === undefined && (
        <TextField label="Name of the policy" value={name} onInput={(typed) => setName(typed.trim())} required />
      )}
      <TextArea
        label={saved === undefined ? 'Policy' : `Policy ${saved}`}
        value={text}
        onInput={setText}
        rows={Math.min(24, text.split('\n').length + 1)}
        hint="In the IAM policy language. It is validated when you save it, and takes effect at once."
      />
      {failure && <Failure error={failure} />}
      <div class="row">
        <button type="submit" class="btn go" disabled={name === ''}>
          Save
        </button>
        <button type="button" class="btn" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function AccessKeys({ of, found, reload }: PartProps) {
  const [created, setCreated] = useState<NewAccessKeyOutput>();
  const { failure, run } = usePrincipalChange({ of, reload });
  const create = async (operation: AdminOperationName, path: readonly string[], done: string, body?: object) => {
    const output = await run<NewAccessKeyOutput>(operation, ['POST', ...path], body, done);
    if (output) setCreated(output);
  };
  const session = { SessionName: sessionName(), DurationSeconds: 3600 };
  return (
    <Sheet
      title="Access keys and sessions"
      aside={
        <span class="row">
          <button
            type="button"
            class="btn slim"
            onClick={() => void create('StartSession', ['sessions'], 'Started a session of an hour', session)}
          >
            Start a session
          </button>
          <button
            type="button"
            class="btn slim"
            onClick={() => void create('CreateAccessKey', ['access-keys'], 'Created an access key')}
          >
            Create an access key
          </button>
        </span>
      }
    >
      {failure && <Failure error={failure} />}
      {found.AccessKeys.length === 0 ? (
        <Empty title="No access key">
          <p>It can’t sign requests. Create an access key for an application, or start a session for a person.</p>
        </Empty>
      ) : (
        <Table caption="Access keys and sessions" head={['Access key', 'Status', 'Last used', 'Created', '']}>
          {found.AccessKeys.map((key) => (
            <AccessKeyRow
              key={key.AccessKeyId}
              of={key}
              change={(status) =>
                void run(
                  'UpdateAccessKey',
                  ['PUT', 'access-keys', key.AccessKeyId],
                  { Status: status },
                  `${key.AccessKeyId} is ${status.toLowerCase()}`,
                )
              }
              rotate={() =>
                void create('RotateAccessKey', ['access-keys', key.AccessKeyId, 'rotate'], 'Replaced the access key')
              }
              remove={() =>
                void run(
                  'DeleteAccessKey',
                  ['DELETE', 'access-keys', key.AccessKeyId],
                  undefined,
                  `Deleted ${key.AccessKeyId}`,
                )
              }
            />
          ))}
        </Table>
      )}
      {created && <NewAccessKey of={created} onClose={() => setCreated(undefined)} />}
    </Sheet>
  );
}

/** The session's ARN contains the name of the person who starts it, so that the audit log identifies people. */
function sessionName(): string {
  return (identity.value?.name ?? '').replace(/[^\w+=,.@-]/g, '').padEnd(2, '-');
}

function AccessKeyRow({
  of: key,
  change,
  rotate,
  remove,
}: {
  of: AccessKey;
  change: (status: AccessKey['Status']) => void;
  rotate: () => void;
  remove: () => void;
}) {
  const { AccessKeyId, Status, LastUsedTimestamp, CreateTimestamp, ExpirationTimestamp, SessionName } = key;
  const isSession = ExpirationTimestamp !== undefined;
  const isActive = Status === 'Active';
  return (
    <tr>
      <td class="wide">
        <code class="wrap">{AccessKeyId}</code>
        {isSession && (
          <small>
            Session {SessionName}, until {timeWords(ExpirationTimestamp)}
          </small>
        )}
      </td>
      <td>{isActive ? 'Active' : <Tag>Inactive</Tag>}</td>
      <td data-k="Used">{LastUsedTimestamp === undefined ? 'Never' : agoWords(LastUsedTimestamp)}</td>
      <td class="gone">{timeWords(CreateTimestamp)}</td>
      <td class="wide">
        <span class="row">
          <button type="button" class="btn slim" onClick={() => change(isActive ? 'Inactive' : 'Active')}>
            {isActive ? (isSession ? 'End' : 'Deactivate') : 'Activate'}
            <span class="vh"> {AccessKeyId}</span>
          </button>
          {isActive && !isSession && (
            <button type="button" class="btn slim" onClick={rotate}>
              Rotate<span class="vh"> {AccessKeyId}</span>
            </button>
          )}
          {!isActive && (
            <button type="button" class="btn slim stop" onClick={remove}>
              Delete<span class="vh"> {AccessKeyId}</span>
            </button>
          )}
        </span>
      </td>
    </tr>
  );
}

/** A new secret, shown while the dialog is open. */
function NewAccessKey({
  of: { AccessKeyId, SecretAccessKey, SessionToken },
  onClose,
}: {
  of: NewAccessKeyOutput;
  onClose: () => void;
}) {
  const credentials = {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken !== undefined && { sessionToken: SessionToken }),
  };
  const [problem, setProblem] = useState<ApiError>();
  const goOn = async () => {
    try {
      signIn(credentials, await identify(credentials));
      announce('This tab signs with the session now');
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error);
    }
  };
  const values = [
    ['Access key ID', AccessKeyId],
    ['Secret access key', SecretAccessKey],
    ['Session token', SessionToken],
  ] as const;
  return (
    <Dialog title={SessionToken === undefined ? 'New access key' : 'New session'} onClose={onClose}>
      <p class="lede">The secret is shown only now. Store it safely before you close this dialog.</p>
      <dl class="defs">
        {values.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name} class="secret">
                <dt>{name}</dt>
                <dd class="row">
                  <code class="wrap">{value}</code>
                  <Copy text={value} what={name.toLowerCase()} />
                </dd>
              </div>
            ),
        )}
      </dl>
      {problem && <Failure error={problem} />}
      <div class="row next">
        <button type="button" class="btn" onClick={onClose}>
          Close
        </button>
        {SessionToken !== undefined && (
          <button type="button" class="btn" onClick={() => void goOn()}>
            Use it in this tab
          </button>
        )}
      </div>
    </Dialog>
  );
}

function Deletion({ of, reload }: PartProps) {
  const [isAsking, setIsAsking] = useState(false);
  const { failure, run } = useChange();
  const remove = async () => {
    const call = () => admin<object>('DeletePrincipal', ['DELETE', pathOf(of)], { resource: principalArn(of) });
    if (await run(call, `Deleted ${of.name}`)) goTo(['access', of.kind]);
    else reload();
  };
  return (
    <Sheet title="Delete">
      <div class="body row">
        <p class="quiet">Its policies, access keys and sessions are removed, too. Key policies that name it stay.</p>
        <button type="button" class="btn stop" onClick={() => setIsAsking(true)}>
          Delete {of.name}
        </button>
      </div>
      {failure && <Failure error={failure} />}
      {isAsking && (
        <Confirmation
          title={`Delete ${of.name}?`}
          name={of.name}
          action="Delete"
          onClose={() => setIsAsking(false)}
          onConfirm={() => void remove()}
        />
      )}
    </Sheet>
  );
}
