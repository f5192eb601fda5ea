import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyOf, type Sample, samplesOf } from '../../../../../src/trainer/data/shards/samples.ts';
import type { TarMember } from '../../../../../src/trainer/data/shards/tarMembers.ts';
import { allOf } from '../../../../helpers/sourceFiles.ts';

const bytes = (name: string) => new Uint8Array(Buffer.from(name));
const member = (name: string, kind: TarMember['kind'] = 'file'): TarMember => ({
  kind,
  name: bytes(name),
  offset: 512,
  size: 1,
});

async function grouped(members: readonly TarMember[]) {
  const others: string[] = [];
  async function* all() {
    yield* members;
  }
  const samples = await allOf(samplesOf(all(), 'shard', (name) => others.push(Buffer.from(name).toString())));
  return { samples: samples.map(({ key, members }: Sample) => [key, ...members.keys()]), others };
}

test('a key is all up to the first dot of the file, as the webdataset library has it', () => {
  const cases: Record<string, [string, string] | undefined> = {
    'a.png': ['a', 'png'],
    'a.seg.PNG': ['a', 'seg.png'],
    'v1.2/b/c.tar.gz': ['v1.2/b/c', 'tar.gz'],
    './a.jpg': ['./a', 'jpg'],
    '/abs/a.jpg': ['/abs/a', 'jpg'],
    '../../up.jpg': ['../../up', 'jpg'],
    'line\nbreak.jpg': ['line\nbreak', 'jpg'],
    'a.': ['a', ''],
    README: undefined,
    'folder.d/README': undefined,
    '.hidden.png': undefined,
    'a/._b.png': undefined,
    '.git/b.png': undefined,
    '__MACOSX/b.png': undefined,
    '__index__/b.png': undefined,
    '__key__.png': ['__key__', 'png'],
  };
  for (const [name, wanted] of Object.entries(cases)) {
    const found = keyOf(bytes(name));
    assert.deepEqual(found && [found.key, found.suffix], wanted, name);
  }
});

test('names need not be text', () => {
  assert.deepEqual(keyOf(Uint8Array.of(0xff, 0x2e, 0x61)), { key: 'ÿ', suffix: 'a' });
});

test('members with one key after the other are a sample', async () => {
  const { samples, others } = await grouped([
    member('folder/', 'folder'),
    member('__meta__'),
    member('a.png'),
    member('a.cls'),
    member('._b.png'),
    member('b.png'),
    member('notes'),
    member('b.cls'),
    member('c.png', 'link'),
    member('d/c.png'),
  ]);
  assert.deepEqual(samples, [
    ['a', 'png', 'cls'],
    ['b', 'png', 'cls'],
    ['d/c', 'png'],
  ]);
  assert.deepEqual(others, ['notes', 'c.png']);
});

test('two members of one suffix in a sample are refused, and so is one without its zeros', async () => {
  await assert.rejects(grouped([member('a.png'), member('a.PNG')]), { code: 'InputForeign', where: 'shard: a.PNG' });
  await assert.rejects(grouped([member('a.png', 'sparse')]), { code: 'InputForeign', hint: /without --sparse/ });
});

test('every member is in the sample of its key, or told of, or hidden', async () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', '_', '/', 'é'), minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(part, { maxLength: 12 }), async (names) => {
      const { samples, others } = await grouped(names.map((name) => member(name)));
      const inSamples = samples.flatMap(([key, ...suffixes]) =>
        suffixes.map((suffix) => Buffer.from(`${key}.${suffix}`, 'latin1').toString().toLowerCase()),
      );
      const visible = names.filter(
        (name) => !/(^|\/)\.[^/]*[^./]|(^|\/)\.\.\./.test(name) && !/^__[^/]*__($|\/)/.test(name),
      );
      assert.deepEqual([...inSamples, ...others].sort(), visible.sort());
    }),
    { numRuns: 300 },
  );
});
