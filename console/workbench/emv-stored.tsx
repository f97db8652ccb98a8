import { useEffect, useRef, useState } from 'preact/hooks';
import { toHex } from '../../src/crypto/bytes.js';
import {
  type ArqcAttempt,
  type ArqcCase,
  type ArqcWay,
  likeliestWays,
  paddedData,
} from '../../src/workbench/arqc-search.js';
import { ApiError, dataPlane } from '../api.js';
import { Sheet } from '../components/sheet.js';
import { Failure } from '../components/states.js';
import { count } from '../words.js';
import { Result, Verdict } from './calculator.js';
import { Match, Ways } from './emv-explain.js';
import { callAttributes, type EmvValues, transactionOf, wayOf } from './emv-transaction.js';
import { bytesOf, Incomplete } from './inputs.js';

/** Number of concurrent calls. */
const AT_ONCE = 2;

type StoredCase = Omit<ArqcCase, 'issuerKey'>;
type Attempt = Pick<ArqcAttempt, 'way' | 'matches' | 'differences'>;

/** Progress of a search on a stored key. */
interface Progress {
  attempts: readonly Attempt[];
  isRunning: boolean;
  error?: ApiError;
}

const NOT_STARTED: Progress = { attempts: [], isRunning: false };

/** Explains a cryptogram mismatch with a stored key: one call to the service for each variant. */
export function StoredExplanation({ values, keyArn }: { values: EmvValues; keyArn: string }) {
  const [progress, setProgress] = useState(NOT_STARTED);
  const stop = useRef<AbortController | undefined>(undefined);
  useEffect(() => {
    setProgress(NOT_STARTED);
    return () => stop.current?.abort();
  }, [values, keyArn]);

  return (
    <Result title="Why no match?" compute={() => caseOf(values, keyArn)}>
      {(given) => {
        const ways = likeliestWays(given);
        const start = () => {
          stop.current = new AbortController();
          void searchStored({ given, keyArn, ways, signal: stop.current.signal }, setProgress);
        };
        return (
          <>
            <section class="sheet" aria-live="polite">
              <StoredVerdict given={given} progress={progress} most={ways.length} />
              {progress.error && <Failure error={progress.error} />}
              <div class="body row">
                {progress.isRunning ? (
                  <button type="button" class="btn stop" onClick={() => stop.current?.abort()}>
                    Stop
                  </button>
                ) : (
                  <button type="button" class="btn go" onClick={start}>
                    {progress.attempts.length === 0 ? 'Find the difference' : 'Start again'}
                  </button>
                )}
              </div>
            </section>
            {progress.attempts.length > 0 && (
              <Sheet
                title="What was tried"
                aside={<span class="quiet">{count(progress.attempts.length, 'call')}</span>}
              >
                <Ways rows={progress.attempts} />
              </Sheet>
            )}
          </>
        );
      }}
    </Result>
  );
}

function caseOf(values: EmvValues, keyArn: string): StoredCase {
  if (keyArn === '') throw new Incomplete('the stored key');
  return {
    ...transactionOf(values),
    arqc: bytesOf('the ARQC of the card', values.arqc, 8),
    expected: wayOf(values),
  };
}

function StoredVerdict({ given, progress, most }: { given: StoredCase; progress: Progress; most: number }) {
  const { attempts, isRunning, error } = progress;
  const match = attempts.find(({ matches }) => matches);
  if (match && match.differences.length === 0) return <Verdict title="It matches your computation" tone="ok" />;
  if (match) return <Match way={match.way} given={given} differences={match.differences} others={0} />;
  if (attempts.length === 0 && !isRunning && !error)
    return (
      <Verdict title={`Up to ${count(most, 'call')}, each in the audit log`}>
        <p>
          The service verifies the cryptogram in one way after another, two calls at once, the likeliest way first. It
          stops at a match, and when it is throttled or refused. Failed verifications count against the card’s limit.
        </p>
      </Verdict>
    );
  if (isRunning) return <Verdict title={`${attempts.length} of ${count(most, 'way')} tried`} />;
  if (attempts.length < most) return <Verdict title={`Stopped after ${count(attempts.length, 'way')}`} tone="bad" />;
  return (
    <Verdict title={`None of ${count(most, 'way')} matches`} tone="bad">
      <p>The key, the PAN or a value of the data differs from the card’s.</p>
    </Verdict>
  );
}

/** Verifies each variant of a cryptogram until one matches, the service refuses a call or the signal aborts. */
async function searchStored(
  { given, keyArn, ways, signal }: { given: StoredCase; keyArn: string; ways: readonly ArqcWay[]; signal: AbortSignal },
  report: (progress: Progress) => void,
): Promise<void> {
  const left = [...ways];
  const attempts: Attempt[] = [];
  let error: ApiError | undefined;
  let isOver = false;
  const state = (isRunning: boolean): Progress => ({ attempts: [...attempts], isRunning, ...(error && { error }) });
  const work = async () => {
    for (let way = left.shift(); way !== undefined && !isOver && !signal.aborted; way = left.shift()) {
      try {
        const matches = await verifies(given, keyArn, way);
        attempts.push({ way, matches, differences: differencesOf(way, given.expected) });
        isOver ||= matches;
      } catch (thrown) {
        if (!(thrown instanceof ApiError)) throw thrown;
        error = thrown;
        isOver = true;
      }
      report(state(true));
    }
  };
  report(state(true));
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  report(state(false));
}

async function verifies(given: StoredCase, keyArn: string, way: ArqcWay): Promise<boolean> {
  try {
    await dataPlane('VerifyAuthRequestCryptogram', '/cryptogram/verify', {
      KeyIdentifier: keyArn,
      AuthRequestCryptogram: toHex(given.arqc),
      ...callAttributes(given, way, paddedData(given, way)),
    });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.name === 'VerificationFailedException') return false;
    throw error;
  }
}

function differencesOf(way: ArqcWay, expected: ArqcWay): (keyof ArqcWay)[] {
  return (Object.keys(way) as (keyof ArqcWay)[]).filter((member) => way[member] !== expected[member]);
}
