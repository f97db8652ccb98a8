import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** No workflow runs in these tests, so they check what the files alone show. */
interface Job {
  permissions?: object;
  'timeout-minutes'?: number;
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

const FOLDER = '.github/workflows';
const { scripts, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
  version: string;
};
const workflows = readdirSync(FOLDER).map((name) => {
  const text = readFileSync(`${FOLDER}/${name}`, 'utf8');
  return { name, text, workflow: parse(text) as { permissions: object; jobs: Record<string, Job> } };
});
const jobs = workflows.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).map(([job, value]) => [`${name} ${job}`, value] as const),
);

test.each(workflows)('$name pins each action to a commit, with the version beside it', ({ text }) => {
  const uses = text.match(/uses: .*/g) ?? [];
  for (const line of uses) expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test.each(workflows)('$name grants nothing but reading to all its jobs', ({ workflow }) => {
  expect([{ contents: 'read' }, {}]).toContainEqual(workflow.permissions);
});

test('only the jobs of a release may write', () => {
  const writing = jobs.filter(([, { permissions = {} }]) => Object.values(permissions).includes('write'));
  expect(writing.map(([name, { permissions }]) => [name, permissions])).toEqual([
    ['release.yml package', { contents: 'write', 'id-token': 'write', attestations: 'write' }],
    ['release.yml image', { contents: 'read', packages: 'write' }],
  ]);
});

test.each(jobs)('%s ends in time, leaves no credentials in the checkout, and runs scripts that exist', (_, job) => {
  expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
  for (const { uses, run = '', with: inputs } of job.steps) {
    if (uses?.startsWith('actions/checkout@')) expect(inputs).toEqual({ 'persist-credentials': false });
    // Text from a caller, such as a branch's name, is never part of a command.
    expect(run).not.toContain('${{');
    for (const [, script] of run.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty(script!);
    for (const [path] of run.matchAll(/(scripts|\.ci)\/[\w.-]+/g)) expect(existsSync(path)).toBe(true);
  }
});

const commandsOf = ({ steps }: Job) => steps.map(({ run = '' }) => run).join('\n');

test('each job that runs the tests installs the programs that they need', () => {
  const [, tools = ''] = /^test_tools=\((.*)\)$/m.exec(readFileSync('.ci/run', 'utf8')) ?? [];
  expect(tools).toContain('postgresql');
  const testing = jobs.filter(([, job]) => /npm test|\.ci\/run/.test(commandsOf(job)));
  expect(testing).toHaveLength(4);
  for (const [name, job] of testing)
    for (const tool of tools.split(' '))
      expect([name, commandsOf(job)]).toEqual([
        name,
        expect.stringMatching(new RegExp(` install .* ${tool.replaceAll('+', '\\+')}( |$)`, 'm')),
      ]);
});

test('Compose starts with generated secrets', () => {
  const composing = jobs.filter(([, job]) => commandsOf(job).includes('docker compose up'));
  expect(composing).toHaveLength(1);
  for (const [, job] of composing) expect(commandsOf(job)).toMatch(/make-secrets\.sh$[^]*docker compose up/m);
});

describe('a release', () => {
  const check = (tag: string) => spawnSync('node', ['scripts/check-release.js', tag], { encoding: 'utf8' });

  test('has the section of its version as notes', () => {
    expect(execFileSync('node', ['scripts/check-release.js', `v${version}`], { encoding: 'utf8' })).toMatch(/^### /);
  });

  test('of another version is refused', () => {
    expect(check('v9.9.9')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('v9.9.9') as string,
    });
    expect(check('main').status).toBe(1);
  });
});
