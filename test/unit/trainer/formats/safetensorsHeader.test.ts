import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSafetensorsHeader, safetensorsHeadBytes } from '../../../../src/trainer/formats/safetensorsHeader.ts';

/** The beginning of a file, up to its data. */
function head(header: object | string): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = Buffer.alloc(8 + text.length);
  bytes.writeBigUInt64LE(BigInt(text.length));
  text.copy(bytes, 8);
  return bytes;
}

const tensor = (from: number, to: number, shape = [(to - from) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [from, to],
});
const parse = (header: object | string, dataBytes: number) => {
  const bytes = head(header);
  return parseSafetensorsHeader(bytes, 'x', bytes.length + dataBytes);
};

test('a header alone says names, types, shapes and where the bytes are', () => {
  const bytes = head({ b: tensor(8, 12), a: tensor(0, 8), __metadata__: { by: 'us' } });
  assert.equal(safetensorsHeadBytes(bytes.subarray(0, 8), 'x'), bytes.length);
  const { tensors, metadata } = parseSafetensorsHeader(bytes, 'x', bytes.length + 12);
  assert.deepEqual([...tensors.keys()], ['b', 'a']);
  assert.deepEqual(tensors.get('b'), { dtype: 'F32', shape: [1], from: bytes.length + 8, to: bytes.length + 12 });
  assert.deepEqual(metadata, { by: 'us' });
});

test('metadata may be null or absent, and padding may surround the header', () => {
  assert.deepEqual(parse({ __metadata__: null, a: tensor(0, 4) }, 4).metadata, {});
  assert.deepEqual(parse(` ${JSON.stringify({ a: tensor(0, 4) })}\n  `, 4).metadata, {});
});

test('tensors without elements and scalars have their place', () => {
  const { tensors } = parse({ a: tensor(0, 4, []), none: tensor(4, 4, [0, 3]), b: tensor(4, 8) }, 8);
  assert.deepEqual(
    [...tensors.values()].map(({ shape }) => shape),
    [[], [0, 3], [1]],
  );
});

test('gaps, overlaps, bytes of no tensor and wrong lengths are refused', () => {
  for (const [header, dataBytes, message] of [
    [{ a: tensor(4, 8) }, 8, /a does not begin/],
    [{ a: tensor(0, 4), b: tensor(8, 12) }, 12, /b does not begin/],
    [{ a: tensor(0, 4), b: tensor(0, 4) }, 4, /b does not begin/],
    [{ a: tensor(0, 4) }, 5, /1 bytes that belong to no tensor/],
    [{ a: tensor(0, 4, [2]) }, 4, /a has 4 bytes, and 8 by its shape/],
    [{ a: tensor(4, 0) }, 4, /a has -4 bytes|header/],
    [{ a: tensor(0, 0, [2 ** 40, 2 ** 40, 0]) }, 0, /by its shape/],
  ] as const)
    assert.throws(() => parse(header, dataBytes), { code: 'InputForeign', where: 'x', message });
  assert.throws(() => parse({ a: tensor(0, 4) }, 3), { code: 'InputTruncated', message: 'ends within a' });
});

test('a key that would be lost in silence is refused; a text that looks like one is not', () => {
  const one = JSON.stringify({ a: tensor(0, 4) });
  assert.throws(() => parse(one.replace('"dtype"', '"dtype":"F64","dtype"'), 4), { message: /dtype of a twice/ });
  assert.throws(() => parse(`{"__metadata__":{},"__metadata__":{},${one.slice(1)}`, 4), {
    message: /__metadata__ twice/,
  });
  const metadata = { dtype: '"dtype": "shape": [1.5]', text: '\\"' };
  assert.deepEqual(parse({ __metadata__: metadata, a: tensor(0, 4) }, 4).metadata, metadata);
  assert.equal(
    parse(`{"a":null,${one.slice(1)}`, 4).tensors.size,
    1,
    'of a tensor that is named twice the last counts',
  );
});

test('what JSON.parse would take and the reference does not is refused', () => {
  const one = JSON.stringify({ a: tensor(0, 4) });
  for (const text of [
    `\ufeff${one}`,
    `${one}\0`,
    '[]',
    'null',
    '',
    one.replace('[1]', '[1.0]'),
    one.replace('[0,', '[-0,'),
    one.replace('"a"', '"\\ud800"'),
    one.replace('F32', 'F33'),
    one.replace('"F32"', '32'),
    JSON.stringify({ a: tensor(0, 4), __metadata__: { x: 1 } }),
    JSON.stringify({ a: tensor(0, 4), b: null }),
  ])
    assert.throws(() => parse(text, 4), { code: 'InputForeign' }, text);
});

test('a file that is too short for its header, or whose header is too long, is refused before it is read', () => {
  assert.throws(() => safetensorsHeadBytes(new Uint8Array(7), 'x'), { code: 'InputTruncated' });
  assert.throws(() => safetensorsHeadBytes(new Uint8Array(8).fill(255), 'x'), {
    code: 'InputForeign',
    message: /too long/,
  });
  assert.throws(() => parseSafetensorsHeader(head({}).subarray(0, 9), 'x'), { code: 'InputTruncated' });
});
