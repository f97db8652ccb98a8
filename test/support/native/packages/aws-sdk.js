export * from '@aws-sdk/client-payment-cryptography';
