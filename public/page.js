// Configures Swagger UI to sign its requests. The keys typed under "Authorize" stay in this page's memory.
import { AwsV4Signer } from '/docs/aws4fetch.js';

const SCHEME = 'sigv4';

/** Shown as basic authentication, whose dialog asks for the two values that a signature needs. */
const asDialog = {
  type: 'http',
  scheme: 'basic',
  description:
    'Username: access key id. Password: secret access key. They sign requests in this page and are not sent.',
};

let region = 'us-east-1';
let credentials;

/** Keeps the credentials when the definition changes, because Swagger UI itself would forget them. */
const remember = () => ({
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (authorize) => (schemes) => {
          credentials = schemes[SCHEME]?.value;
          return authorize(schemes);
        },
        logout: (logout) => (names) => {
          credentials = undefined;
          return logout(names);
        },
      },
    },
  },
});

SwaggerUIBundle({
  dom_id: '#swagger-ui',
  urls: [
    { name: 'Control plane', url: '/openapi/controlplane.json' },
    { name: 'Data plane', url: '/openapi/dataplane.json' },
    { name: 'Administration', url: '/openapi/admin.json' },
  ],
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: 'StandaloneLayout',
  plugins: [remember],
  tryItOutEnabled: true,
  displayRequestDuration: true,
  validatorUrl: null,
  responseInterceptor: (response) => {
    const schemes = response.obj?.components?.securitySchemes ?? {};
    if (!response.url.includes('/openapi/') || !(SCHEME in schemes)) return response;
    schemes[SCHEME] = asDialog;
    response.text = response.data = JSON.stringify(response.obj);
    region = response.headers['x-keyblock-region'] ?? region;
    return response;
  },
  requestInterceptor: async (request) => {
    if (request.url.includes('/openapi/') || !credentials) return request;
    const { Authorization: _, ...headers } = request.headers;
    const signer = new AwsV4Signer({
      method: request.method,
      url: new URL(request.url, location.href).href,
      headers,
      body: request.body,
      accessKeyId: credentials.username,
      secretAccessKey: credentials.password,
      service: 'payment-cryptography',
      region,
    });
    const signed = await signer.sign();
    request.headers = Object.fromEntries(signed.headers);
    return request;
  },
});
