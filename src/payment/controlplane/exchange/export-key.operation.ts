import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { Changes } from '../../../changes/changes.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { CryptoProvider } from '../../../provider/crypto-provider.js';
import { keyCheckValue } from '../../keys/key-material.js';
import type { ExportKeyInput, ExportKeyMaterial, ExportKeyOutput } from './exchange.schema.js';
import { As2805Export } from './exports/as2805.export.js';
import { DiffieHellmanExport } from './exports/diffie-hellman.export.js';
import { type ExportedKey, exportedKey } from './exports/exported-key.js';
import type { Exported } from './exports/exported.js';
import { KeyCryptogramExport } from './exports/key-cryptogram.export.js';
import { Tr31Export } from './exports/tr31.export.js';
import { Tr34Export } from './exports/tr34.export.js';

@Injectable()
export class ExportKeyOperation {
  constructor(
    private readonly tr31: Tr31Export,
    private readonly tr34: Tr34Export,
    private readonly keyCryptogram: KeyCryptogramExport,
    private readonly diffieHellman: DiffieHellmanExport,
    private readonly as2805: As2805Export,
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
    private readonly changes: Changes,
  ) {}

  async execute(call: Call, input: ExportKeyInput): Promise<ExportKeyOutput> {
    const { KeyMaterial, ExportKeyIdentifier, ExportAttributes } = input;
    const key = await this.keys.getEnabled(call, ExportKeyIdentifier);
    const exported = exportedKey(key, this.provider, ExportAttributes);
    const wrapped = await this.#wrap(call, KeyMaterial, exported);
    const approving = this.changes.approve(call);
    if (approving) await approving;

    const { algorithm } = exported;
    const kcvAlgorithm = KeyMaterial.As2805KeyCryptogram ? 'ANSI_X9_24' : exported.kcvAlgorithm;
    const kcv = exported.use((clear) => keyCheckValue(algorithm, kcvAlgorithm, clear));
    return { WrappedKey: { ...wrapped, KeyCheckValue: kcv, KeyCheckValueAlgorithm: kcvAlgorithm } };
  }

  #wrap(call: Call, material: ExportKeyMaterial, exported: ExportedKey): Promise<Exported> {
    const { Tr31KeyBlock, Tr34KeyBlock, KeyCryptogram, DiffieHellmanTr31KeyBlock, As2805KeyCryptogram } = material;
    if (Tr31KeyBlock) return this.tr31.wrap(call, Tr31KeyBlock, exported);
    if (Tr34KeyBlock) return this.tr34.wrap(call, Tr34KeyBlock, exported);
    if (KeyCryptogram) return this.keyCryptogram.wrap(call, KeyCryptogram, exported);
    if (DiffieHellmanTr31KeyBlock) return this.diffieHellman.wrap(call, DiffieHellmanTr31KeyBlock, exported);
    if (As2805KeyCryptogram) return this.as2805.wrap(call, As2805KeyCryptogram, exported);
    throw new Error('The schema requires exactly one form of key material');
  }
}
