import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/config.js';
import { KeysModule } from '../keys/keys.module.js';
import { AccountAuthority } from './account-authority.js';
import { ExchangeTokens } from './exchange-tokens.js';
import { KeyAgreement } from './key-agreement.js';
import { KeyBlocks } from './key-blocks.js';
import { PublicKeyCertificates } from './public-key-certificates.js';
import { Tr34Parties } from './tr34-parties.js';
import { TrustedAuthorities } from './trusted-authorities.js';

const PROVIDERS = [
  {
    provide: KeyBlocks,
    useFactory: ({ acceptsLegacyKeyBlocks }: Config) => new KeyBlocks(acceptsLegacyKeyBlocks),
    inject: [CONFIG],
  },
  AccountAuthority,
  ExchangeTokens,
  Tr34Parties,
  TrustedAuthorities,
  KeyAgreement,
  PublicKeyCertificates,
];

/** Services for key import, export and key agreement that the operations of both planes share. */
@Module({ imports: [KeysModule], providers: PROVIDERS, exports: PROVIDERS })
export class ExchangeModule {}
