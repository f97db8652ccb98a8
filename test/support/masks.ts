import { X509Certificate } from 'node:crypto';

/** A kind of value that differs from one run to the next. */
interface Kind {
  name: string;
  /** Matches values of this kind only; all other text is compared literally. */
  pattern: RegExp;
  /** If present, a new value counts only in a text that matches this pattern; known values are masked everywhere. */
  where?: RegExp;
  /** Describes a value, e.g. its length, beside the name of its mask. */
  shape?: (value: string) => string;
}

const CREATED_KEY = /"KeyOrigin":"AWS_PAYMENT_CRYPTOGRAPHY"/;

const KINDS: readonly Kind[] = [
  { name: 'key', pattern: /(?<=:key\/)[0-9a-z]{16}(?![0-9A-Za-z])/g },
  { name: 'kcv', pattern: /(?<=KeyCheckValue":"|check value )[0-9A-F]{6}(?=[",])/g, where: CREATED_KEY },
  { name: 'pair kcv', pattern: /(?<=KeyCheckValue":")[0-9A-F]{8}(?=")/g, where: CREATED_KEY },
  { name: 'certificate', pattern: /(?<=Certificate":")LS0tLS1[0-9A-Za-z+/]+={0,2}(?=")/g, shape: describeCertificate },
  { name: 'chain', pattern: /(?<=CertificateChain":")LS0tLS1[0-9A-Za-z+/]+={0,2}(?=")/g, shape: describeCertificate },
  { name: 'import token', pattern: /import-token-[0-9a-z]{16}(?=")/g },
  { name: 'export token', pattern: /export-token-[0-9a-z]{16}(?=")/g },
  { name: 'approval', pattern: /(?<=custodians[:/])[A-Z2-7]{26}/g },
  { name: 'page token', pattern: /(?<="NextToken":")[\w-]{23,}(?=")/g },
  { name: 'user', pattern: /AIDA[A-Z2-7]{16}(?=")/g },
  { name: 'role', pattern: /AROA[A-Z2-7]{16}(?=")/g },
  { name: 'access key', pattern: /(?:AKIA|ASIA)[A-Z2-7]{16}(?=")/g },
  { name: 'secret', pattern: /(?<="SecretAccessKey":")[0-9A-Za-z+/]{40}(?=")/g },
  { name: 'session token', pattern: /(?<="SessionToken":")[0-9A-Za-z+/]{128}(?=")/g },
];

const REQUEST_ID = /(?<=^x-amzn-requestid: )[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/gim;
const APPROVAL = /(?<=^x-keyblock-approval: arn:aws:mpa:\S+\/)[A-Z2-7]{26}$/gim;
const DATE = /(?<=^date: )\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/gim;

/** A value between quotation marks, as in a JSON member. */
const QUOTED = /(?<=")[^"\\]+(?=")/g;

/** Values shorter than this may occur elsewhere by chance. */
const MIN_REMEMBERED = 8;
/** Kinds of random values with decimal digits. Other kinds have hexadecimal digits or, in base64, all characters. */
const DECIMAL_KINDS = ['pvv', 'offset'];
/** Longer values contain certificates or ECDSA signatures, whose lengths vary. */
const MAX_EXACT = 1024;

/**
 * Names for the values that differ from one run to the next. A name stands for one value in all answers, so whether two
 * answers have the same value is still compared.
 */
export class Masks {
  /** Names by kind and value, e.g. `<key 3>`, without the angle brackets. */
  readonly #names = new Map<string, string>();
  /** Values by name. */
  readonly #values = new Map<string, string>();
  /** Kinds of the values that the entry declares random, by value. */
  readonly #random = new Map<string, string>();
  readonly #requestIds = new Set<string>();

  /** Value of a name, e.g. of `key 3`. */
  valueOf(name: string): string | undefined {
    return this.#values.get(name);
  }

  /**
   * Masks the headers of an answer, one per line, after its body: headers repeat values of bodies. A request id that occurred
   * before is not masked.
   */
  maskHeaders(lines: string): string {
    const known = lines.replace(APPROVAL, (id) => `<${this.#names.get(`approval ${id}`) ?? id}>`);
    return known.replace(DATE, '<date>').replace(REQUEST_ID, (id) => {
      if (this.#requestIds.has(id)) return id;
      this.#requestIds.add(id);
      return '<request id>';
    });
  }

  /**
   * Masks the body of an answer.
   *
   * @param name   for the first new value of each kind; numbers otherwise
   * @param random members, by name, that are random in this answer, with a kind for each
   * @param sent   text of the request, whose values are not random
   */
  maskBody(
    text: string,
    { name, random, sent }: { name?: string; random: Record<string, string>; sent: string },
  ): string {
    /** Formats of the values that occur for the first time in this answer. */
    const fresh = new Map<string, string>();
    const masked = (kind: string, value: string, shape = '') => {
      const id = `${kind} ${value}`;
      if (!this.#names.has(id)) {
        const label = this.#nameFor(kind, name);
        this.#names.set(id, label);
        this.#values.set(label, value);
        fresh.set(id, shape && `: ${shape}`);
      }
      return `<${this.#names.get(id)}${fresh.get(id) ?? ''}>`;
    };

    let result = text;
    for (const [member, kind] of Object.entries(random))
      result = result.replace(new RegExp(`(?<="${member}":")[^"\\\\]+(?=")`, 'g'), (value) => {
        if (value.length < MIN_REMEMBERED) return `<${kind}: ${describe(kind, value)}>`;
        this.#random.set(value, kind);
        return masked(kind, value, describe(kind, value));
      });
    for (const { name: kind, pattern, where, shape } of KINDS)
      result = result.replace(pattern, (value) => {
        const isKnown = this.#names.has(`${kind} ${value}`);
        const isNew = (where?.test(text) ?? true) && !sent.includes(value);
        return isKnown || isNew ? masked(kind, value, shape?.(value)) : value;
      });
    return result.replace(QUOTED, (value) => {
      const kind = this.#random.get(value);
      return kind === undefined ? value : masked(kind, value);
    });
  }

  #nameFor(kind: string, name: string | undefined): string {
    if (name !== undefined && !this.#values.has(`${kind} ${name}`)) return `${kind} ${name}`;
    for (let number = 1; ; number++) if (!this.#values.has(`${kind} ${number}`)) return `${kind} ${number}`;
  }
}

/** Describes a random value by its alphabet and length, and a key block also by its header. */
function describe(kind: string, value: string): string {
  const length = value.length > MAX_EXACT ? 'many' : String(value.length);
  if (/^[A-D]\d{4}[A-Z]\d[A-Z]{2}\d{2}[ENS]\d{4}/.test(value))
    return `${value.slice(0, 16)} and ${length} characters in all`;
  if (DECIMAL_KINDS.includes(kind) && /^\d+$/.test(value)) return `${length} digits`;
  return /^[\dA-F]+$/.test(value) ? `${length} hexadecimal digits` : `${length} characters`;
}

/** Describes the content of a certificate without serial numbers. */
function describeCertificate(text: string): string {
  const pem = Buffer.from(text, 'base64').toString('latin1');
  const all = pem.match(/-----BEGIN[^]*?-----END [A-Z ]+-----\n?/g) ?? [];
  if (all.join('') !== pem) return 'not PEM alone';
  return all
    .map((each) => {
      if (!each.startsWith('-----BEGIN CERTIFICATE-----')) return /-----BEGIN ([A-Z ]+)/.exec(each)?.[1];
      const { subject, issuer, validFrom, validTo, ca, publicKey } = new X509Certificate(each);
      const details = Object.values(publicKey.asymmetricKeyDetails ?? {}).join(' ');
      return `${inLine(subject)} by ${inLine(issuer)} from ${validFrom} to ${validTo}, ${publicKey.asymmetricKeyType} ${details}${ca ? ', CA' : ''}`;
    })
    .join('; ');
}

const inLine = (name: string) => name.replace(/serialNumber=\d{10}/, 'serialNumber=(10 digits)').replaceAll('\n', ' ');
