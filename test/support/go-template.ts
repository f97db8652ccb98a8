/** A node of a parsed template. */
type Node =
  | { kind: 'text'; text: string }
  | { kind: 'output'; pipeline: Pipeline }
  | { kind: 'assign'; name: string; pipeline: Pipeline }
  | { kind: 'define'; name: string; body: Node[] }
  | { kind: 'if' | 'with'; pipeline: Pipeline; body: Node[]; otherwise: Node[] }
  | { kind: 'range'; names: string[]; pipeline: Pipeline; body: Node[]; otherwise: Node[] };

/** Commands, each of which gets the value of the previous one as its last argument. */
type Pipeline = Operand[][];

type Operand =
  | { kind: 'literal'; value: unknown }
  | { kind: 'function'; name: string }
  /** From the dot, which has the name `.`, a variable or a value in parentheses. */
  | { kind: 'path'; from: string | Pipeline; fields: string[] };

export type TemplateFunction = (args: unknown[], context: Scope) => unknown;

/** The dot, the variables by name, and everything that is defined. */
export interface Scope {
  dot: unknown;
  variables: Map<string, unknown>;
  templates: Templates;
}

const ACTION = /(\s*)\{\{(-\s)?\s*([^]*?)\s*(\s-)?\}\}(\s*)/;
const TOKEN = /\s*("(?:[^"\\]|\\.)*"|:=|\$?[A-Za-z_]\w*(?:\.\w+)*|\$(?:\.\w+)*|(?:\.\w+)+|\.|-?\d+|[|(),=])/y;

/**
 * Renders the subset of Go templates that charts need: pipelines, variables, `if`, `with`, `range`, `define`, and the
 * functions that it is given. Unlike Go, it throws an error for the output of a missing value.
 *
 * See https://pkg.go.dev/text/template
 */
export class Templates {
  readonly #defined = new Map<string, Node[]>();

  constructor(readonly functions: Readonly<Record<string, TemplateFunction>>) {}

  /** Parses a file, and keeps what it defines. @returns a function that renders the rest of it */
  add(source: string): (dot: unknown) => string {
    const body = new Parser(source).parse();
    for (const node of body) if (node.kind === 'define') this.#defined.set(node.name, node.body);
    return (dot) => this.#render(body, { dot, variables: new Map([['$', dot]]), templates: this });
  }

  /** Renders the template defined under a name. */
  include(name: string, dot: unknown): string {
    const body = this.#defined.get(name);
    if (!body) throw new Error(`No template is named ${name}`);
    return this.#render(body, { dot, variables: new Map([['$', dot]]), templates: this });
  }

  #render(nodes: Node[], outer: Scope): string {
    const scope = { ...outer, variables: new Map(outer.variables) };
    return nodes.map((node) => this.#renderNode(node, scope)).join('');
  }

  #renderNode(node: Node, scope: Scope): string {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'define':
        return '';
      case 'assign':
        scope.variables.set(node.name, evaluate(node.pipeline, scope));
        return '';
      case 'output':
        return printed(evaluate(node.pipeline, scope));
      case 'if':
        return this.#render(isTrue(evaluate(node.pipeline, scope)) ? node.body : node.otherwise, scope);
      case 'with': {
        const dot = evaluate(node.pipeline, scope);
        return isTrue(dot) ? this.#render(node.body, { ...scope, dot }) : this.#render(node.otherwise, scope);
      }
      case 'range':
        return this.#renderRange(node, scope);
    }
  }

  #renderRange({ names, pipeline, body, otherwise }: Node & { kind: 'range' }, scope: Scope): string {
    const entries = entriesOf(evaluate(pipeline, scope));
    if (entries.length === 0) return this.#render(otherwise, scope);
    return entries
      .map(([key, dot]) => {
        const values = names.length === 2 ? [key, dot] : [dot];
        const variables = new Map([
          ...scope.variables,
          ...names.map((name, i): [string, unknown] => [name, values[i]]),
        ]);
        return this.#render(body, { ...scope, dot, variables });
      })
      .join('');
  }
}

