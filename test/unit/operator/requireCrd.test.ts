import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customResourceDefinition } from '../../../src/api/crd.ts';
import { DdrError } from '../../../src/api/errors.ts';
import type { Json } from '../../../src/api/objects.ts';
import { ApiError } from '../../../src/operator/kube/client.ts';
import { missingIn, requireCrd } from '../../../src/operator/requireCrd.ts';
import type { Crd } from '../../helpers/crdChanges.ts';
import { ManualClock } from '../../helpers/manualClock.ts';

const schema = (customResourceDefinition() as unknown as Crd).spec.versions[0]?.schema.openAPIV3Schema as Json;
const document = (properties: Json) => ({
  components: {
    schemas: {
      other: {},
      run: { ...schema, properties, 'x-kubernetes-group-version-kind': [{ kind: 'DisentangledDiffusionRun' }] },
    },
  },
});
const properties = schema.properties as Json;
const { spec, ...withoutSpec } = properties;
const list = async () => ({ items: [], resourceVersion: '1' });

/** What is thrown with documents that a server gives one after the other. */
async function thrownOf(...documents: (object | Error)[]): Promise<unknown> {
  const clock = new ManualClock();
  const raw = async () => {
    const next = documents.length > 1 ? documents.shift() : documents[0];
    if (next instanceof Error) throw next;
    return next;
  };
  const asked = requireCrd({ list, raw }, clock, undefined).then(
    () => undefined,
    (error: unknown) => error,
  );
  await clock.advance(60_000);
  return asked;
}

test('fields and words that a schema has not are named by their path', () => {
  const of = (fields: object): Json => ({ properties: fields });
  const word = (...words: string[]) => ({ enum: words });
  assert.deepEqual(missingIn(of({ a: {} }), of({ a: of({ b: {} }), c: {} })), ['a.b', 'c']);
  assert.deepEqual(missingIn(of({ a: word('X') }), of({ a: word('X', 'Y') })), ['a Y']);
  assert.deepEqual(missingIn(of({ a: {} }), of({ a: word('X') })), [], 'any word is taken');
  assert.deepEqual(missingIn(of({ a: { items: of({}) } }), of({ a: { items: of({ b: {} }) } })), ['a[].b']);
  assert.deepEqual(missingIn(of({ a: {}, more: {} }), of({ a: {} })), [], 'a newer one');
});

test('the CRD of this version is right, also when it is published a moment late, or to others only', async () => {
  assert.equal(await thrownOf(document(properties)), undefined);
  assert.equal(await thrownOf(document(withoutSpec), document(properties)), undefined);
  for (const status of [403, 404]) assert.equal(await thrownOf(new ApiError(status, 'No', 'no')), undefined);
});

test('an older CRD is refused with what it lacks and what to do', async () => {
  const error = await thrownOf(document(withoutSpec));
  assert.ok(error instanceof DdrError && error.code === 'CrdOutdated');
  assert.match(error.describe(), /lacks spec\. Apply the CRD of this version/);
});

test('a cluster without the CRD is told so', async () => {
  const absent = async () => {
    throw new ApiError(404, 'NotFound', 'no');
  };
  await assert.rejects(
    requireCrd({ list: absent, raw: async () => ({}) }, new ManualClock(), 'n'),
    /CrdMissing|does not serve/,
  );
});
