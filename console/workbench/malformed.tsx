import type { CryptoError } from '../../src/crypto/errors.js';

/** Marks the character at which the block is malformed. */
export function Malformed({ text, error }: { text: string; error: CryptoError }) {
  const at = Math.min(error.offset ?? 0, text.length);
  return (
    <section class="sheet">
      <div class="verdict bad" role="alert">
        <h2>Not a key block</h2>
        <p>{error.message}.</p>
      </div>
      <div class="body">
        <code class="wrap">
          {text.slice(0, at)}
          <mark>{text.charAt(at) || '?'}</mark>
          {text.slice(at + 1)}
        </code>
      </div>
    </section>
  );
}
