import { CryptoError } from '../../src/crypto/errors.js';
import { type KeyBlock, parseKeyBlock } from '../../src/crypto/tr31/key-block.js';
import { ApiError } from '../api.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty } from '../components/states.js';
import { useLoad } from '../load.js';
import { KeyBlockFields } from '../workbench/key-block-fields.js';
import { Malformed } from '../workbench/malformed.js';
import { holdingOf } from './holding.js';

/** Shows the fields of a pasted key block, TR-34 token or certificate. It is parsed in the tab. */
export function Inspection({ text, empty }: { text: string; empty: string }) {
  const holding = holdingOf(text);
  if (!holding)
    return (
      <Sheet title="Contents">
        <Empty title="Nothing to show yet">
          <p>{empty}</p>
        </Empty>
      </Sheet>
    );
  if ('der' in holding) return <Der der={holding.der} />;
  const block = blockOf(holding.block);
  if (block instanceof CryptoError) return <Malformed text={holding.block} error={block} />;
  return <KeyBlockFields text={holding.block} block={block} />;
}

/** Parses a key block. @returns its error if it is malformed */
export function blockOf(text: string): KeyBlock | CryptoError {
  try {
    return parseKeyBlock(text);
  } catch (error) {
    if (error instanceof CryptoError) return error;
    throw error;
  }
}

/** The DER inspector is loaded on first use. */
function Der({ der }: { der: Buffer }) {
  const loaded = useLoad(
    () =>
      import('./der.js').catch(() => {
        throw new ApiError('NetworkError', 'The inspector could not be loaded.', '');
      }),
    [],
  );
  return (
    <Await loaded={loaded}>{({ DerInspection }) => <DerInspection key={der.toString('base64')} der={der} />}</Await>
  );
}
