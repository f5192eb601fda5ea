import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { DdrError } from '../../../../src/api/errors.ts';
import { readNpy, writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { readNpz, writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { readSafetensors, writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { readZip } from '../../../../src/trainer/formats/zip.ts';
import { temporaryFolder } from '../../../helpers/trainer.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures');
const fixture = (name: string) => readFileSync(join(fixtures, 'formats', name));

const ours = {
  npz: {
    mu: { shape: [2], data: Float64Array.of(0.5, -1.25) },
    bytes: { shape: [2, 2], data: Uint8Array.of(1, 2, 3, 255) },
  },
  safetensors: {
    tensors: new Map([
      ['z', { shape: [2, 1], values: Float32Array.of(1.5, -2) }],
      ['a', { shape: [1], values: Float32Array.of(3) }],
    ]),
    metadata: { by: 'us' },
  },
};

test('what NumPy wrote is read', () => {
  const bytes = readNpy(fixture('bytes.npy'), 'bytes.npy');
  assert.deepEqual(bytes, { shape: [2, 3, 4], data: Uint8Array.from({ length: 24 }, (_, i) => i) });
  const doubles = readNpy(fixture('doubles.npy'), 'doubles.npy');
  assert.deepEqual([doubles.shape, doubles.data[0], doubles.data[6]], [[7], -1, 1]);
  for (const name of ['statistics.npz', 'compressed.npz']) {
    assert.deepEqual([...(readNpz(fixture(name), name).mu?.data ?? [])], [0, 1, 2]);
  }
});

test('what safetensors for Python wrote is read', () => {
  const { tensors, metadata } = readSafetensors(fixture('tensors.safetensors'), 'tensors.safetensors');
  assert.deepEqual(metadata, { by: 'python' });
  assert.deepEqual(tensors.get('a'), { shape: [3], values: Float32Array.of(0, 1, 2) });
  assert.deepEqual(tensors.get('b'), { shape: [2, 2], values: Float32Array.of(1, 1, 1, 1) });
});

test('what cannot be read is refused by name: Fortran order, pickled objects', () => {
  assert.throws(() => readNpy(fixture('fortran.npy'), 'fortran.npy'), { code: 'InputForeign', where: 'fortran.npy' });
  assert.throws(() => readNpy(fixture('objects.npy'), 'objects.npy'), { code: 'InputForeign', where: 'objects.npy' });
});

test('what we write is read back, and equal contents give equal bytes', () => {
  const npz = writeNpz(ours.npz);
  assert.deepEqual(readNpz(npz, 'x'), ours.npz);
  assert.deepEqual(writeNpz(ours.npz), npz);
  const safetensors = writeSafetensors(ours.safetensors);
  assert.deepEqual(readSafetensors(safetensors, 'x'), ours.safetensors);
  assert.deepEqual(writeSafetensors(ours.safetensors), safetensors);
});

test('Python reads what we write', (t) => {
  const python = process.env.DDR_PYTHON ?? 'python3';
  if (spawnSync(python, ['-c', 'import numpy, safetensors.numpy']).status !== 0) {
    t.skip(`${python} has no numpy and safetensors; DDR_PYTHON may name one that has`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'ddr-formats-'));
  try {
    writeFileSync(join(folder, 'ours.npz'), writeNpz(ours.npz));
    writeFileSync(join(folder, 'ours.safetensors'), writeSafetensors(ours.safetensors));
    const read = JSON.parse(
      execFileSync(python, [join(fixtures, 'formats.py'), 'read', folder], { encoding: 'utf8' }),
    ) as object;
    assert.deepEqual(read, {
      npz: { mu: ['float64', [2], [0.5, -1.25]], bytes: ['uint8', [2, 2], [1, 2, 3, 255]] },
      safetensors: {
        z: [
          [2, 1],
          [1.5, -2],
        ],
        a: [[1], [3]],
      },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('arrays of any shape survive', () => {
  const shape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });
  fc.assert(
    fc.property(shape, (shape) => {
      const data = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => i / 3);
      assert.deepEqual(readNpy(writeNpy({ shape, data }), 'x'), { shape, data });
    }),
  );
});

/** Bytes with some cut off, some changed. */
const damaged = (bytes: Uint8Array) =>
  fc
    .record({
      keep: fc.nat(bytes.length),
      changes: fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 }),
    })
    .map(({ keep, changes }) => {
      const copy = bytes.slice();
      for (const [at, value] of changes) copy[at] = value;
      return copy.subarray(0, keep);
    });

const readers: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  ['npy', writeNpy({ shape: [3], data: Float64Array.of(1, 2, 3) }), (bytes) => readNpy(bytes, 'file')],
  ['npz', writeNpz(ours.npz), (bytes) => readNpz(bytes, 'file')],
  ['compressed npz', new Uint8Array(fixture('compressed.npz')), (bytes) => readNpz(bytes, 'file')],
  ['safetensors', writeSafetensors(ours.safetensors), (bytes) => readSafetensors(bytes, 'file')],
];
for (const [name, bytes, read] of readers) {
  test(`a damaged ${name} file is read or refused by name, never worse`, () => {
    fc.assert(
      fc.property(damaged(bytes), (input) => {
        try {
          read(input);
        } catch (error) {
          assert.ok(error instanceof DdrError && error.where?.startsWith('file'), String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
}

test('an archive that would unpack to too much is refused before it does', () => {
  const bomb = zipSync({ 'zeros.npy': new Uint8Array(10_000_000) }, { level: 9 });
  assert.ok(bomb.length < 100_000);
  const read = () => [
    ...readZip(bomb, 'bomb.zip', undefined, { entries: 10, entryBytes: 1_000_000, totalBytes: 1_000_000 }),
  ];
  assert.throws(read, { code: 'InputUnsafe' });
});

/** An archive of Python's zipfile. */
function pythonZip(t: TestContext, script: string): Uint8Array | undefined {
  const folder = temporaryFolder(t);
  const path = join(folder, 'made.zip');
  const { status } = spawnSync('python3', [
    '-c',
    `import zipfile\nz = zipfile.ZipFile(${JSON.stringify(path)}, 'w')\n${script}\nz.close()`,
  ]);
  if (status === 0) return readFileSync(path);
  t.skip('needs python3');
  return undefined;
}

test('more entries than 16 bits can count are all read (ZIP64)', (t) => {
  const archive = pythonZip(t, "for i in range(65540): z.writestr(f'{i}.png', b'x')");
  if (archive === undefined) return;
  const names = [...readZip(archive, 'many.zip')].map(({ name }) => name);
  assert.deepEqual([names.length, names.at(-1)], [65_540, '65539.png']);
});

test('sizes and offsets of 64 bits are read (ZIP64)', (t) => {
  // Python writes 64 bits where a limit is passed, so that a lower limit makes a small file of the same form.
  const archive = pythonZip(t, "zipfile.ZIP64_LIMIT = 10\nfor name in 'ab':\n  z.writestr(name, name * 100)");
  if (archive === undefined) return;
  const read = [...readZip(archive, 'large.zip')].map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]);
  assert.deepEqual(read, [
    ['a', 'a'.repeat(100)],
    ['b', 'b'.repeat(100)],
  ]);
});

test('an entry whose bytes have changed, or that is encrypted, is refused by name', () => {
  const archive = zipSync({ 'a.npy': Uint8Array.from({ length: 500 }, (_, i) => i) }, { level: 0 });
  const changed = archive.slice();
  changed[200] = (changed[200] as number) ^ 1;
  assert.throws(() => [...readZip(changed, 'changed.zip')], { code: 'InputForeign', where: 'changed.zip:a.npy' });
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  for (let at = 0; at + 28 < archive.length; at++)
    if (view.getUint32(at, true) === 0x02014b50) view.setUint16(at + 8, 1, true);
  assert.throws(() => [...readZip(archive, 'secret.zip')], { code: 'InputForeign', message: /encrypted/ });
});

test('an entry that inflates to more than it declares is stopped', () => {
  const archive = zipSync({ 'a.npy': new Uint8Array(5000) }, { level: 9 });
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  for (let at = 0; at + 28 < archive.length; at++)
    if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 10, true);
  assert.throws(() => [...readZip(archive, 'liar.zip')], { code: 'InputUnsafe' });
});
