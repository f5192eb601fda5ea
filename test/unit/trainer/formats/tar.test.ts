import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEndBlock, paddedSize, parsePax, parseTarHeader, tarBlock } from '../../../../src/trainer/formats/tar.ts';
import { shardFixture } from '../../../helpers/sourceFiles.ts';

const header = (name: string) => shardFixture(name).slice(0, tarBlock);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

/** The same header with other bytes, and the sum that fits them. */
function changed(block: Uint8Array, at: number, bytes: string, signed = false): Uint8Array {
  const copy = block.slice();
  copy.set(Buffer.from(bytes, 'latin1'), at);
  copy.fill(0x20, 148, 156);
  const sum = copy.reduce((total, byte) => total + (signed && byte > 127 ? byte - 256 : byte), 0);
  copy.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return copy;
}

test('headers of every format have a name, a kind and a size', () => {
  for (const name of ['ustar.tar', 'gnu.tar']) {
    const { kind, size, name: member } = parseTarHeader(header(name), 0, 'file');
    assert.deepEqual([kind, size, text(member)], ['file', 0, 'a.png'], name);
  }
  assert.deepEqual(parseTarHeader(header('v7.tar'), 0, 'file'), {
    kind: 'file',
    size: 5,
    name: new Uint8Array(Buffer.from('plain.png')),
  });
  assert.equal(parseTarHeader(header('pax.tar'), 0, 'file').kind, 'globalPax');
  assert.equal(parseTarHeader(header('sparse-gnu.tar'), 0, 'file').kind, 'sparse');
});

test('sizes may be octal with spaces, or an integer of 256s', () => {
  const sizeOf = (bytes: string) => parseTarHeader(changed(header('gnu.tar'), 124, bytes), 0, 'file').size;
  assert.equal(sizeOf('        1750'), 1000);
  assert.equal(sizeOf('00000001750 '), 1000);
  assert.equal(sizeOf(`\x80${'\0'.repeat(5)}\x02\0\0\0\0\0`), 2 ** 41);
  for (const bytes of ['00000008000\0', '\xff'.repeat(12), `\x80${'\xff'.repeat(11)}`])
    assert.throws(() => sizeOf(bytes), /is not a tar archive/);
});

test('a sum of bytes with sign is taken, too, and any other is not', () => {
  const odd = changed(header('gnu.tar'), 0, '\xe9.png', true);
  assert.equal(Buffer.from(parseTarHeader(odd, 0, 'file').name).toString('latin1'), '\xe9.png');
  const damaged = header('gnu.tar');
  damaged[0] = 0x62;
  assert.throws(() => parseTarHeader(damaged, 512, 'file'), {
    code: 'InputForeign',
    message: 'is damaged: there is no header of a member at byte 512',
  });
});

test('what is no tar archive is named', () => {
  const block = (content: string) => new Uint8Array(Buffer.from(content.padEnd(tarBlock, '\n'), 'latin1'));
  for (const [content, name] of [
    ['version https://git-lfs.github.com/spec/v1', 'a pointer of Git LFS'],
    ['<!DOCTYPE html><html>', 'a web page'],
    ['\x1f\x8b\x08', 'gzipped'],
    ['PK\x03\x04', 'a zip archive'],
  ] as const) {
    assert.throws(() => parseTarHeader(block(content), 0, 'file'), {
      code: 'InputForeign',
      message: `is not a tar archive; it is ${name}`,
    });
  }
});

test('a file with a slash at its end is a folder, as V7 has them', () => {
  assert.equal(parseTarHeader(changed(header('v7.tar'), 0, 'plain/\0\0\0'), 0, 'file').kind, 'folder');
});

test('records of a pax header are read by their length', () => {
  const record = (body: string) => `${Buffer.byteLength(body) + 4} ${body}\n`; // two digits, a space, the end
  const records = parsePax(Buffer.from(record('path=é\n=a') + record('size=12 or')), 'file');
  assert.deepEqual(
    [...records].map(([key, value]) => [key, text(value)]),
    [
      ['path', 'é\n=a'],
      ['size', '12 or'],
    ],
  );
  for (const wrong of ['x path=a\n', '99 path=a\n', '5 path=a\n', '8 path\n\n', '10 path=ab', '0 path=a\n'])
    assert.throws(() => parsePax(Buffer.from(wrong), 'file'), { code: 'InputForeign' }, wrong);
});

test('contents are padded to blocks, and blocks of zeros are the end', () => {
  assert.deepEqual([0, 1, 512, 513].map(paddedSize), [0, 512, 512, 1024]);
  assert.ok(isEndBlock(new Uint8Array(tarBlock)));
  assert.ok(!isEndBlock(header('gnu.tar')));
});
