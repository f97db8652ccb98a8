import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
import { ControlPlaneOperation } from '../../operation.js';
import { KeyOutput } from '../keys/keys.schema.js';
import {
  ExportKeyInput,
  ExportKeyOutput,
  GetCertificateSigningRequestInput,
  GetCertificateSigningRequestOutput,
  GetParametersForExportInput,
  GetParametersForExportOutput,
  GetParametersForImportInput,
  GetParametersForImportOutput,
  GetPublicKeyCertificateInput,
  GetPublicKeyCertificateOutput,
  ImportKeyInput,
} from './exchange.schema.js';
import { ExportKeyOperation } from './export-key.operation.js';
import { GetCertificateSigningRequestOperation } from './get-certificate-signing-request.operation.js';
import { GetParametersForExportOperation } from './get-parameters-for-export.operation.js';
import { GetParametersForImportOperation } from './get-parameters-for-import.operation.js';
import { GetPublicKeyCertificateOperation } from './get-public-key-certificate.operation.js';
import { ImportKeyOperation } from './import-key.operation.js';

@OperationsController('key exchange')
export class ExchangeController {
  constructor(
    private readonly importKey: ImportKeyOperation,
    private readonly exportKey: ExportKeyOperation,
    private readonly getParametersForExport: GetParametersForExportOperation,
    private readonly getCertificateSigningRequest: GetCertificateSigningRequestOperation,
    private readonly getParametersForImport: GetParametersForImportOperation,
    private readonly getPublicKeyCertificate: GetPublicKeyCertificateOperation,
  ) {}

  @ControlPlaneOperation({
    name: 'GetParametersForImport',
    summary: 'Gives an import token and the certificate to wrap keys for it',
    description:
      'Makes an RSA key pair that stays in the service, certifies it by the certificate authority of the account and Region, ' +
      'and names it by a token. Encrypt keys for the certificate and give the token to ImportKey, as often as you like within ' +
      '30 days. With `ReuseLastGeneratedToken` the last token comes again while it is good for 7 more days. TDES keys need ' +
      'RSA_2048 or more, AES_128 keys RSA_3072 or more; larger keys come in key blocks.',
    example: '--key-material-type KEY_CRYPTOGRAM --wrapping-key-algorithm RSA_2048',
    output: GetParametersForImportOutput,
    resource: 'nothing',
  })
  parametersForImport(
    @Req() { call }: SignedRequest,
    @Body(GetParametersForImportInput) input: GetParametersForImportInput,
  ): Promise<GetParametersForImportOutput> {
    return this.getParametersForImport.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'ImportKey',
    summary: 'Takes a key in',
    description:
      'A key that was made elsewhere, in one of seven forms: a TR-31 key block under a stored KEK (`Tr31KeyBlock`) or under a ' +
      'key agreed on by ECDH (`DiffieHellmanTr31KeyBlock`), a TR-34 token (`Tr34KeyBlock`), a bare key under RSA ' +
      '(`KeyCryptogram`) or under a variant of an AS 2805 KEK (`As2805KeyCryptogram`), and public keys in a root certificate ' +
      '(`RootCertificatePublicKey`) or in one that an imported key has signed (`TrustedCertificatePublicKey`). Usage, ' +
      'algorithm, modes and exportability are those of the key block where there is one. A key is refused under a weaker one. ' +
      'Compare the key check value in the answer with the sender’s.',
    example: '--key-material Tr31KeyBlock={WrappingKeyIdentifier=$KEK_ARN,WrappedKeyBlock=$KEY_BLOCK}',
    output: KeyOutput,
    resource: 'nothing',
  })
  import(@Req() { call }: SignedRequest, @Body(ImportKeyInput) input: ImportKeyInput): Promise<KeyOutput> {
    return this.importKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetPublicKeyCertificate',
    summary: 'Gives the certificate of an asymmetric key',
    description:
      'Of a key pair: a certificate by the certificate authority of the account and Region, good for 90 days, and its root as ' +
      'the chain. The same one comes again while it is good for 30 more days. Keys on curves have a root on P-521, RSA keys ' +
      'one of RSA 4096. Of an imported public key: the certificate that it came in, and that of its issuer.',
    example: '--key-identifier $KEY_ARN',
    output: GetPublicKeyCertificateOutput,
    resource: 'key',
  })
  publicKeyCertificate(
    @Req() { call }: SignedRequest,
    @Body(GetPublicKeyCertificateInput) input: GetPublicKeyCertificateInput,
  ): Promise<GetPublicKeyCertificateOutput> {
    return this.getPublicKeyCertificate.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetParametersForExport',
    summary: 'Gives an export token and the certificate that TR-34 exports are signed with',
    description:
      'Makes an RSA key pair that stays in the service, certifies it by the certificate authority of the account and Region, ' +
      'and names it by a token for ExportKey. The receiver checks the signature with the certificate. A token is good for many ' +
      'keys and 30 days. With `ReuseLastGeneratedToken` the last token comes again while it is good for 7 more days.',
    example: '--key-material-type TR34_KEY_BLOCK --signing-key-algorithm RSA_2048',
    output: GetParametersForExportOutput,
    resource: 'nothing',
  })
  parametersForExport(
    @Req() { call }: SignedRequest,
    @Body(GetParametersForExportInput) input: GetParametersForExportInput,
  ): Promise<GetParametersForExportOutput> {
    return this.getParametersForExport.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'ExportKey',
    summary: 'Gives a key out, wrapped',
    description:
      'An exportable symmetric key in one of five forms: a TR-31 key block under a stored KEK (`Tr31KeyBlock`) or under a key ' +
      'agreed on by ECDH (`DiffieHellmanTr31KeyBlock`), a TR-34 token (`Tr34KeyBlock`), a bare key under RSA (`KeyCryptogram`) ' +
      'or under a variant of an AS 2805 KEK (`As2805KeyCryptogram`). `KeyBlockHeaders` narrow what the block says of the key. ' +
      'With `ExportDukptInitialKey` the initial key (IPEK) that a BDK gives for a key serial number leaves in its place. A key ' +
      'never leaves under a weaker one.',
    example: '--export-key-identifier $KEY_ARN --key-material Tr31KeyBlock={WrappingKeyIdentifier=$KEK_ARN}',
    output: ExportKeyOutput,
    resource: 'key',
  })
  export(@Req() { call }: SignedRequest, @Body(ExportKeyInput) input: ExportKeyInput): Promise<ExportKeyOutput> {
    return this.exportKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetCertificateSigningRequest',
    summary: 'Gives a request for a certificate of a key pair',
    description:
      'A PKCS #10 request (RFC 2986) with the public key of a pair, signed with its private key, for a certificate authority of ' +
      'your own. The certificate that comes of it goes with the pair into TR-34: as WrappingKeyCertificate of ImportKey, as ' +
      'SigningKeyCertificate of ExportKey.',
    example:
      '--key-identifier $KEY_ARN --signing-algorithm SHA256 --certificate-subject CommonName=krd-1,Organization=Example,Country=NZ',
    output: GetCertificateSigningRequestOutput,
    resource: 'key',
  })
  certificateSigningRequest(
    @Req() { call }: SignedRequest,
    @Body(GetCertificateSigningRequestInput) input: GetCertificateSigningRequestInput,
  ): Promise<GetCertificateSigningRequestOutput> {
    return this.getCertificateSigningRequest.execute(call, input);
  }
}
