import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { labels } from '../../src/api/names.ts';
import { isObject, type Json } from '../../src/api/objects.ts';
import { parseRun } from '../../src/api/run.ts';
import type { PodTemplate } from '../../src/api/spec/podTemplate.ts';
import { readRuns } from '../../src/cli/documents.ts';
import { type Document, parseDocuments } from '../../src/cli/yaml.ts';
import { unreadData } from '../../src/operator/plan/identity.ts';
import { mergePodTemplates } from '../../src/operator/plan/podTemplate.ts';
import { allChildren } from '../../src/operator/plan/render.ts';
import { casePath, cases } from '../helpers/cases.ts';
import { quantityTexts, wrongResources } from '../helpers/quantityCases.ts';
import { minimalRun, withSpec } from '../helpers/runs.ts';
import { wrongTemplates } from '../helpers/templates.ts';
import { wrongWholes } from '../helpers/templateValues.ts';
import { yamlMaps, yamlScalars } from '../helpers/yaml.ts';
import { installCrd } from './crd.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';
import { dryRun } from './kubectl.ts';

type Input = { spec: { execution: { podTemplate?: Json; resources?: Json } } };

const job = (template: object) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'job' },
  spec: { template },
});

/** A Job with a template and resources as they are written, for a server that has no CRD in between. */
function jobOf(template: PodTemplate, resources: object = {}) {
  const container = { name: 'trainer', image: 'trainer', resources };
  return job(mergePodTemplates({ spec: { restartPolicy: 'Never', containers: [container] } }, template));
}

/** A Job with a wrong template as it is: merging would heal what is named twice, and what should be a list. */
function jobAsWritten({ metadata, spec, ...rest }: { metadata?: Json; spec?: Json }) {
  const given = (spec?.containers ?? [{ name: 'trainer' }]) as Json[];
  const containers = given.map((container) => ({ image: 'x', ...container }));
  return job({ ...rest, metadata, spec: { restartPolicy: 'Never', ...spec, containers } });
}

/** The Job that a trainer would have with a template. */
function renderedJob(podTemplate: Json): { metadata: object } {
  const run = parseRun(withSpec({ execution: { podTemplate } }));
  const job = allChildren(run, unreadData, { trainerImage: 'trainer' }).find(
    ({ metadata }) => metadata.labels?.[labels.component] === 'train',
  );
  return { ...job, metadata: { ...job?.metadata, ownerReferences: undefined } };
}

test('validate and a real API server', { skip }, async (t) => {
  let environment: Environment;
  /** Titles of the objects that the server accepts; they are all asked for at once. */
  const acceptedOf = (objects: [title: string, object: { metadata: object }][]): string[] => {
    const texts = objects.map(([, object], i) =>
      JSON.stringify({ ...object, metadata: { ...object.metadata, name: `n${i}` } }),
    );
    const { items } = dryRun(environment.kubeconfig, '-', texts.join('\n'));
    const names = items.map(({ metadata }) => metadata.name);
    return objects.filter((_, i) => names.includes(`n${i}`)).map(([title]) => title);
  };
  before(async () => {
    environment = await startEnvironment();
    const client = environment.connect();
    await installCrd(client);
    await client.close();
  });
  after(() => environment.stop());

  for (const one of cases) {
    await t.test(`${one.file}: ${one.right}`, () => {
      const { accepted, items, text } = dryRun(environment.kubeconfig, casePath(one));
      assert.equal(accepted, one.right !== 'refused', text);
      if (one.right !== 'accepted') return;
      const ours = readRuns(casePath(one)).runs;
      assert.deepEqual(
        ours.map(({ spec }) => spec),
        items.map((item) => parseRun(item).spec),
        'both read the same',
      );
    });
  }

  await t.test('a Job is refused for what only Jobs are refused for', () => {
    const jobs = cases
      .filter(({ right }) => right === 'refused as a Job')
      .map((one): [string, ReturnType<typeof jobOf>] => {
        const [{ value }] = parseDocuments(readFileSync(casePath(one), 'utf8'), one.file) as [Document];
        const { podTemplate, resources } = (value as Input).spec.execution;
        return [one.file, jobOf(podTemplate ?? {}, resources)];
      });
    assert.deepEqual(acceptedOf(jobs), []);
    assert.deepEqual(acceptedOf(wrongResources.map(({ title, resources }) => [title, jobOf({}, resources)])), []);
    const templates = wrongTemplates.filter(({ server }) => server);
    assert.deepEqual(acceptedOf(templates.map(({ title, template }) => [title, jobAsWritten(template)])), []);
  });

  await t.test('a Job is refused whose parts do not go together', () => {
    assert.deepEqual(acceptedOf(wrongWholes.map(({ title, template }) => [title, renderedJob(template)])), []);
  });

  await t.test('scalars and maps of YAML', () => {
    const run = (text: string) =>
      `${JSON.stringify(minimalRun()).slice(0, -2)}, execution: {podTemplate: {metadata: {a: ${text}}}}}}`;
    const texts = [...yamlScalars, ...yamlMaps].map(([text]) => text);
    const { items, text } = dryRun(environment.kubeconfig, '-', run(`[${texts.join(', ')}]`));
    const [answer] = items as unknown as [{ spec: { execution: { podTemplate: { metadata: { a: unknown } } } } }];
    assert.ok(isObject(answer), text);
    assert.deepEqual(
      answer.spec.execution.podTemplate.metadata.a,
      [...yamlScalars, ...yamlMaps].map(([, value]) => value),
    );
  });

  await t.test('quantities, in a run and in a Job', () => {
    const { right, wrong } = quantityTexts;
    const limitsOf = (memory: string) => ({ limits: { memory } });
    const runs = (texts: readonly string[]) =>
      acceptedOf(texts.map((text) => [text, withSpec({ execution: { resources: limitsOf(text) } })]));
    const jobs = (texts: readonly string[]) => acceptedOf(texts.map((text) => [text, jobOf({}, limitsOf(text))]));
    assert.deepEqual([runs(right), jobs(right)], [right, right]);
    assert.deepEqual([runs(wrong), jobs(wrong)], [[], []]);
  });
});
