import fc from 'fast-check';
import { decodeAll, type Element, TAG } from '../../src/crypto/asn1.js';

/** One change to a valid input. Each kind interprets `a` to `d` in its own way, as positions and values. */
export interface Mutation<Kind extends string> {
  kind: Kind;
  a: number;
  b: number;
  c: number;
  d: number;
}

const U32 = fc.nat(0xffffffff);
export const mutation = <Kind extends string>(kinds: readonly Kind[]): fc.Arbitrary<Mutation<Kind>> =>
  fc.record({ kind: fc.constantFrom(...kinds), a: U32, b: U32, c: fc.nat(0xffff), d: fc.nat(0xffff) });
const mutations = <Kind extends string>(kinds: readonly Kind[]) =>
  fc.array(mutation(kinds), { minLength: 1, maxLength: 4 });

/** Lengths at which parsers tend to break: zero, the boundaries of the length forms, the maximum of a field. */
const LENGTHS = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x3fff, 0xffff];

const BYTE_KINDS = ['flip', 'set', 'insert', 'delete', 'duplicate', 'truncate', 'splice', 'length', 'repeat'] as const;

/** Makes one to four changes to the bytes of a valid input without regard to their meaning. */
export function mutatedBytes(valid: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.nat(valid.length - 1), fc.nat(valid.length - 1), mutations(BYTE_KINDS))
    .map(([i, j, changes]) => changes.reduce((bytes, change) => changeBytes(bytes, valid[j]!, change), valid[i]!));
}

function changeBytes(bytes: Buffer, other: Buffer, { kind, a, b, c, d }: Mutation<(typeof BYTE_KINDS)[number]>) {
  const at = a % (bytes.length + 1);
  const count = 1 + (c % 32);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, after.map((byte, i) => (i === 0 ? byte ^ (1 << (b & 7)) : byte))]);
    case 'set':
      return Buffer.concat([before, after.map((byte, i) => (i === 0 ? b & 0xff : byte))]);
    case 'insert':
      return Buffer.concat([before, Buffer.alloc(count, b & 0xff), after]);
    case 'delete':
      return Buffer.concat([before, after.subarray(count)]);
    case 'duplicate':
      return Buffer.concat([before, after.subarray(0, count), after]);
    case 'truncate':
      return before;
    case 'splice': {
      const start = b % (other.length + 1);
      return Buffer.concat([before, other.subarray(start, start + 1 + d), after.subarray(1 + d)]);
    }
    case 'length': {
      const field = Buffer.from([0x84, 0, 0, 0, 0]);
      field.writeUInt32BE(d % 2 === 0 ? b : LENGTHS[c % LENGTHS.length]!, 1);
      return Buffer.concat([before, field.subarray(0, 1 + (d % 5)), after.subarray(1)]);
    }
    case 'repeat':
      return Buffer.concat([before, repeated(bytes.subarray(at, at + 1 + (c % 4)), 1 + (d % 5000)), after]);
  }
}

function repeated(part: Buffer, length: number): Buffer {
  return part.length === 0 ? part : Buffer.alloc(length, part);
}

const TEXT_KINDS = [
  'set',
  'insert',
  'delete',
  'duplicate',
  'truncate',
  'splice',
  'swap',
  'block',
  'length',
  'case',
] as const;

/** Characters that a careless check accepts as a digit, a letter or a byte. */
const STRANGE = ['\u0141', '\u212a', '\u0660', '\uff10', '\ud800', '\0', '\n', ' ', '~', 'a', 'G', '-', '+', '\u00b2'];
const IDS = ['KS', 'KC', 'KP', 'CT', 'TS', 'HM', 'IK', 'AL', 'BI', 'PB', 'DA', 'WP', 'LB', '42', 'ZZ', 'zz'];

/** Makes one to four changes to a key block. The length in its header may or may not be correct afterwards. */
export function mutatedText(valid: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(valid.length - 1), fc.nat(valid.length - 1), mutations(TEXT_KINDS), fc.boolean())
    .map(([i, j, changes, fits]) => {
      const text = changes.reduce((before, change) => changeText(before, valid[j]!, change), valid[i]!);
      return fits ? replaced(text, 1, String(text.length).padStart(4, '0')) : text;
    });
}

