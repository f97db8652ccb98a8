import { useState } from 'preact/hooks';
import type { Key as StoredKey } from '../../src/payment/controlplane/keys/keys.schema.js';
import { control } from '../api.js';
import { useChange } from '../change.js';
import { Confirmation } from '../components/confirmation.js';
import { Sheet } from '../components/sheet.js';
import { Failure } from '../components/states.js';
import { timeWords, untilWords } from '../words.js';
import { type LastUsed, lastUseWords } from './key-use.js';

/** Runs a change of the key, and reloads it. */
function useKeyChange(reload: () => void) {
  const { failure, run } = useChange();
  return {
    failure,
    run: async (operation: string, input: object, done: string) => {
      await run(() => control<object>(operation, input), done);
      // A failed change may be due to another one.
      reload();
    },
  };
}

interface ChangeProps {
  stored: StoredKey;
  name: string;
  reload: () => void;
}

/** Only the primary key of a multi-Region key can be changed. */
const canChange = ({ MultiRegionKeyType }: StoredKey) => MultiRegionKeyType !== 'REPLICA';

export function UsageSwitch({ stored, name, reload }: ChangeProps) {
  const { failure, run } = useKeyChange(reload);
  const [operation, words, done] = stored.Enabled
    ? (['StopKeyUsage', 'Stop usage', 'Stopped'] as const)
    : (['StartKeyUsage', 'Start usage', 'Started'] as const);
  return (
    <>
      {stored.KeyState === 'CREATE_COMPLETE' && canChange(stored) && (
        <button
          type="button"
          class="btn"
          onClick={() => void run(operation, { KeyIdentifier: stored.KeyArn }, `${done} ${name}`)}
        >
          {words}
        </button>
      )}
      {failure && <Failure error={failure} />}
    </>
  );
}

export function Deletion({ stored, name, reload, lastUsed }: ChangeProps & { lastUsed: LastUsed | undefined }) {
  const { failure, run } = useKeyChange(reload);
  const [isAsking, setIsAsking] = useState(false);
  if (stored.KeyState === 'DELETE_COMPLETE' || !canChange(stored)) return null;
  const pending = stored.DeletePendingTimestamp;
  return (
    <Sheet title="Delete">
      {stored.KeyState === 'DELETE_PENDING' && pending !== undefined ? (
        <div class="body row">
          <p class="quiet">
            Will be deleted {untilWords(pending)}, on {timeWords(pending)}.
          </p>
          <button
            type="button"
            class="btn"
            onClick={() => void run('RestoreKey', { KeyIdentifier: stored.KeyArn }, `Restored ${name}`)}
          >
            Restore
          </button>
        </div>
      ) : (
        <div class="body row">
          <p class="quiet">
            {lastUsed && `${lastUseWords(lastUsed)} `}
            {stored.Enabled
              ? 'Stop its usage first and watch for refused calls; deletion then waits 3 to 180 days.'
              : 'Deletion waits 3 to 180 days, and can be cancelled until then.'}
          </p>
          <button type="button" class="btn stop" onClick={() => setIsAsking(true)}>
            Schedule deletion
          </button>
        </div>
      )}
      {failure && <Failure error={failure} />}
      {isAsking && (
        <Confirmation
          title={`Delete ${name}?`}
          name={name}
          action="Schedule deletion"
          waiting={{ least: 3, most: 180 }}
          onClose={() => setIsAsking(false)}
          onConfirm={(days) => {
            void run(
              'DeleteKey',
              { KeyIdentifier: stored.KeyArn, DeleteKeyInDays: days },
              `Scheduled the deletion of ${name}`,
            );
          }}
        >
          <p class="lede">
            The key can no longer be used. After the waiting period its material is destroyed, and can’t be recovered.
            {lastUsed && ` ${lastUseWords(lastUsed)}`}
          </p>
        </Confirmation>
      )}
    </Sheet>
  );
}
