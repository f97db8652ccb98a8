import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DestructionWatch } from '../../changes/destruction-watch.js';
import { DueWorker } from '../../changes/due-worker.js';
import { LOGGER } from '../../logger.js';
import { BoundRowError } from '../../provider/row-seal.js';
import { KMS } from '../api.js';
import { DueKeys } from '../keys/due-keys.js';
import { stateOf } from '../keys/key-state.js';
import { KeyRotation } from './key-rotation.js';

/** Rotates the material of enabled keys within a minute of the end of their rotation period. */
@Injectable()
export class KmsRotationWorker extends DueWorker {
  constructor(
    private readonly keys: DueKeys,
    private readonly rotation: KeyRotation,
    watch: DestructionWatch,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(watch, logger, 'KMS keys due for rotation could not be rotated; retrying every minute');
  }

  async doDue(now: Date): Promise<void> {
    await this.inBatches(async (after) => {
      const due = await this.keys.rotations(now, after);
      for (const keyArn of due) await this.#rotate(keyArn, now);
      return due.at(-1);
    });
  }

  /** Rotates a key unless it was disabled meanwhile, or another node was faster. */
  async #rotate(keyArn: string, now: Date): Promise<void> {
    try {
      await this.keys.change(keyArn, async (key, { manager, changed, note }) => {
        if (stateOf(key, [], now) !== 'Enabled') return;
        const rotation = await this.rotation.rotateIfDue({ manager, key, changed }, now);
        if (!rotation) return;
        note({
          api: KMS,
          name: 'RotateKey',
          keyArn,
          details: {
            keyId: key.keyId,
            keyOrigin: key.origin,
            rotationType: 'AUTOMATIC',
            previousKeyMaterialId: rotation.previous,
            currentKeyMaterialId: rotation.current,
          },
        });
      });
    } catch (error) {
      if (!(error instanceof BoundRowError)) throw error;
      this.logger.error({ keyArn, error: error.message }, 'a KMS key that is due is not rotated');
    }
  }
}
