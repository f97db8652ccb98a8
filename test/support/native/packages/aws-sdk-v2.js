export { default } from 'aws-sdk/clients/paymentcryptographydata.js';
