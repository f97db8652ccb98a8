import { PaymentCryptographyClient } from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';

// By default, version 2 of the SDK, which the data plane client needs, prints a notice and opens a connection per
// request.
process.env['AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE'] = '1';
process.env['AWS_NODEJS_CONNECTION_REUSE_ENABLED'] = '1';

/** SDK clients for the two planes of a running service. */
export interface Service {
  url: string;
  controlPlane: PaymentCryptographyClient;
  dataPlane: PaymentCryptographyData;
}

/**
 * Creates clients for the service at KEYBLOCK_URL. Credentials and Region come from the usual sources of an AWS SDK:
 * AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE with AWS_PROFILE, and AWS_REGION.
 */
export async function connect(): Promise<Service> {
  const url = process.env['KEYBLOCK_URL'] ?? 'http://127.0.0.1:8080';
  const region = process.env['AWS_REGION'] ?? 'us-east-1';
  const controlPlane = new PaymentCryptographyClient({ endpoint: url, region });
  const credentials = await controlPlane.config.credentials();
  return { url, controlPlane, dataPlane: new PaymentCryptographyData({ endpoint: url, region, credentials }) };
}