function changeText(text: string, other: string, { kind, a, b, c, d }: Mutation<(typeof TEXT_KINDS)[number]>): string {
  const at = a % (text.length + 1);
  const count = 1 + (c % 32);
  const character = d % 2 === 0 ? STRANGE[b % STRANGE.length]! : String.fromCharCode(0x20 + (b % 0x5f));
  switch (kind) {
    case 'set':
      // Every second replacement is in the header, where each character matters.
      return replaced(text, c % 2 === 0 ? at : a % 24, character);
    case 'insert':
      return text.slice(0, at) + character.repeat(count) + text.slice(at);
    case 'delete':
      return text.slice(0, at) + text.slice(at + count);
    case 'duplicate':
      return text.slice(0, at + count) + text.slice(at);
    case 'truncate':
      return text.slice(0, at);
    case 'splice':
      return text.slice(0, at) + other.slice(at);
    case 'swap': {
      const [start, length] = [a % 16, 1 + (c % 4)];
      return replaced(text, start, other.slice(start, start + length));
    }
    case 'block': {
      // Insert an optional block whose length and data may or may not match its ID.
      const id = IDS[b % IDS.length]!;
      const data = other.slice(d % other.length, (d % other.length) + (c % 40));
      const length = c % 3 === 0 ? LENGTHS[d % LENGTHS.length]! : 4 + data.length;
      const digits = length.toString(16).toUpperCase();
      const field = d % 4 === 0 ? `0004${digits.padStart(4, '0')}` : digits.padStart(2, '0');
      const blocks = String((Number(text.slice(12, 14)) + (c % 2)) % 100 || 1).padStart(2, '0');
      return replaced(text.slice(0, 16) + id + field + data + text.slice(16), 12, blocks);
    }
    case 'length':
      return replaced(text, 16 + (at % 8), LENGTHS[b % LENGTHS.length]!.toString(16).padStart(2, '0').toUpperCase());
    case 'case':
      return text.slice(0, at) + text.slice(at).toLowerCase();
  }
}

function replaced(text: string, at: number, part: string): string {
  return text.slice(0, at) + part + text.slice(at + part.length);
}

/** DER as a tree, including the DER inside OCTET STRINGs, which the 2012 form and extensions contain. */
interface Node {
  tag: number;
  content: Buffer | Node[];
}

const DER_KINDS = [
  'delete',
  'duplicate',
  'move',
  'replace',
  'tag',
  'content',
  'grow',
  'nest',
  'empty',
  'swap',
] as const;

/**
 * Makes one to four changes to whole elements of valid DER and corrects the lengths, so that the input gets further
 * than corrupted bytes do. One input in four has its bytes mutated afterwards.
 */
export function mutatedDer(valid: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const trees = valid.map((der) => treesOf(decodeAll(der, 'CMS')));
  const donors = trees.map((tree) => placesOf({ tag: 0, content: tree }).map(({ list, i }) => list[i]!));
  const inTree = fc
    .tuple(fc.nat(valid.length - 1), fc.nat(valid.length - 1), mutations(DER_KINDS))
    .map(([i, j, changes]) => {
      const root: Node = { tag: 0, content: copyOf(trees[i]!) };
      for (const change of changes) changeTree(root, donors[j]!, change);
      return Buffer.concat((root.content as Node[]).map(written));
    });
  const inBoth = fc
    .tuple(inTree, mutation(BYTE_KINDS))
    .map(([der, change]) => changeBytes(der, valid[change.d % valid.length]!, change));
  return fc.oneof(
    { weight: 3, arbitrary: inTree },
    { weight: 1, arbitrary: inBoth },
    { weight: 2, arbitrary: mutatedBytes(valid) },
  );
}

