import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { Script } from 'node:vm';
import fc from 'fast-check';
import { DdrError } from '../../src/api/errors.ts';

/** Inputs a parser, and the seed that they follow from: the same seed and number give the same inputs. */
const runs = Number(process.env.DDR_FUZZ_RUNS || 2000);
const seed = Number(process.env.DDR_FUZZ_SEED || randomInt(2 ** 31));
/** Inputs have a few kilobytes: what takes more believes a length that lies. */
const mostMemory = 2 ** 26;
/** Milliseconds for one input, on a machine that does other things too. */
const mostTime = 2000;

/** Numbers of one, two and four bytes at their ends, where parsers miscount, beside any others. */
const replacement = fc.oneof(
  fc.uint8Array({ maxLength: 4 }),
  fc.constantFrom([0], [255], [0, 0, 0, 0], [255, 255, 255, 255], [255, 255, 255, 127]),
);

/** Bytes some of which are changed, left out or repeated, and some cut off at the end. */
export function damagedBytes(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(bytes.length - 1),
    put: replacement,
    drop: fc.constantFrom(0, 1, 1, 4, 4, 8),
  });
  const end = fc.oneof(fc.constant(0), fc.nat(bytes.length));
  return fc.record({ changes: fc.array(change, { maxLength: 4 }), end }).map(({ changes, end }) => {
    const result = [...bytes];
    for (const { at, put, drop } of changes) result.splice(at, drop, ...put);
    return Uint8Array.from(result.slice(0, result.length - end));
  });
}

/** Texts of which JSON, YAML and their readers have an opinion, some of them many times over. */
export function soup(words: readonly string[]): fc.Arbitrary<Uint8Array> {
  const part = fc.tuple(fc.constantFrom(...words), fc.oneof(fc.constant(1), fc.constant(1), fc.nat(200)));
  return fc
    .array(part, { maxLength: 30 })
    .map((parts) => new TextEncoder().encode(parts.map(([word, times]) => word.repeat(times)).join('')));
}

const strange = fc.constantFrom<unknown>(
  ...[null, true, -1, 0.5, 2 ** 53, -0, 1e308, '', 'x'.repeat(3000), '\u0000\ud800', '__proto__', [], {}, [[]]],
);

/** Places in a value. */
function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function withChange(value: unknown, [key, ...rest]: string[], change: (old: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, inner]) => {
    const changed = name === key ? withChange(inner, rest, change) : inner;
    return changed === undefined ? [] : [[name, changed] as const];
  });
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

/** JSON of a value in which some fields are gone, are twice there, or hold something else; some of it damaged as text besides. */
export function damagedJson(value: unknown): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    path: fc.constantFrom(...pathsOf(value)),
    to: fc.oneof(
      strange.map((other) => () => other),
      fc.constant(() => undefined),
      fc.constant((old: unknown) => [old, old]),
      fc.constant((old: unknown) => ({ ...Object(old), more: 1 })),
    ),
  });
  const changed = fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((result, { path, to }) => withChange(result, path, to), value))
    .map((result) => new TextEncoder().encode(JSON.stringify(result) ?? ''));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  return fc.oneof(changed, changed, damagedBytes(plain));
}

export interface Fuzzed {
  /** What is read. */
  name: string;
  /** What it reads as it should. */
  example: Uint8Array;
  inputs: fc.Arbitrary<Uint8Array>;
  /** Ends in a value, or throws DdrError about `file`. */
  read: (bytes: Uint8Array) => unknown;
  /** Codes of its errors; none where it gives undefined for what it cannot read. */
  codes: RegExp | undefined;
}

const memory = () => {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
};

function check({ read, codes }: Fuzzed, input: Uint8Array): void {
  const [started, held] = [performance.now(), memory()];
  try {
    read(input);
  } catch (error) {
    assert.ok(error instanceof DdrError && codes, error instanceof Error ? error.stack : String(error));
    assert.match(error.code, codes);
    assert.ok(error.where?.startsWith('file'), error.describe());
  }
  assert.ok(performance.now() - started < mostTime, 'takes no time');
  assert.ok(memory() - held < mostMemory, 'takes no memory');
}

/** Calls a function, and ends it in the midst of an endless loop, which a timer could not. */
function callWithin(milliseconds: number, call: () => void, describe: () => string): void {
  const context = globalThis as { ddrFuzz?: () => void };
  context.ddrFuzz = call;
  try {
    new Script('ddrFuzz()').runInThisContext({ timeout: milliseconds });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      assert.fail(describe());
    throw error;
  } finally {
    delete context.ddrFuzz;
  }
}

/** A test that a parser ends in a value or in an error with code and place, soon and in little memory, whatever it is given. */
export function fuzz(fuzzed: Fuzzed): void {
  test(`${fuzzed.name}: any input is read or refused by code and place, never worse`, (t) => {
    t.diagnostic(`DDR_FUZZ_SEED=${seed} DDR_FUZZ_RUNS=${runs} gives these inputs again`);
    assert.notEqual(fuzzed.read(fuzzed.example), undefined);
    let last = fuzzed.example;
    const property = fc.property(fuzzed.inputs, (input) => {
      last = input;
      check(fuzzed, input);
    });
    const limit = 60_000 + runs * 30;
    callWithin(
      limit,
      () => fc.assert(property, { numRuns: runs, seed }),
      () => `${limit} ms are over; the last input was, in base64, ${Buffer.from(last).toString('base64')}`,
    );
  });
}
