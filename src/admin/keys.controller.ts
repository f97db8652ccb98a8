import { KeyUse } from '../access/key-use.js';
import { type Call, scopeOf } from '../call.js';
import { Clock } from '../clock.js';
import { ValidationException } from '../errors/exceptions.js';
import { epochSeconds } from '../http/fields.js';
import { Param, Query } from '../http/input.js';
import { OperationsController } from '../http/operation.js';
import { PageTokens } from '../http/page-tokens.js';
import { stateOf } from '../kms/keys/key-state.js';
import { keyArn } from '../payment/keys/arn.js';
import type { LastUse } from '../access/key-use.js';
import { AdminOperation } from './admin-operation.js';
import { type InventoryKey, type KeyColumns, KeyInventory } from './key-inventory.js';
import { type InventoryKmsKey, KmsKeyInventory } from './kms-key-inventory.js';
import {
  GetKeyCountsOutput,
  GetKeyUseOutput,
  GetKeyUseQuery,
  KeyPath,
  ListKeyInventoryOutput,
  ListKeyInventoryQuery,
} from './keys.schema.js';

const DEFAULT_KEYS = 50;
const DEFAULT_DAYS = 30;
const DAY_MS = 86_400_000;

@OperationsController('keys')
export class KeysController {
  constructor(
    private readonly inventory: KeyInventory,
    private readonly kmsInventory: KmsKeyInventory,
    private readonly uses: KeyUse,
    private readonly tokens: PageTokens,
    private readonly clock: Clock,
  ) {}

  @AdminOperation({
    name: 'ListKeyInventory',
    route: ['GET', 'keys'],
    resource: 'nothing',
    summary: 'Lists payment keys or KMS keys with their aliases, tags and last use',
    description:
      'Lists the payment keys, or with `Api=kms` the KMS keys, of the Region for which the request is signed. A payment key on ' +
      'which the caller may not call GetKey is left out, and so is a KMS key on which the caller may not call DescribeKey. A ' +
      'call reads at most 20,000 keys, and stops after two seconds: a page may have fewer keys than requested, or none, and ' +
      'still a NextToken.',
    example: '"http://127.0.0.1:8080/admin/keys?Query=mac"',
    output: ListKeyInventoryOutput,
  })
  async list(
    call: Call,
    @Query(ListKeyInventoryQuery) { NextToken, MaxResults = DEFAULT_KEYS, ...filters }: ListKeyInventoryQuery,
  ): Promise<ListKeyInventoryOutput> {
    const list = ['ListKeyInventory', filters];
    const after = NextToken === undefined ? undefined : this.tokens.read(call, list, NextToken);
    const { Sort: sort = 'Oldest' } = filters;
    const now = this.clock.now();
    const next = (last: string | undefined) => (last === undefined ? undefined : this.tokens.issue(call, list, last));
    if (filters.Api === 'kms') {
      if (filters.Exportable !== undefined) throw new ValidationException('Exportable is for payment keys only.');
      const found: InventoryKmsKey[] = [];
      const last = await this.kmsInventory.read(call, { where: kmsColumnsOf(filters), sort, after }, (key) => {
        if (matchesKms(key, filters, now)) found.push(key);
        return found.length < MaxResults;
      });
      return { Keys: [], KmsKeys: found.map((key) => presentKmsKey(key, now)), NextToken: next(last) };
    }
    const found: InventoryKey[] = [];
    const last = await this.inventory.read(call, { where: columnsOf(filters), sort, after }, (key) => {
      if (matches(key, filters, now)) found.push(key);
      return found.length < MaxResults;
    });
    return { Keys: found.map(presentKey), NextToken: next(last) };
  }

  @AdminOperation({
    name: 'GetKeyCounts',
    route: ['GET', 'keys/counts'],
    resource: 'nothing',
    summary: 'Counts payment keys by usage and state',
    description:
      'Counts the keys that ListKeyInventory would list, and no others: keys on which the caller may not call GetKey don’t count.',
    example: 'http://127.0.0.1:8080/admin/keys/counts',
    output: GetKeyCountsOutput,
  })
  async counts(call: Call): Promise<GetKeyCountsOutput> {
    const [usages, states] = [new Map<string, number>(), new Map<string, number>()];
    let total = 0;
    const last = await this.inventory.read(call, { where: {} }, ({ key: { usage, state } }) => {
      usages.set(usage, (usages.get(usage) ?? 0) + 1);
      states.set(state, (states.get(state) ?? 0) + 1);
      total += 1;
      return true;
    });
    return { ByUsage: named(usages), ByState: named(states), Total: total, Complete: last === undefined };
  }

