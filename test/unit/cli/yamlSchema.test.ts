import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { kubernetesSchema, numberOf } from '../../../src/cli/yamlSchema.ts';
import { yamlMaps, yamlScalars } from '../../helpers/yaml.ts';

const read = (text: string) => loadAll(text, { schema: kubernetesSchema() })[0];

test('scalars mean what they mean to kubectl', () => {
  for (const [text, value] of yamlScalars) assert.deepEqual(read(`a: [${text}]`), { a: [value] }, text);
});

test('keys, merge keys and repeated keys mean what they mean to kubectl', () => {
  for (const [text, value] of yamlMaps) assert.deepEqual(read(`a: ${text}`), { a: value }, text);
});

test('what kubectl refuses is refused', () => {
  for (const text of ['{~: 1}', '{[a]: 1}', '{<<: 3}', '!!int foo', '!!binary a*b', '&a {x: *a}'])
    assert.throws(() => read(`a: ${text}`), text);
});

test('a number too large for a float is text', () => {
  assert.equal(numberOf('1e400'), undefined);
  assert.equal(numberOf('-0'), 0);
  assert.equal(numberOf('.inf'), Number.POSITIVE_INFINITY);
});
