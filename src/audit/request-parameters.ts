import type { EventMembers } from '../http/api.js';

/**
 * The longest `requestParameters` in characters, because calls without any permission are audited, too. No change by
 * the service needs more.
 */
const MAX_PARAMETERS = 131_072;

/** @param lists names of members, separated by white space */
export function eventMembers(lists: { values: string; structures: string }): EventMembers {
  return { values: named(lists.values), structures: named(lists.structures) };
}

/** CloudTrail writes names of members in lower camel case. */
function named(list: string): ReadonlyMap<string, string> {
  const names = list.split(/\s+/).filter((name) => name !== '');
  return new Map(names.map((name) => [name, `"${name.charAt(0).toLowerCase()}${name.slice(1)}":`]));
}

/**
 * Writes `requestParameters` of an event as a JSON object. As in CloudTrail, parameters that are too long are omitted.
 *
 * @param members members that the event may show
 * @param parts   parts of the validated input: path parameters, body
 */
export function requestParameters(members: EventMembers, ...parts: readonly (object | undefined)[]): string {
  let text = '';
  for (const part of parts) if (part) text = append(text, part, members);
  if (text.length > MAX_PARAMETERS) return `{"omitted":true,"originalSize":${text.length}}`;
  return `{${text}}`;
}

function append(before: string, structure: object, members: EventMembers): string {
  let text = before;
  for (const name in structure) {
    const value = (structure as Record<string, unknown>)[name];
    if (value === undefined) continue;
    const isStructure = typeof value === 'object' && members.structures.has(name);
    const beginning = (isStructure ? members.structures : members.values).get(name);
    if (beginning === undefined) continue;
    const json = isStructure ? structureJson(value as object, members) : JSON.stringify(value);
    text += `${text === '' ? '' : ','}${beginning}${json}`;
  }
  return text;
}

function structureJson(value: object, members: EventMembers): string {
  if (!Array.isArray(value)) return `{${append('', value, members)}}`;
  return `[${value.map((item: object) => structureJson(item, members)).join()}]`;
}
