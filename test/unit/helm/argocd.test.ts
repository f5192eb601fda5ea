import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { retryAnnotation } from '../../../src/api/names.ts';
import type { Run } from '../../../src/api/run.ts';
import { type Phase, phases } from '../../../src/api/status.ts';
import { chart, noHelm, render } from '../../helpers/chart.ts';
import { refusedRun, runIn, unschedulableRun } from '../../helpers/phases.ts';
import { programPath, withoutPrograms } from '../../helpers/programs.ts';

const luaOf = (name: string) => readFileSync(join(chart, 'files/argocd', `${name}.lua`), 'utf8');
const actions = ['suspend', 'resume', 'retry'];

interface Verdict {
  status: string;
  message: string;
}

function ask(program: string, args: string[], object: unknown): Verdict {
  const { status, stdout, stderr } = spawnSync(programPath(program) ?? program, args, {
    input: JSON.stringify(object),
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Verdict;
}

/** What a script in Argo CD's sandbox says of an object. */
function runLua(script: string, object: unknown): Verdict {
  const file = join(mkdtempSync(join(tmpdir(), 'ddr-lua-')), 'script.lua');
  writeFileSync(file, script);
  return ask('argo-health', [file], object);
}

/** The value of a Lua expression, as text, after a script has returned `result`. */
const evaluate = (script: string, expression: string, object: unknown) =>
  runLua(
    `local function run()\n${script}\nend\nlocal result = run()\nreturn { status = "Healthy", message = tostring(${expression}) }`,
    object,
  ).message;

const health = (object: unknown) => runLua(luaOf('health'), object);
const kstatus = (object: unknown) => ask('kstatus', [], object).status;
const skip = withoutPrograms(['argo-health', 'kstatus'], 'what Argo CD and kstatus make of runs is not tested');

/** What Argo CD and kstatus (kubectl, Flux) say of a run in each phase. */
const verdicts: Record<Phase, { argo: string; kstatus: string }> = {
  Pending: { argo: 'Progressing', kstatus: 'InProgress' },
  Preparing: { argo: 'Progressing', kstatus: 'Current' },
  Training: { argo: 'Progressing', kstatus: 'Current' },
  Aggregating: { argo: 'Progressing', kstatus: 'Current' },
  Sampling: { argo: 'Progressing', kstatus: 'Current' },
  Evaluating: { argo: 'Progressing', kstatus: 'Current' },
  Blocked: { argo: 'Degraded', kstatus: 'Failed' },
  Complete: { argo: 'Healthy', kstatus: 'Current' },
  Suspended: { argo: 'Suspended', kstatus: 'Current' },
  Cancelled: { argo: 'Healthy', kstatus: 'Current' },
  Failed: { argo: 'Degraded', kstatus: 'Failed' },
};

test('health in Argo CD and kstatus', { skip }, async (t) => {
  for (const phase of phases) {
    await t.test(`of a run that is ${phase}`, () => {
      const run = runIn(phase);
      assert.deepEqual({ argo: health(run).status, kstatus: kstatus(run) }, verdicts[phase]);
    });
  }

  await t.test(
    'of one that waits for a place: in progress to a wait that has a timeout, Degraded where there is none',
    () => {
      const run = unschedulableRun();
      assert.deepEqual([health(run).status, kstatus(run)], ['Degraded', 'InProgress']);
      assert.match(health(run).message, /^The run is blocked\. .*no such thing/);
    },
  );

  await t.test('of one that is at work though a child is refused', () => {
    const run = refusedRun();
    assert.deepEqual([run.status?.phase, health(run).status, kstatus(run)], ['Training', 'Degraded', 'Failed']);
    assert.match(health(run).message, /^ChildRefused: .*exceeded quota/);
  });

  await t.test('of one that the operator has not seen, or not since it changed', () => {
    const { status: _, ...unseen } = runIn('Complete');
    const run = runIn('Complete');
    const changed = { ...run, metadata: { ...run.metadata, generation: 2 } };
    assert.deepEqual([health(unseen).status, health(changed).status], ['Progressing', 'Progressing']);
    assert.deepEqual([health({ ...unseen, status: {} }).status, kstatus(changed)], ['Progressing', 'InProgress']);
  });

  await t.test('messages say what there is to say', () => {
    assert.equal(health(runIn('Training')).message, 'The run is training. Models trained: 0/2.');
    assert.match(health(runIn('Failed')).message, /^ModelFailed: Model of states 0 .* exit code 1/);
  });
});

test('actions in Argo CD', { skip }, async (t) => {
  const offered = (run: Run) =>
    actions.filter((name) => evaluate(luaOf('discovery'), `result.${name}.disabled`, run) === 'false');

  await t.test('are offered where they do something', () => {
    const offers = Object.fromEntries(phases.map((phase) => [phase, offered(runIn(phase))]));
    const working = ['suspend'];
    assert.deepEqual(offers, {
      ...{ Pending: working, Preparing: working, Training: working, Aggregating: working, Sampling: working },
      ...{ Evaluating: working, Blocked: working, Complete: [], Suspended: ['resume'], Cancelled: [] },
      Failed: ['retry'],
    });
    const { status: _, ...unseen } = runIn('Pending');
    assert.deepEqual(offered(unseen as Run), working);
  });

  await t.test('suspend and resume set spec.suspend and leave the rest', () => {
    const run = runIn('Training');
    assert.equal(evaluate(luaOf('suspend'), 'result.spec.suspend', run), 'true');
    assert.equal(evaluate(luaOf('suspend'), 'result.spec.schedule.states', run), '2');
    assert.equal(evaluate(luaOf('resume'), 'result.spec.suspend', runIn('Suspended')), 'false');
  });

  await t.test('retry sets the annotation to the time, beside those that are there', () => {
    const run = runIn('Failed');
    const annotation = `result.metadata.annotations["${retryAnnotation}"]`;
    const at = Date.parse(evaluate(luaOf('retry'), annotation, run));
    assert.ok(Math.abs(Date.now() - at) < 60_000);
    const annotated = { ...run, metadata: { ...run.metadata, annotations: { owner: 'me', [retryAnnotation]: 'x' } } };
    assert.equal(evaluate(luaOf('retry'), 'result.metadata.annotations.owner', annotated), 'me');
    assert.notEqual(evaluate(luaOf('retry'), annotation, annotated), 'x');
  });
});

const healthKey = 'resource.customizations.health.tspace.dev_DisentangledDiffusionRun';
const actionsKey = 'resource.customizations.actions.tspace.dev_DisentangledDiffusionRun';

/** What argocd-cm says of runs, as Argo CD reads it. */
function assertCustomizations(data: Record<string, string>): void {
  assert.deepEqual(Object.keys(data), [healthKey, actionsKey]);
  assert.equal(data[healthKey]?.trim(), luaOf('health').trim());
  const parsed = load(data[actionsKey] ?? '') as {
    'discovery.lua': string;
    definitions: { name: string; 'action.lua': string }[];
  };
  assert.equal(parsed['discovery.lua'].trim(), luaOf('discovery').trim());
  assert.deepEqual(
    parsed.definitions.map((definition) => [definition.name, definition['action.lua'].trim()]),
    actions.map((name) => [name, luaOf(name).trim()]),
  );
}

test('the chart renders health and actions where they are wanted', { skip: noHelm }, () => {
  const isOurs = ({ metadata }: { metadata: { name: string } }) => metadata.name === 'ddr-operator-argocd';
  assert.equal(render().find(isOurs), undefined);
  const configMap = render({ values: { argocd: { enabled: true } } }).find(isOurs);
  assertCustomizations((configMap as unknown as { data: Record<string, string> }).data);
});

test('docs/gitops.md shows the same', () => {
  const page = readFileSync(join(chart, '../../docs/gitops.md'), 'utf8');
  const [, yaml = ''] = /```yaml\n(data:\n[\s\S]*?)```/.exec(page) ?? [];
  assertCustomizations((load(yaml) as { data: Record<string, string> }).data);
});

test('docs/gitops.md has the verdict of every phase', () => {
  const page = readFileSync(join(chart, '../../docs/gitops.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  for (const phase of phases) {
    const { argo, kstatus: word } = verdicts[phase];
    const row = rows.find(
      (line) => line.includes(`\`${phase}\``) && line.includes(`| ${word}`) && line.includes(`| ${argo} |`),
    );
    assert.ok(row !== undefined, `${phase}: ${word}, ${argo}`);
  }
});
