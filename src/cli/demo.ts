import type { Command, Streams } from './command.js';
import { type OutputOptions, print, remark, withOutput } from './results.js';

const DESCRIPTION = `Create the keys and users that the examples of the API documents use.

Imports keys and KMS keys under the aliases alias/demo/…, creates the users line-2 and line-3 and the approval team custodians, and restores whatever the examples have changed: a KMS key that was changed is replaced, without the key material, aliases and grants that were added to it. Afterwards, every example at /docs runs unchanged. The service keeps running, and every change is recorded in its audit log.

The key material is public: an example that verifies a value needs a key that is known in advance. A symmetric key consists of the first bytes of SHA-256 over "keyblock demo" and its name, which is preceded by "kms-" for a KMS key, so that results can be checked with other tools. Never protect anything with these keys, and don't run this command on a production service. The keys are tagged demo=public-test-key, so that a policy can deny their use. Nobody can sign with the access keys of line-3, because their secrets are discarded.`;

/** Adds `keyblock demo`. */
export function addDemo(program: Command, streams: Streams): void {
  const demo = program
    .command('demo')
    .description(DESCRIPTION)
    .examples('keyblock demo', "printf 'keyblock demo mac' | sha256sum   # key material of alias/demo/mac")
    .readOn('docs/operating.md');
  withOutput(demo).action(async (options: OutputOptions) => {
    const { makeExamples } = await import('./demo-examples.js');
    const keys = await makeExamples();
    const line = `${keys} keys are at alias/demo/…: the examples at /docs run unchanged`;
    print(streams, options, { Keys: keys }, [line]);
    remark(streams, options, 'The key material is public. Never protect anything with them.');
  });
}
