import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customResourceDefinition, toStructural } from '../../../src/api/crd.ts';

test('the CRD leaves room below the limit of client-side apply', () => {
  assert.ok(Buffer.byteLength(JSON.stringify(customResourceDefinition())) < 200_000);
});

/** Every schema node below `node`, with its path. */
function* nodes(node: unknown, path: string): Generator<[string, Record<string, unknown>]> {
  if (typeof node !== 'object' || node === null) return;
  const schema = node as Record<string, unknown>;
  yield [path, schema];
  for (const [name, child] of Object.entries((schema.properties ?? {}) as Record<string, unknown>)) {
    yield* nodes(child, `${path}.${name}`);
  }
  yield* nodes(schema.items, `${path}[]`);
}

test('every field has a description', () => {
  const crd = customResourceDefinition() as {
    spec: { versions: [{ schema: { openAPIV3Schema: { properties: object } } }] };
  };
  const { spec, status } = crd.spec.versions[0].schema.openAPIV3Schema.properties as Record<string, unknown>;
  const bare = [...nodes(spec, 'spec'), ...nodes(status, 'status')]
    .filter(([path, schema]) => !path.endsWith(']') && schema.description === undefined)
    .map(([path]) => path);
  assert.deepEqual(bare, []);
});

test('a union that Kubernetes cannot express is an error, not a loose schema', () => {
  assert.throws(() => toStructural({ anyOf: [{ type: 'string' }, { type: 'object' }] }), /structural/);
});
