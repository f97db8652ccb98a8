import type { ComponentChildren } from 'preact';
import { usageCode } from '../../src/payment/keys/key-block-attributes.js';
import type { KeyUsage } from '../../src/payment/keys/key-attributes.js';
import { usageWords } from '../words.js';

/** A one-word state on a coloured background. */
export function Tag({ tone, children }: { tone?: 'ok' | 'warn' | 'bad' | undefined; children: ComponentChildren }) {
  return <span class={tone ? `tag ${tone}` : 'tag'}>{children}</span>;
}

/** A usage with its code in a key block header. */
export function Usage({ usage }: { usage: KeyUsage }) {
  return (
    <>
      <span class="use">{usageCode(usage)}</span>
      {usageWords(usage)}
    </>
  );
}
