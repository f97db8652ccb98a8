import { EXIT, Failure } from '../failure.js';
import { type ConnectionOptions, connectionOf } from './connection.js';
import { type Connection, jsonObjectOf, type Request, signedFetch } from './signed-fetch.js';

const SIGNING_NAME = 'payment-cryptography';
const PAGE = 100;

/** Exit codes by the names of exceptions; others have that of their HTTP status. */
const EXIT_CODES = new Map<string, number>(
  Object.entries({
    AccessDeniedException: EXIT.refused,
    ConflictException: EXIT.state,
    ExpiredTokenException: EXIT.refused,
    IncompleteSignatureException: EXIT.refused,
    InvalidSignatureException: EXIT.refused,
    MissingAuthenticationTokenException: EXIT.refused,
    ResourceNotFoundException: EXIT.state,
    ServiceQuotaExceededException: EXIT.state,
    ThrottlingException: EXIT.unavailable,
    UnrecognizedClientException: EXIT.refused,
    VerificationFailedException: EXIT.no,
  }),
);

/** Values of a query; undefined ones are left out. */
type Query = Readonly<Record<string, string | number | undefined>>;

/** The part of a response with the items of a list. */
interface Page {
  NextToken?: string | undefined;
}

/** Calls operations of a service with signed requests. */
export class ServiceClient {
  constructor(readonly connection: Connection) {}

  /** Calls an operation of the control plane of Payment Cryptography. @throws Failure */
  control<Output>(operation: string, input: object = {}): Promise<Output> {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `PaymentCryptographyControlPlane.${operation}`,
    };
    return this.#send({ service: SIGNING_NAME, method: 'POST', path: '/', headers, body: JSON.stringify(input) });
  }

  /**
   * Calls an operation of the admin API.
   *
   * @param segments path below /admin, not encoded
   * @throws Failure
   */
  admin<Output>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    segments: readonly string[],
    { query = {}, body }: { query?: Query; body?: string } = {},
  ): Promise<Output> {
    const values = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [`${encoded(name)}=${encoded(String(value))}`],
    );
    const path = `/admin/${segments.map(encoded).join('/')}${values.length > 0 ? `?${values.join('&')}` : ''}`;
    const headers = { 'content-type': 'application/json' };
    return this.#send({ service: SIGNING_NAME, method, path, headers, body });
  }

  /** Reads the pages of a list one after another. */
  async *pages<Output extends Page>(
    list: (paging: { MaxResults: number; NextToken?: string }) => Promise<Output>,
    MaxResults = PAGE,
  ): AsyncGenerator<Output> {
    let NextToken: string | undefined;
    do {
      const page = await list({ MaxResults, ...(NextToken !== undefined && { NextToken }) });
      yield page;
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
  }

  async #send<Output>(request: Request): Promise<Output> {
    const response = await signedFetch(this.connection, request);
    const text = await response.text();
    const answer = jsonObjectOf(text);
    if (response.ok && answer) return answer as Output;
    throw this.#failure(response, answer);
  }

  #failure({ status, headers }: Response, answer: Record<string, unknown> | undefined): Failure {
    const { __type, message = answer?.['Message'] } = answer ?? {};
    const requestId = headers.get('x-amzn-requestid') ?? undefined;
    if (typeof __type !== 'string' || requestId === undefined)
      return new Failure(
        EXIT.unavailable,
        `${this.connection.endpoint} responds with HTTP status ${status}, but is not Keyblock.`,
        { name: 'NotKeyblock', requestId },
      );
    const name = __type.replace(/^.*#/, '');
    const missing = name === 'ResourceNotFoundException' ? answer?.['ResourceId'] : undefined;
    const said = typeof message === 'string' && message !== '' ? message : `HTTP status ${status}`;
    const text = typeof missing === 'string' ? `There is no ${missing}.` : said;
    return new Failure(EXIT_CODES.get(name) ?? exitCodeOf(status), text, { name, requestId });
  }
}

/** Connects to the service that the options and the environment name. @throws Failure */
export async function connect(options: ConnectionOptions): Promise<ServiceClient> {
  return new ServiceClient(await connectionOf(options, process.env));
}

function exitCodeOf(status: number): number {
  if (status === 401 || status === 403) return EXIT.refused;
  if (status === 404 || status === 409) return EXIT.state;
  return status < 500 ? EXIT.usage : EXIT.unavailable;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