function treesOf(elements: readonly Element[]): Node[] {
  return elements.map(({ tag, content, children }) => {
    if (children.length > 0) return { tag, content: treesOf(children) };
    const inside = tag === TAG.OCTET_STRING && content.length > 40 ? embedded(content) : undefined;
    return { tag, content: inside ?? Buffer.from(content) };
  });
}

function embedded(content: Buffer): Node[] | undefined {
  try {
    return treesOf(decodeAll(content, 'CMS'));
  } catch {
    return undefined;
  }
}

function copyOf(nodes: readonly Node[]): Node[] {
  return nodes.map(({ tag, content }) => ({
    tag,
    content: Array.isArray(content) ? copyOf(content) : Buffer.from(content),
  }));
}

/** Returns every position in a tree: a list of elements and an index into it. */
function placesOf(node: Node): { list: Node[]; i: number }[] {
  if (!Array.isArray(node.content)) return [];
  const list = node.content;
  return list.flatMap((child, i) => [{ list, i }, ...placesOf(child)]);
}

function changeTree(
  root: Node,
  donors: readonly Node[],
  { kind, a, b, c, d }: Mutation<(typeof DER_KINDS)[number]>,
): void {
  const places = placesOf(root);
  const place = places[a % places.length];
  const [donor] = copyOf(donors.slice(b % donors.length, (b % donors.length) + 1));
  if (place === undefined || donor === undefined || places.length > 1000) return;
  const { list, i } = place;
  const node = list[i]!;
  switch (kind) {
    case 'delete':
      list.splice(i, 1);
      break;
    case 'duplicate':
      list.splice(i, 0, ...copyOf(Array.from({ length: 1 + (c % 8 === 0 ? d % 40 : 0) }, () => node)));
      break;
    case 'move':
      list.push(...list.splice(i, 1));
      break;
    case 'replace':
      list[i] = donor;
      break;
    case 'tag':
      node.tag = c % 2 === 0 ? (c & 0xff & ~0x1f) | (d % 31) : TAGS[d % TAGS.length]!;
      break;
    case 'content':
      if (!Array.isArray(node.content) && node.content.length > 0) {
        const at = b % node.content.length;
        node.content[at] = c % 2 === 0 ? node.content[at]! ^ (1 << (d & 7)) : d & 0xff;
      }
      break;
    case 'grow':
      node.content = Array.isArray(node.content)
        ? [...node.content, donor]
        : Buffer.concat([node.content, Buffer.alloc(d % 3000, c & 0xff)]);
      break;
    case 'nest':
      // Nests up to a few thousand levels deep. The result is stored as bytes, so that later changes need not descend
      // into it.
      list[i] = nested(written(node), 1 + (d % (c % 4 === 0 ? 3000 : 30)));
      break;
    case 'empty':
      node.content = Buffer.alloc(0);
      break;
    case 'swap': {
      const other = places[b % places.length]!;
      // An element cannot contain itself.
      if (other.list === list) [list[i], list[other.i]] = [list[other.i]!, node];
      break;
    }
  }
}

const TAGS = Object.values(TAG);

function written({ tag, content }: Node): Buffer {
  const inside = Array.isArray(content) ? Buffer.concat(content.map(written)) : content;
  return Buffer.concat([header(tag, inside.length), inside]);
}

/** Wraps DER in `depth` nested SEQUENCEs. */
function nested(der: Buffer, depth: number): Node {
  const parts = [der];
  let length = der.length;
  for (let i = 1; i < depth; i++) {
    const part = header(TAG.SEQUENCE, length);
    parts.push(part);
    length += part.length;
  }
  return { tag: TAG.SEQUENCE, content: Buffer.concat(parts.reverse()) };
}

/**
 * Encodes tag and length. Does not use the encoder under test, which rejects some inputs and is slower than the
 * functions being fuzzed.
 */
function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.from([tag, length]);
  if (length < 0x100) return Buffer.from([tag, 0x81, length]);
  if (length < 0x10000) return Buffer.from([tag, 0x82, length >> 8, length & 0xff]);
  return Buffer.from([tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]);
}
