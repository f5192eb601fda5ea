import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelOfJson, labelOfText } from '../../../../../src/trainer/data/shards/memberLabels.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

test('a .cls is a whole number', () => {
  assert.deepEqual(
    ['7', ' 12\n', '-1', '+3'].map((text) => labelOfText(bytes(text), 'a')),
    [7, 12, -1, 3],
  );
  for (const text of ['', 'cat', '1.5', '0x1', '1 2', '1e3', '9'.repeat(20)])
    assert.throws(() => labelOfText(bytes(text), 'a'), { code: 'InputForeign', where: 'a' }, text);
});

test('a field of a .json is named by its path', () => {
  const json = bytes('{"label": 3, "a": {"b": [1, {"c": 4}]}, "a.b": 5, "text": "6", "half": 1.5, "toString": null}');
  assert.equal(labelOfJson(json, 'label', 'a'), 3);
  assert.equal(labelOfJson(json, 'a.b', 'a'), 5, 'a name with a dot goes before a path');
  assert.equal(labelOfJson(bytes('{"a": {"b": [1, {"c": 4}]}}'), 'a.b.1.c', 'a'), 4);
  for (const field of ['gone', 'text', 'half', 'a', 'a.x.y', 'constructor', 'toString', '__proto__'])
    assert.throws(() => labelOfJson(json, field, 'a'), { code: 'InputForeign', where: 'a' }, field);
  assert.throws(() => labelOfJson(bytes('{'), 'label', 'a'), { message: 'has a .json that is none' });
});
