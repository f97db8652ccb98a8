// Configures Swagger UI to sign its requests, or to sign in for them. What is typed under "Authorize" stays in this page's memory.
import { AwsV4Signer } from '/docs/aws4fetch.js';

/** Declared as HTTP authentication, whose form `credentialsForm` replaces. */
const asDialog = { type: 'http', scheme: 'basic' };

/** The forms under "Authorize", by the security scheme of the document that is shown. */
const FORMS = {
  sigv4: {
    title: 'AWS Signature Version 4',
    hint: 'They sign requests in this page. The secret access key is not sent.',
    fields: [
      { member: 'accessKeyId', label: 'Access key ID', type: 'text' },
      { member: 'secretAccessKey', label: 'Secret access key', type: 'password' },
      { member: 'sessionToken', label: 'Session token (temporary credentials only)', type: 'password' },
      { member: 'region', label: 'Region', type: 'text' },
    ],
    nameOf: ({ accessKeyId }) => accessKeyId,
  },
  jwt: {
    title: 'User of the CCKM API',
    hint: 'They are sent to this service to sign in, once now and again whenever the JWT is about to expire.',
    fields: [
      { member: 'username', label: 'User', type: 'text' },
      { member: 'password', label: 'Password', type: 'password' },
    ],
    nameOf: ({ username }) => username,
  },
};

/** Where the CCKM API creates tokens. */
const TOKENS = '/api/v1/auth/tokens';

/** Region of the service, unless another one is typed. */
let region = 'us-east-1';
/** What was typed, by security scheme. */
const credentials = {};
/** The last JWT, and when to get another one. */
let token = { jwt: undefined, renewAt: 0 };

/** Returns the service that a request is signed for. */
const serviceOf = (pathname) => {
  if (pathname.includes('/kms/xks/v1/')) return 'kms-xks-proxy';
  return pathname.startsWith('/TrentService/') ? 'kms' : 'payment-cryptography';
};

/** The form under "Authorize". It only asks: Swagger UI applies or forgets what `onChange` was told last. */
const credentialsForm =
  (_original, { React: { createElement: h, useState } }) =>
  ({ name, schema, authorized, onChange }) => {
    const form = FORMS[name];
    const typed = authorized?.getIn([name, 'value'])?.toJS?.();
    const [values, setValues] = useState({ ...(name === 'sigv4' && { region }), ...typed });
    const change = (member, text) => {
      const value = { ...values, [member]: member === 'password' ? text : text.trim() };
      setValues(value);
      onChange({ name, schema, value });
    };
    const field = ({ member, label, type }) =>
      h(
        'div',
        { className: 'wrapper', key: member },
        h('label', { htmlFor: `${name}-${member}` }, label),
        h('input', {
          id: `${name}-${member}`,
          type,
          autoComplete: 'off',
          value: values[member] ?? '',
          onChange: (event) => change(member, event.target.value),
        }),
      );
    const known = credentials[name];
    return h(
      'div',
      null,
      h('h4', null, form.title),
      h('p', null, form.hint),
      known ? h('p', null, `Signed in with ${form.nameOf(known)}.`) : form.fields.map(field),
    );
  };

const signIn = () => ({
  // The logo has a style element, which the page's policy forbids.
  wrapComponents: { HttpAuth: credentialsForm, Logo: () => () => null },
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (authorize) => (schemes) => {
          for (const name of Object.keys(schemes)) credentials[name] = schemes[name]?.value;
          token = { jwt: undefined, renewAt: 0 };
          return authorize(schemes);
        },
        logout: (logout) => (names) => {
          for (const name of names) credentials[name] = undefined;
          token = { jwt: undefined, renewAt: 0 };
          return logout(names);
        },
        // Swagger UI restores nothing, and so signs out, when another definition is selected.
        restoreAuthorization: () => () => undefined,
      },
    },
  },
});

/** Returns a JWT of the user who is signed in; undefined if the service refuses the password. */
async function currentJwt({ username = '', password = '' }) {
  if (Date.now() < token.renewAt) return token.jwt;
  const body = JSON.stringify({ username, password });
  const response = await fetch(TOKENS, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { jwt, duration = 0 } = await response.json();
  token = { jwt, renewAt: Date.now() + (duration * 1000) / 2 };
  return jwt;
}

/** Returns a document with only one of its paths and the schemas that it refers to. */
function partOf(document, path) {
  const { schemas, ...others } = document.components;
  const part = { ...document, paths: { [path]: document.paths[path] }, components: { ...others, schemas: {} } };
  const add = (value) => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (name in part.components.schemas) continue;
      part.components.schemas[name] = schemas[name];
      add(schemas[name]);
    }
  };
  add([part.paths, others]);
  return part;
}

/** Opens an operation at once: to resolve its references, Swagger UI itself parses the whole document every time. */
const resolvePart = (system) => {
  const { fn } = SwaggerUIBundle.plugins.SwaggerClient(system);
  return {
    fn: {
      resolveSubtree: (document, path, options) =>
        fn.resolveSubtree(path[0] === 'paths' ? partOf(document, path[1]) : document, path, options),
    },
  };
};

// Swagger UI looks at the system's theme only once.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', ({ matches }) =>
  document.documentElement.classList.toggle('dark-mode', matches),
);

SwaggerUIBundle({
  dom_id: '#swagger-ui',
  urls: [
    { name: 'Control plane', url: '/openapi/controlplane.json' },
    { name: 'Data plane', url: '/openapi/dataplane.json' },
    { name: 'KMS', url: '/openapi/kms.json' },
    { name: 'XKS proxy', url: '/openapi/xks-proxy.json' },
    { name: 'CCKM', url: '/openapi/cckm.json' },
    { name: 'Administration', url: '/openapi/admin.json' },
  ],
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: 'StandaloneLayout',
  plugins: [signIn, resolvePart],
  tryItOutEnabled: true,
  displayRequestDuration: true,
  validatorUrl: null,
  responseInterceptor: (response) => {
    const schemes = response.obj?.components?.securitySchemes ?? {};
    const known = Object.keys(schemes).filter((name) => name in FORMS);
    if (!response.url.includes('/openapi/') || known.length === 0) return response;
    for (const name of known) schemes[name] = asDialog;
    response.text = response.data = JSON.stringify(response.obj);
    region = response.headers['x-keyblock-region'] ?? region;
    return response;
  },
  requestInterceptor: async (request) => {
    if (request.url.includes('/openapi/')) return request;
    const { Authorization: _, ...headers } = request.headers;
    const { href, pathname } = new URL(request.url, location.href);
    const { sigv4, jwt: user } = credentials;
    if (pathname.startsWith('/api/v1/')) {
      const jwt = user && pathname !== TOKENS ? await currentJwt(user) : undefined;
      request.headers = jwt === undefined ? headers : { ...headers, Authorization: `Bearer ${jwt}` };
      return request;
    }
    if (!sigv4) return request;
    const signer = new AwsV4Signer({
      method: request.method,
      url: href,
      headers,
      body: request.body,
      accessKeyId: sigv4.accessKeyId ?? '',
      secretAccessKey: sigv4.secretAccessKey ?? '',
      sessionToken: sigv4.sessionToken || undefined,
      service: serviceOf(pathname),
      region: sigv4.region || region,
    });
    const signed = await signer.sign();
    request.headers = Object.fromEntries(signed.headers);
    return request;
  },
});