/** Returns what `range` visits: the items of a list, or the values of a map in the order of their keys. */
function entriesOf(value: unknown): [unknown, unknown][] {
  if (Array.isArray(value)) return [...value.entries()];
  return Object.entries(value ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Go's truth: false for a missing value, false, 0, and whatever is empty. */
export function isTrue(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** @throws Error for a value that isn't a text, a number or a truth value */
export function printed(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`A value that is printed is missing, or is a map or a list: ${JSON.stringify(value)}`);
}

function evaluate(pipeline: Pipeline, scope: Scope): unknown {
  let piped: unknown[] = [];
  for (const command of pipeline) piped = [run(command, piped, scope)];
  return piped[0];
}

function run([first, ...rest]: Operand[], piped: unknown[], scope: Scope): unknown {
  if (first?.kind !== 'function') {
    if (!first || rest.length > 0 || piped.length > 0) throw new Error('Only a function takes arguments');
    return valueOf(first, scope);
  }
  const called = scope.templates.functions[first.name];
  if (!called) throw new Error(`There is no function ${first.name}`);
  return called([...rest.map((operand) => valueOf(operand, scope)), ...piped], scope);
}

function valueOf(operand: Operand, scope: Scope): unknown {
  if (operand.kind === 'literal') return operand.value;
  if (operand.kind === 'function') return run([operand], [], scope);
  const { from, fields } = operand;
  let value = typeof from === 'string' ? (from === '.' ? scope.dot : variable(from, scope)) : evaluate(from, scope);
  for (const field of fields) {
    if (value === undefined || value === null || typeof value !== 'object')
      throw new Error(`${field} is read from a value that is not a map`);
    value = (value as Record<string, unknown>)[field];
  }
  return value;
}

function variable(name: string, { variables }: Scope): unknown {
  if (!variables.has(name)) throw new Error(`The variable ${name} is not defined`);
  return variables.get(name);
}

class Parser {
  readonly #parts: (string | { action: string })[] = [];
  #place = 0;

  constructor(source: string) {
    let rest = source;
    for (let found = ACTION.exec(rest); found; found = ACTION.exec(rest)) {
      const [whole, before = '', trimsLeft, action = '', trimsRight, after = ''] = found;
      this.#parts.push(rest.slice(0, found.index) + (trimsLeft ? '' : before), { action });
      rest = (trimsRight ? '' : after) + rest.slice(found.index + whole.length);
    }
    this.#parts.push(rest);
  }

  parse(): Node[] {
    const { nodes, end } = this.#block();
    if (end !== undefined) throw new Error(`Unexpected ${end}`);
    return nodes;
  }

  /** Reads nodes up to `end` or `else`. */
  #block(): { nodes: Node[]; end?: string } {
    const nodes: Node[] = [];
    for (;;) {
      const part = this.#parts[this.#place++];
      if (part === undefined) return { nodes };
      if (typeof part === 'string') {
        if (part !== '') nodes.push({ kind: 'text', text: part });
        continue;
      }
      const { action } = part;
      if (action.startsWith('/*')) continue;
      const [, word = '', rest = ''] = /^(\w*)\b\s*([^]*)$/.exec(action) ?? [];
      if (word === 'end' || word === 'else') return { nodes, end: action };
      nodes.push(this.#node(word, rest, action));
    }
  }

  #node(word: string, rest: string, action: string): Node {
    if (word === 'define') {
      const { nodes } = this.#block();
      return { kind: 'define', name: JSON.parse(rest) as string, body: nodes };
    }
    if (word === 'if' || word === 'with') return this.#conditional(word, rest);
    if (word === 'range') {
      const [, list = '', expression = rest] = /^((?:\$\w+(?:,\s*)?)+)\s*:=([^]*)$/.exec(rest) ?? [];
      const names = list === '' ? [] : list.split(',').map((name) => name.trim());
      return { kind: 'range', names, pipeline: pipelineOf(expression), ...this.#branches() };
    }
    const assigned = /^(\$\w+)\s*:=([^]*)$/.exec(action);
    if (assigned) return { kind: 'assign', name: assigned[1] ?? '', pipeline: pipelineOf(assigned[2] ?? '') };
    return { kind: 'output', pipeline: pipelineOf(action) };
  }

  #conditional(kind: 'if' | 'with', condition: string): Node {
    return { kind, pipeline: pipelineOf(condition), ...this.#branches() };
  }

  #branches(): { body: Node[]; otherwise: Node[] } {
    const { nodes: body, end } = this.#block();
    if (end === undefined) throw new Error('An action has no end');
    if (end === 'end') return { body, otherwise: [] };
    const [, condition] = /^else\s+if\s+([^]*)$/.exec(end) ?? [];
    if (condition !== undefined) return { body, otherwise: [this.#conditional('if', condition)] };
    return { body, otherwise: this.#block().nodes };
  }
}

/** Parses the text of a pipeline. */
function pipelineOf(text: string): Pipeline {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const trimmed = text.trim();
  while (TOKEN.lastIndex < trimmed.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(trimmed);
    if (!found) throw new Error(`Cannot read ${trimmed.slice(at)}`);
    tokens.push(found[1] ?? '');
  }
  const pipeline = readPipeline(tokens);
  if (tokens.length > 0) throw new Error(`Unexpected ${tokens.join(' ')}`);
  return pipeline;
}

function readPipeline(tokens: string[]): Pipeline {
  const pipeline: Pipeline = [[]];
  while (tokens.length > 0 && tokens[0] !== ')') {
    const token = tokens.shift() ?? '';
    if (token === '|') pipeline.push([]);
    else pipeline.at(-1)?.push(operandOf(token, tokens));
  }
  return pipeline;
}

function operandOf(token: string, tokens: string[]): Operand {
  if (token === '(') {
    const from = readPipeline(tokens);
    if (tokens.shift() !== ')') throw new Error('A parenthesis is not closed');
    return { kind: 'path', from, fields: [] };
  }
  if (token.startsWith('"')) return { kind: 'literal', value: JSON.parse(token) };
  if (/^-?\d+$/.test(token)) return { kind: 'literal', value: Number(token) };
  if (token === 'true' || token === 'false') return { kind: 'literal', value: token === 'true' };
  if (token.startsWith('.')) return { kind: 'path', from: '.', fields: token.split('.').filter(Boolean) };
  if (token.startsWith('$')) {
    const [name = '', ...fields] = token.split('.');
    return { kind: 'path', from: name, fields };
  }
  return { kind: 'function', name: token };
}
