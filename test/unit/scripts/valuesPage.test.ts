import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { documentedValues, valuesPage } from '../../../scripts/valuesPage.ts';

const chart = join(import.meta.dirname, '../../../helm/disentangled-diffusion');

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  definitions?: Record<string, Schema>;
}

test('a comment is the meaning of the value below it, and only of that', () => {
  const yaml =
    '# A group.\na:\n  # Two\n  # lines.\n  b: 1\n  c: {}\n\n# Lost.\n\nd:\n  - # An entry.\n    e: 1\n# Text | more.\nf: [g]\n';
  assert.deepEqual(documentedValues(yaml), [
    { path: 'a', meaning: 'A group.', defaultValue: { b: 1, c: {} } },
    { path: 'a.b', meaning: 'Two lines.', defaultValue: 1 },
    { path: 'f', meaning: 'Text | more.', defaultValue: ['g'] },
  ]);
  const page = valuesPage(yaml);
  assert.match(page, /^\| `a` \| {2}\| A group\. \|$/m);
  assert.match(page, /^\| `f` \| `\["g"\]` \| Text \\\| more\. \|$/m);
});

test('every value that the schema knows is documented', () => {
  const { properties = {} } = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as Schema;
  const leaves = (schema: Schema, path: string): string[] =>
    schema.properties === undefined
      ? [path]
      : Object.entries(schema.properties).flatMap(([name, child]) => leaves(child, `${path}.${name}`));
  const known = documentedValues(readFileSync(join(chart, 'values.yaml'), 'utf8')).map(({ path }) => path);
  const { global: _, ...own } = properties;
  const bare = Object.entries(own)
    .flatMap(([name, schema]) => leaves(schema, name))
    .filter(
      (path) =>
        !known.some((documented) => path === documented || documented === path.split('.').slice(0, 2).join('.')),
    );
  assert.deepEqual(bare, []);
});
