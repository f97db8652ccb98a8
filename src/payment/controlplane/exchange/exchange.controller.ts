import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
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
    summary: 'Gets an import token and the wrapping key certificate',
    description:
      'Generates an RSA key pair, whose private key stays in the service, has the public key certified by the ' +
      'certificate authority of the account and Region, and returns a token for the key pair. Encrypt keys under ' +
      'the certified key and pass the token to ImportKey, any number of times within 30 days. With `ReuseLastGeneratedToken`, the last ' +
      'token is returned again if it is valid for 7 more days. TDES keys need RSA_2048 or larger, AES_128 keys ' +
      'RSA_3072 or larger; import larger keys in TR-31 key blocks.',
    example: '--key-material-type KEY_CRYPTOGRAM --wrapping-key-algorithm RSA_2048',
    output: GetParametersForImportOutput,
    resource: 'nothing',
  })
  parametersForImport(
    call: Call,
    @Body(GetParametersForImportInput) input: GetParametersForImportInput,
  ): Promise<GetParametersForImportOutput> {
    return this.getParametersForImport.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'ImportKey',
    summary: 'Imports a key',
    description:
      'Imports a key in one of seven forms: a TR-31 key block under a stored KEK (`Tr31KeyBlock`) or under a ' +
      'key derived by ECDH (`DiffieHellmanTr31KeyBlock`), a TR-34 key block (`Tr34KeyBlock`), a bare key ' +
      'encrypted with RSA (`KeyCryptogram`) or under a variant of an AS 2805 KEK (`As2805KeyCryptogram`), or a ' +
      'public key in a root certificate (`RootCertificatePublicKey`) or in a certificate issued by an imported ' +
      'authority (`TrustedCertificatePublicKey`). A key block determines the usage, algorithm, modes of use ' +
      'and exportability of its key. A key wrapped under a weaker key is refused. Compare the key check value ' +
      'in the response with the sender’s.',
    example: '--key-material "Tr31KeyBlock={WrappingKeyIdentifier=$KEK_ARN,WrappedKeyBlock=$KEY_BLOCK}"',
    output: KeyOutput,
    resource: 'nothing',
  })
  import(call: Call, @Body(ImportKeyInput) input: ImportKeyInput): Promise<KeyOutput> {
    return this.importKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetPublicKeyCertificate',
    summary: 'Gets the certificate of an asymmetric key',
    description:
      'For a key pair, returns a certificate that the certificate authority of the account and Region issued, ' +
      'valid for 90 days, with the root as its chain. The same certificate is returned as long as it is valid ' +
      'for 30 more days. The root for elliptic-curve keys is on P-521, the root for RSA keys is RSA 4096. For ' +
      'an imported public key, returns the certificate that it was imported with and the certificate of its ' +
      'issuer.',
    example: '--key-identifier $KEY_ARN',
    output: GetPublicKeyCertificateOutput,
    resource: 'key',
  })
  publicKeyCertificate(
    call: Call,
    @Body(GetPublicKeyCertificateInput) input: GetPublicKeyCertificateInput,
  ): Promise<GetPublicKeyCertificateOutput> {
    return this.getPublicKeyCertificate.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetParametersForExport',
    summary: 'Gets an export token and the signing key certificate',
    description:
      'Generates an RSA key pair, whose private key stays in the service, has the public key certified by the ' +
      'certificate authority of the account and Region, and returns a token for ExportKey. The service signs TR-34 ' +
      'exports with this key pair, and the receiver verifies the signature with the certificate. A token can ' +
      'be used for any number of keys within 30 days. With `ReuseLastGeneratedToken`, the last token is ' +
      'returned again if it is valid for 7 more days.',
    example: '--key-material-type TR34_KEY_BLOCK --signing-key-algorithm RSA_2048',
    output: GetParametersForExportOutput,
    resource: 'nothing',
  })
  parametersForExport(
    call: Call,
    @Body(GetParametersForExportInput) input: GetParametersForExportInput,
  ): Promise<GetParametersForExportOutput> {
    return this.getParametersForExport.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'ExportKey',
    summary: 'Exports a wrapped key',
    description:
      'Exports an exportable symmetric key in one of five forms: a TR-31 key block under a stored KEK ' +
      '(`Tr31KeyBlock`) or under a key derived by ECDH (`DiffieHellmanTr31KeyBlock`), a TR-34 key block ' +
      '(`Tr34KeyBlock`), or a bare key encrypted with RSA (`KeyCryptogram`) or under a variant of an AS 2805 ' +
      'KEK (`As2805KeyCryptogram`). `KeyBlockHeaders` restrict what the key block permits. With ' +
      '`ExportDukptInitialKey`, the initial key (IPEK) that a BDK yields for a key serial number is exported ' +
      'in place of the BDK. A key is never exported under a weaker one.',
    example: '--export-key-identifier $KEY_ARN --key-material Tr31KeyBlock={WrappingKeyIdentifier=$KEK_ARN}',
    output: ExportKeyOutput,
    resource: 'key',
  })
  export(call: Call, @Body(ExportKeyInput) input: ExportKeyInput): Promise<ExportKeyOutput> {
    return this.exportKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetCertificateSigningRequest',
    summary: 'Creates a certificate signing request for a key pair',
    description:
      'Returns a PKCS #10 request (RFC 2986) with the public key of the pair, signed with its private key, for ' +
      'a certificate authority of your own. Use the issued certificate with the key pair for TR-34: as ' +
      'WrappingKeyCertificate of ImportKey or as SigningKeyCertificate of ExportKey.',
    example:
      '--key-identifier $KEY_ARN --signing-algorithm SHA256 --certificate-subject CommonName=krd-1,Organization=Example,Country=NZ',
    output: GetCertificateSigningRequestOutput,
    resource: 'key',
  })
  certificateSigningRequest(
    call: Call,
    @Body(GetCertificateSigningRequestInput) input: GetCertificateSigningRequestInput,
  ): Promise<GetCertificateSigningRequestOutput> {
    return this.getCertificateSigningRequest.execute(call, input);
  }
}
