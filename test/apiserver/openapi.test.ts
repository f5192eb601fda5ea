import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listKeys, typedMembers } from '../../src/api/mergeKeys.ts';
import { podEnums } from '../../src/api/spec/podEnums.ts';
import { kubernetesVersion, podFields } from '../../src/api/spec/podFields.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';
import { getRaw } from './kubectl.ts';

interface Schema {
  type?: string;
  format?: string;
  enum?: string[];
  items?: Schema;
  additionalProperties?: Schema;
  properties?: Record<string, Schema>;
  allOf?: Schema[];
  $ref?: string;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-unions'?: { discriminator?: string; 'fields-to-discriminateBy': Record<string, string> }[];
}

const prefixes = ['io.k8s.api.core.v1.', 'io.k8s.apimachinery.pkg.apis.meta.v1.'];

/** The type of a field, as src/api/spec/podFields.ts writes it. */
function typeOf({ type, format, items, additionalProperties, allOf, $ref, ...rest }: Schema): string {
  if (items !== undefined) return `${typeOf(items)}[]`;
  if (additionalProperties !== undefined) return `${typeOf(additionalProperties)}{}`;
  const name = ($ref ?? allOf?.[0]?.$ref)?.split('/').at(-1);
  if (name?.endsWith('.Quantity')) return 'quantity';
  if (name?.endsWith('.IntOrString') || format === 'int-or-string') return 'intOrString';
  if (name?.endsWith('.Time')) return 'string';
  if (name?.endsWith('.FieldsV1') || (type === 'object' && rest.properties === undefined && name === undefined))
    return 'any';
  return name?.split('.').at(-1) ?? type ?? 'any';
}

test("what we know of pods is what a real API server's schema says", { skip }, async (t) => {
  const environment: Environment = await startEnvironment();
  t.after(() => environment.stop());
  const { components } = getRaw(environment.kubeconfig, '/openapi/v3/api/v1') as {
    components: { schemas: Record<string, Schema> };
  };
  const schemaOf = (name: string): Schema | undefined =>
    prefixes.map((prefix) => components.schemas[`${prefix}${name}`]).find((schema) => schema !== undefined);
  const known = Object.keys(podFields).map((name) => [name, schemaOf(name)?.properties ?? {}] as const);

  await t.test(`fields of Kubernetes ${kubernetesVersion} have the same types`, () => {
    for (const [name, properties] of known) {
      const ours = (podFields[name] ?? '').split(' ').map((field) => field.split(':') as [string, string]);
      for (const [field, type] of ours) {
        const theirs = properties[field];
        assert.ok(theirs, `${name}.${field} is gone`);
        assert.equal(typeOf(theirs), type, `${name}.${field}`);
      }
    }
  });

  await t.test('words are the same', () => {
    for (const [path, words] of Object.entries(podEnums)) {
      const [name = '', field = ''] = path.split('.');
      const theirs = schemaOf(name)?.properties?.[field];
      assert.deepEqual(theirs?.enum ?? theirs?.items?.enum, words, path);
    }
  });

  await t.test('lists have the same keys', () => {
    for (const [name, properties] of known) {
      for (const [field, schema] of Object.entries(properties)) {
        // A field of a Kubernetes that is newer than our types is refused before anything is merged.
        if (!(podFields[name] ?? '').split(' ').some((own) => own.startsWith(`${field}:`))) continue;
        const keys = schema['x-kubernetes-list-type'] === 'map' ? schema['x-kubernetes-list-map-keys'] : undefined;
        assert.deepEqual(schema.type === 'array' ? listKeys[field] : undefined, keys, `${name}.${field}`);
      }
    }
  });

  await t.test('what goes with one type of a profile only is the same', () => {
    for (const [field, members] of Object.entries(typedMembers)) {
      const [union] = schemaOf(field.replace(/^./, (letter) => letter.toUpperCase()))?.['x-kubernetes-unions'] ?? [];
      assert.deepEqual(Object.keys(union?.['fields-to-discriminateBy'] ?? {}), Object.keys(members), field);
    }
  });
});
