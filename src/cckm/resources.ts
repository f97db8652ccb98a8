import { z } from 'zod';
import { timestamp } from './uris.js';

const OWNED = {
  id: z.string(),
  uri: z.string(),
  account: z.string(),
  application: z.string(),
  devAccount: z.string(),
};

/** Schema of the members that every resource of CipherTrust Manager has. */
export const Owned = z.object(OWNED);

/** Schema of the members that every resource with a record has. */
export const Resource = z.object({ ...OWNED, createdAt: z.string(), updatedAt: z.string() });

/** Returns the members of `Owned`, for Keyblock's only domain and account. */
export function ownership(kind: string, id: string): z.infer<typeof Owned> {
  return {
    id,
    uri: `kylo:kylo:cckm:${kind}:${id}`,
    account: 'kylo:kylo:admin:accounts:kylo',
    application: 'ncryptify:gemalto:admin:apps:kylo',
    devAccount: 'ncryptify:gemalto:admin:accounts:gemalto',
  };
}

/** Returns the members of `Resource`. */
export function resource(
  kind: string,
  id: string,
  { createdAt, updatedAt }: { createdAt: Date; updatedAt: Date },
): z.infer<typeof Resource> {
  return { ...ownership(kind, id), createdAt: timestamp(createdAt, 6), updatedAt: timestamp(updatedAt, 9) };
}
