import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { type AclAction, requireAction } from '../containers/acls.js';
import type { ContainerRow } from '../containers/container.entity.js';
import { CckmException, ifAllowed, notFound } from '../errors.js';
import { type InputOf, KmsCalls, type KmsOperationName, type OutputOf } from '../kms-calls.js';
import { type Details, type RecordedKey, KeyRecordRepository, regionOf } from './key-record.repository.js';
import { KeyView, materialOrigin } from './key-view.js';
import type { AwsParam, Key } from './keys.schema.js';

/** Members of aws_param with permissions of their own. */
const GUARDED = ['Policy', 'Alias', 'Tags'] as const;

/** Calls KMS about one key. */
export type RunOnKey = <N extends KmsOperationName>(name: N, input: Omit<InputOf<N>, 'KeyId'>) => Promise<OutputOf<N>>;

/** Recorded keys, limited to what their callers may see and change. */
@Injectable()
export class CckmKeys {
  constructor(
    private readonly kms: KmsCalls,
    private readonly records: KeyRecordRepository,
  ) {}

  /**
   * Reads a key.
   *
   * @throws CckmException NCERRResourceNotFound, NCERRForbidden; AccessDeniedException
   */
  async view(call: Call, id: string): Promise<KeyView> {
    const recorded = await this.records.find(id);
    call.record.uses(recorded.record.keyArn);
    return this.#view(call, recorded);
  }

  /** Reads every recorded key that the caller may see, the newest first. */
  async list(call: Call, isWanted: (key: RecordedKey) => boolean): Promise<KeyView[]> {
    const views: KeyView[] = [];
    for (const recorded of await this.records.list()) {
      if (!isWanted(recorded)) continue;
      const view = await ifAllowed(this.#view(call, recorded));
      if (view) views.push(view);
      // Yields to other requests between two keys, because KMS has most keys in memory.
      await setImmediate();
    }
    return views;
  }

  /**
   * Changes a key by calls to KMS. The caller must be able to view the key.
   *
   * @param work calls KMS; may return details for the record
   * @returns the key after the change
   * @throws the exceptions of KMS; CckmException NCERRResourceNotFound, NCERRForbidden, NCERRConflict
   */
  async change(
    call: Call,
    id: string,
    action: AclAction,
    work: (run: RunOnKey, view: KeyView) => Promise<Details | undefined>,
  ): Promise<Key> {
    const recorded = await this.records.find(id);
    call.record.uses(recorded.record.keyArn);
    requireChangeable(call, recorded.container, action);
    const view = await this.#view(call, recorded);
    if (view.isGone) throw notFound(`KMS key ${recorded.record.keyArn}`);
    const { keyArn } = recorded.record;
    const run = ((name: KmsOperationName, input: object) =>
      this.kms.run(call, regionOf(keyArn), name, { KeyId: keyArn, ...input })) as RunOnKey;
    return this.changed(call, recorded, await work(run, view));
  }

  /** Changes a key by one call to KMS. @throws as `change` */
  run<N extends KmsOperationName>(
    call: Call,
    id: string,
    action: AclAction,
    name: N,
    input: Omit<InputOf<N>, 'KeyId'>,
  ): Promise<Key> {
    return this.change(call, id, action, async (run) => {
      await run(name, input);
      return undefined;
    });
  }

  /** Refreshes a key, and updates its record. @returns the key */
  async changed(call: Call, recorded: RecordedKey, details?: Details, syncedAt?: Date): Promise<Key> {
    const view = await KeyView.read(this.kms, call, recorded);
    const snapshot = withGuarded(await view.awsParam(), recorded);
    await this.records.update(call, recorded, { snapshot, ...(details && { details }), ...(syncedAt && { syncedAt }) });
    return view.present();
  }

  async #view(call: Call, recorded: RecordedKey): Promise<KeyView> {
    const view = await KeyView.read(this.kms, call, recorded);
    requireAction(call, recorded.container, viewAction(view.described));
    return view;
  }
}

/** Keeps members of the snapshot that an earlier caller read and the current caller may not read. */
function withGuarded(param: AwsParam, { record }: RecordedKey): AwsParam {
  const before = JSON.parse(record.snapshot) as AwsParam;
  const kept = GUARDED.filter((name) => param[name] === undefined && before[name] !== undefined);
  return { ...param, ...Object.fromEntries(kept.map((name) => [name, before[name]])) };
}

/** Returns the ACL action for viewing a key, by the origin of its material. */
function viewAction({ Origin }: AwsParam): AclAction {
  return materialOrigin(Origin) === 'native' ? 'viewnative' : 'viewbyok';
}

/** @throws CckmException NCERRForbidden; NCERRConflict for an archived container */
export function requireChangeable(call: Call, container: ContainerRow, action: AclAction): void {
  requireAction(call, container, action);
  if (container.isArchived)
    throw new CckmException('NCERRConflict', `The KMS ${container.name} is archived: recover it first`);
}
