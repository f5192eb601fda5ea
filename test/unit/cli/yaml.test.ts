import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocuments } from '../../../src/cli/yaml.ts';

const valuesOf = (text: string) => parseDocuments(text, 'F').map(({ value }) => value);

test('JSON texts one after another are documents, each with its places', () => {
  const text = '{"a": "}{", "b": "\\""}\n  {"c": 1}';
  assert.deepEqual(valuesOf(text), [{ a: '}{', b: '"' }, { c: 1 }]);
  assert.deepEqual(parseDocuments(text, 'F')[1]?.positions.placeOf(['c']), { line: 2, column: 5 });
});

test('a flow map that is no JSON is YAML, and JSON may be followed by YAML', () => {
  assert.deepEqual(valuesOf('{a: 1} # {"b": 2}'), [{ a: 1 }]);
  assert.deepEqual(valuesOf('{"a": 1}\n---\nb: 2\n'), [{ a: 1 }, { b: 2 }]);
});

test('documents are parted by lines of ---, with a comment or without; Windows line ends are line ends', () => {
  assert.deepEqual(valuesOf('a: 1\r\n--- # next\r\nb: |\r\n  x\r\n--- \r\nc: 3\r\n'), [
    { a: 1 },
    { b: 'x\n' },
    { c: 3 },
  ]);
  assert.throws(() => valuesOf('a: 1\n--- {b: 2}\n'), { code: 'InputForeign', where: 'F, line 2, column 1' });
});

test('what is neither YAML nor JSON is refused, with its place', () => {
  assert.throws(() => valuesOf('a: 1\n b: 2'), { code: 'InputForeign', where: /^F, line 2, column \d+$/ });
  assert.throws(() => valuesOf('{"a": 1}{"b": 2},'), { code: 'InputForeign' });
});