  @AdminOperation({
    name: 'GetKeyUse',
    route: ['GET', 'keys/:id/use'],
    resource: 'key',
    about: (call: Call, { id }: KeyPath) => keyArn(scopeOf(call), id),
    summary: 'Gets how often a payment key was used',
    description:
      'Returns the last call with the key that was served, and the calls by day (UTC) and operation: cryptographic ones, and exports ' +
      'and imports under it. Each process writes its counts within a minute. Days are kept for 90 days.',
    example: `http://127.0.0.1:8080/admin/keys/demo000000000mac/use`,
    output: GetKeyUseOutput,
  })
  async use(
    call: Call,
    @Param(KeyPath) { id }: KeyPath,
    @Query(GetKeyUseQuery) { Days = DEFAULT_DAYS }: GetKeyUseQuery,
  ): Promise<GetKeyUseOutput> {
    const arn = keyArn(scopeOf(call), id);
    const last = (await this.uses.lastUses([arn])).get(arn);
    const days = await this.uses.daysOf(arn, Days, this.clock.now());
    return {
      LastUsed: last && presentUse(last),
      Days: days.map(({ day, operation, served, refused }) => ({
        Date: day,
        Operation: operation,
        Served: served,
        Refused: refused,
      })),
    };
  }
}

type Filters = Omit<ListKeyInventoryQuery, 'NextToken' | 'MaxResults'>;

function columnsOf({ Usage, Algorithm, State, Exportable }: Filters): KeyColumns {
  return {
    ...(Usage !== undefined && { usage: Usage }),
    ...(Algorithm !== undefined && { algorithm: Algorithm }),
    ...(State !== undefined && { state: State }),
    ...(Exportable !== undefined && { exportable: Exportable === 'true' }),
  };
}

function kmsColumnsOf({ Usage, Algorithm }: Filters) {
  return { ...(Usage !== undefined && { usage: Usage }), ...(Algorithm !== undefined && { spec: Algorithm }) };
}

function matches({ key, aliases, tags, lastUse }: InventoryKey, { Query, UnusedDays }: Filters, now: Date): boolean {
  if (!isUnused(UnusedDays, lastUse?.time ?? key.createdAt, now)) return false;
  return (
    Query === undefined ||
    key.kcv.toLowerCase().startsWith(Query.toLowerCase()) ||
    haveText([key.arn, ...aliases, ...textsOf(tags)], Query)
  );
}

function matchesKms(found: InventoryKmsKey, { Query, State, UnusedDays }: Filters, now: Date): boolean {
  const { key, materials, store, aliases, tags, lastUse } = found;
  if (!isUnused(UnusedDays, lastUse?.time ?? key.createdAt, now)) return false;
  if (State !== undefined && stateOf(key, materials, now, store) !== State) return false;
  return Query === undefined || haveText([key.arn, key.description, ...aliases, ...textsOf(tags)], Query);
}

function isUnused(days: number | undefined, since: Date, now: Date): boolean {
  return days === undefined || since.getTime() <= now.getTime() - days * DAY_MS;
}

function textsOf(tags: readonly { key: string; value: string }[]): string[] {
  return tags.flatMap(({ key, value }) => [key, value]);
}

function haveText(texts: readonly string[], part: string): boolean {
  return texts.some((text) => text.toLowerCase().includes(part.toLowerCase()));
}

function presentKmsKey({ key, materials, store, aliases, tags, lastUse }: InventoryKmsKey, now: Date) {
  return {
    KeyArn: key.arn,
    Aliases: [...aliases],
    Description: key.description,
    KeySpec: key.spec,
    KeyUsage: key.usage,
    KeyState: stateOf(key, materials, now, store),
    Origin: key.origin,
    CustomKeyStoreId: key.customKeyStoreId ?? undefined,
    MultiRegion: key.primaryRegion !== null,
    RotationPeriodInDays: key.rotationPeriodDays ?? undefined,
    NextRotationDate: key.nextRotationAt ? epochSeconds(key.nextRotationAt) : undefined,
    CreateTimestamp: epochSeconds(key.createdAt),
    DeletionDate: key.deletionDate ? epochSeconds(key.deletionDate) : undefined,
    LastUsed: lastUse && presentUse(lastUse),
    Tags: tags.map((tag) => ({ Key: tag.key, Value: tag.value })),
  };
}

function presentKey({ key, aliases, tags, replications, lastUse }: InventoryKey) {
  return {
    KeyArn: key.arn,
    Aliases: aliases,
    KeyAttributes: {
      KeyUsage: key.usage,
      KeyClass: key.class,
      KeyAlgorithm: key.algorithm,
      KeyModesOfUse: key.modes,
    },
    KeyState: key.state,
    Enabled: key.enabled,
    Exportable: key.exportable,
    KeyCheckValue: key.kcv,
    KeyOrigin: key.origin,
    CreateTimestamp: epochSeconds(key.createdAt),
    LastUsed: lastUse && presentUse(lastUse),
    DeletePendingTimestamp: key.deletePendingAt ? epochSeconds(key.deletePendingAt) : undefined,
    PrimaryRegion: key.primaryRegion ?? undefined,
    Replication: replications.map(({ region, status, message, dueAt, attempts }) => ({
      Region: region,
      Status: status,
      Message: message ?? undefined,
      Due: dueAt ? epochSeconds(dueAt) : undefined,
      Attempts: attempts,
    })),
    Tags: tags.map((tag) => ({ Key: tag.key, Value: tag.value })),
  };
}

function presentUse({ time, operation, by }: LastUse) {
  return { Time: epochSeconds(time), Operation: operation, By: by };
}

function named(counts: ReadonlyMap<string, number>) {
  return [...counts].map(([Name, Count]) => ({ Name, Count })).sort((a, b) => b.Count - a.Count);
}
