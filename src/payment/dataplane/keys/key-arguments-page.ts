import type { KeyRequirement } from '../../keys/key.repository.js';
import { KEY_ARGUMENTS } from './key-arguments.js';

const INTRODUCTION = `# Keys that the data plane takes

Made from the table that the service enforces, \`src/payment/dataplane/keys/key-arguments.ts\`, by \`npm run docs\`: don't edit it here.

A key is checked before anything is computed, in this order: it is there and of the caller's account and Region; it is enabled
(\`CREATE_COMPLETE\`, and not stopped); its KeyUsage, KeyAlgorithm and KeyModesOfUse are of the row. A key needs every mode of
the row that isn't an alternative; it may have more. A refusal is ValidationException, and names the key and the first attribute
that doesn't fit.

Rows \`Tr31KeyBlock\` and \`DiffieHellmanSymmetricKey\` are of a key that comes with the call in a member \`…WrappedKey\`: the
argument then names the key that it came under. The key that comes is checked as a stored one would be, by the row of the variant
that the call asks for, and must be a data key (D0) or a PIN key (P0): one in a TR-31 key block by the block's header, a derived
one by the DeriveKeyUsage of the key pair. It may do whatever its usage allows.
`;

/** docs/key-arguments.md, before Prettier. */
export function keyArgumentsPage(): string {
  const operations: [string, Record<string, Record<string, KeyRequirement>>][] = Object.entries(KEY_ARGUMENTS);
  return [INTRODUCTION, ...operations.map(([operation, byArgument]) => section(operation, byArgument))].join('\n');
}

function section(operation: string, byArgument: Record<string, Record<string, KeyRequirement>>): string {
  const rows = Object.entries(byArgument).flatMap(([argument, byVariant]) =>
    variantsByRule(byVariant).map(([variants, rule]) => row(argument, variants, rule)),
  );
  const head = ['| Argument | Variant | KeyUsage | KeyAlgorithm | KeyModesOfUse |', '| --- | --- | --- | --- | --- |'];
  return [`## ${operation}`, '', ...head, ...rows, ''].join('\n');
}

/** Variants with one rule share a row. */
function variantsByRule(byVariant: Record<string, KeyRequirement>): [string[], KeyRequirement][] {
  const rows = new Map<string, [string[], KeyRequirement]>();
  for (const [variant, rule] of Object.entries(byVariant)) {
    const same = rows.get(JSON.stringify(rule));
    if (same) same[0].push(variant);
    else rows.set(JSON.stringify(rule), [[variant], rule]);
  }
  return [...rows.values()];
}

function row(
  argument: string,
  variants: string[],
  { usages, algorithms, modes, unrestricted }: KeyRequirement,
): string {
  const alternative = unrestricted ? ' or NoRestrictions' : '';
  const cells = [
    argument,
    variants.join(', '),
    usages.join(', '),
    algorithms.join(', '),
    modes.join(' and ') + alternative,
  ];
  return `| ${cells.join(' | ')} |`;
}
