import assert from 'node:assert/strict';
import { z } from 'zod';
import { DdrError } from '../../src/api/errors.ts';
import type { NpyArray } from '../../src/trainer/formats/npy.ts';
import { readNpy } from '../../src/trainer/formats/npy.ts';
import { npzEntries, readNpz } from '../../src/trainer/formats/npz.ts';
import { readSafetensors } from '../../src/trainer/formats/safetensors.ts';
import { readZip } from '../../src/trainer/formats/zip.ts';

/** What a reference made of a file: an array, no plain numbers, or nothing at all. */
const verdictSchema = z.union([
  z.object({ type: z.enum(['<i8', '<u8', '<f8']), shape: z.array(z.int()), values: z.base64() }),
  z.literal('foreign'),
  z.null(),
]);
type Verdict = z.output<typeof verdictSchema>;

const file = { name: z.string(), base64: z.base64() };
const casesSchema = z.array(
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('npy'), ...file, expected: verdictSchema }),
    z.object({ kind: z.literal('npz'), ...file, expected: z.record(z.string(), verdictSchema).nullable() }),
    z.object({ kind: z.literal('safetensors'), ...file, expected: z.record(z.string(), verdictSchema).nullable() }),
    z.object({ kind: z.literal('zip'), ...file, expected: z.array(z.tuple([z.string(), z.base64()])).nullable() }),
  ]),
);
export type FormatCase = z.output<typeof casesSchema>[number];

/** Cases as test/fixtures/formatCases.py prints them. */
export const parseCases = (text: string): FormatCase[] => casesSchema.parse(JSON.parse(text));

const wide = { '<i8': BigInt64Array, '<u8': BigUint64Array, '<f8': Float64Array } as const;

/** What our reader makes of it; undefined where it refuses by code and place. */
function readOrRefuse<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assert.ok(
      error instanceof DdrError && error.code.startsWith('Input') && error.where?.startsWith('file'),
      `${error}`,
    );
    return undefined;
  }
}

function assertArray(array: NpyArray | undefined, expected: Verdict): void {
  if (expected === null || expected === 'foreign') {
    assert.equal(array, undefined, 'the reference refuses it');
    return;
  }
  assert.ok(array !== undefined, 'the reference reads it');
  assert.deepEqual(array.shape, expected.shape);
  const values = new wide[expected.type](new Uint8Array(Buffer.from(expected.values, 'base64')).buffer);
  const convert = expected.type === '<f8' ? Number : BigInt;
  assert.deepEqual(Array.from<number | bigint, number | bigint>(array.data, convert), [...values]);
}

/**
 * Checks that our reader and the reference agree about a file: equal values, or both refuse it.
 * @throws AssertionError
 */
export function assertAgrees(test: FormatCase): void {
  const bytes = new Uint8Array(Buffer.from(test.base64, 'base64'));
  switch (test.kind) {
    case 'npy':
      assertArray(
        readOrRefuse(() => readNpy(bytes, 'file')),
        test.expected,
      );
      return;
    case 'npz': {
      const entries = readOrRefuse(() => npzEntries(bytes, 'file'));
      const names = test.expected === null ? undefined : Object.keys(test.expected);
      assert.deepEqual(
        entries?.map(({ name }) => name),
        names,
      );
      for (const [name, expected] of Object.entries(test.expected ?? {}))
        assertArray(readOrRefuse(() => readNpz(bytes, 'file', [name]))?.[name], expected);
      return;
    }
    case 'safetensors': {
      const tensors = readOrRefuse(() => readSafetensors(bytes, 'file'))?.tensors;
      assert.equal(tensors === undefined, test.expected === null, 'only one of us refuses it');
      for (const [name, expected] of Object.entries(test.expected ?? {})) {
        const tensor = tensors?.get(name);
        assertArray(tensor && { shape: tensor.shape, data: tensor.values }, expected);
      }
      return;
    }
    case 'zip': {
      const entries = readOrRefuse(() => [...readZip(bytes, 'file')]);
      const content = entries?.map((entry) => [entry.name, Buffer.from(entry.bytes).toString('base64')]);
      assert.deepEqual(content ?? null, test.expected);
    }
  }
}
