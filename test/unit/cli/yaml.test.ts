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

test('reading takes a time that grows with the file, whatever it is full of', () => {
  const files = ['a: 1\n', 'a: {b: 1}\n', '{}', '{"a":1}\n', '---\n', "a: ''\n"].map((part) => part.repeat(30_000));
  for (const text of files) {
    const started = performance.now();
    assert.ok(valuesOf(text).length > 0);
    assert.ok(performance.now() - started < 20_000, text.slice(0, 10));
  }
});

test('what merge keys bring is bounded as what aliases stand for is', () => {
  const map = `{${Array.from({ length: 1000 }, (_, i) => `k${i}: 1`).join(', ')}}`;
  const merging = (times: number) => `a: &a ${map}\nb:\n${'- {<<: *a}\n'.repeat(times)}`;
  assert.equal((valuesOf(merging(2))[0] as { b: object[] }).b.length, 2);
  assert.throws(() => valuesOf(merging(1000)), { code: 'InputForeign', message: /merge keys bring more than 100000/ });
});

test('what aliases stand for is bounded, for all documents of a file together', () => {
  const document = `a: &a [${'1,'.repeat(400)}]\nb: [${'*a,'.repeat(300)}]\n`;
  assert.equal(valuesOf(document).length, 1);
  assert.throws(() => valuesOf(`${document}---\n${document}`), { code: 'InputUnsafe' });
});
