import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { RotationsListEntry } from '../../kms/rotation/rotation.schema.js';
import { KmsCalls } from '../kms-calls.js';
import { type Envelope, isSet, matches, pageOf } from '../lists.js';
import { resource } from '../resources.js';
import { uuidOf } from '../uris.js';
import { CckmKeys } from './cckm-keys.js';
import { regionOf } from './key-record.repository.js';
import { type KeyView, materialOrigin, seconds } from './key-view.js';
import type { ListRotationsQuery, Rotation } from './keys.schema.js';

@Injectable()
export class ListRotationsOperation {
  constructor(
    private readonly kms: KmsCalls,
    private readonly keys: CckmKeys,
  ) {}

  async execute(call: Call, id: string, query: ListRotationsQuery): Promise<Envelope<Rotation>> {
    const view = await this.keys.view(call, id);
    const found = (await this.#read(call, view))
      .map((entry) => presentRotation(view, entry))
      .filter(
        ({ aws_param: param, key_source, key_material_origin }) =>
          matches(query.key_source, key_source) &&
          matches(query.key_material_origin, key_material_origin) &&
          (!isSet(query.ImportState) || matches(query.ImportState, param.ImportState)) &&
          matches(query.KeyMaterialState, param.KeyMaterialState) &&
          matches(query.RotationType, param.RotationType) &&
          matches(query.KeyMaterialId, param.KeyMaterialId),
      );
    return pageOf(found, query, {
      RotationDate: ({ aws_param: { RotationDate } }) => RotationDate,
      createdAt: ({ createdAt }) => createdAt,
    });
  }

  async #read(call: Call, { recorded }: KeyView): Promise<RotationsListEntry[]> {
    const { keyArn } = recorded.record;
    const entries: RotationsListEntry[] = [];
    let Marker: string | undefined;
    do {
      const { Rotations = [], NextMarker } = await this.kms.run(call, regionOf(keyArn), 'ListKeyRotations', {
        KeyId: keyArn,
        IncludeKeyMaterial: 'ALL_KEY_MATERIAL',
        Limit: 1000,
        ...(Marker !== undefined && { Marker }),
      });
      entries.push(...Rotations);
      Marker = NextMarker;
    } while (Marker !== undefined);
    return entries;
  }
}

function presentRotation({ recorded, described }: KeyView, entry: RotationsListEntry): Rotation {
  const { KeyMaterialId = '', ValidTo, RotationDate } = entry;
  // The first material has the record's creation time.
  const time = RotationDate === undefined ? recorded.record.createdAt : new Date(RotationDate * 1000);
  return {
    ...resource('aws-key-rotation', uuidOf('rotation', recorded.record.id, KeyMaterialId), {
      createdAt: time,
      updatedAt: time,
    }),
    kms_id: recorded.container.id,
    key_source: described.Origin === 'EXTERNAL' ? 'external' : 'native',
    key_source_container_id: '',
    source_key_identifier: '',
    source_key_name: '',
    key_material_origin: materialOrigin(described.Origin),
    aws_param: {
      ...entry,
      KeyId: described.KeyID,
      KeyMaterialId,
      ValidTo: seconds(ValidTo),
      RotationDate: seconds(RotationDate),
    },
  };
}
