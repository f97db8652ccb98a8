import { uuidOf } from '../uris.js';

const NAME = 'keyblock';

/** The one connection to AWS: this service's own KMS. */
export const CONNECTION = { id: uuidOf('connection', NAME), name: NAME } as const;
