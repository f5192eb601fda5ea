import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { type TarMember, tarMembers } from '../../../../../src/trainer/data/shards/tarMembers.ts';
import { allOf, shardFixture } from '../../../../helpers/sourceFiles.ts';

/** An archive in memory, and what is read of it. */
function archive(bytes: Uint8Array) {
  const file = {
    size: bytes.length,
    where: 'shard',
    read: 0,
    async range(offset: number, length: number) {
      assert.ok(offset >= 0 && offset + length <= bytes.length, 'reads within the file only');
      file.read += length;
      return bytes.subarray(offset, offset + length);
    },
  };
  return file;
}

const membersOf = (bytes: Uint8Array) => {
  const { size, where, range } = archive(bytes);
  return allOf(tarMembers({ size, where, read: range }));
};

const fixtures = JSON.parse(Buffer.from(shardFixture('members.json')).toString()) as Record<
  string,
  [name: string, kind: string, offset: number, size: number | null][]
>;

for (const [name, wanted] of Object.entries(fixtures)) {
  test(`${name} has the members that Python's tarfile finds`, async () => {
    const found = await membersOf(shardFixture(name));
    assert.deepEqual(
      found.map((member) => [Buffer.from(member.name).toString('hex').replace(/2f$/, ''), member.kind]),
      wanted.map(([hex, kind]) => [hex, kind]),
    );
    const plain = (kind: string) => kind === 'file';
    assert.deepEqual(
      found.filter(({ kind }) => plain(kind)).map(({ offset, size }) => [offset, size]),
      wanted.filter(([, kind]) => plain(kind)).map(([, , offset, size]) => [offset, size]),
    );
  });
}

interface Packed {
  name: string;
  content: Uint8Array;
}

async function packed(members: readonly Packed[]): Promise<Uint8Array> {
  const out = pack();
  for (const { name, content } of members) out.entry({ name, mtime: new Date(0) }, Buffer.from(content));
  out.finalize();
  return new Uint8Array(Buffer.concat((await allOf(out as AsyncIterable<Buffer>)) as Buffer[]));
}

const somePacked = fc.array(
  fc.record({
    name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 150 }).map((name) => `${name.replaceAll('\0', '')}.`),
    content: fc.uint8Array({ maxLength: 1500 }),
  }),
  { minLength: 1, maxLength: 8 },
);

test('whatever another library packs is found where it lies, and its content is not read', async () => {
  await fc.assert(
    fc.asyncProperty(somePacked, async (members) => {
      const bytes = await packed(members);
      const file = archive(bytes);
      const found = await allOf(tarMembers({ ...file, read: file.range }));
      assert.deepEqual(
        found.map(({ name, kind }) => [Buffer.from(name).toString(), kind]),
        members.map(({ name }) => [name, 'file']),
      );
      for (const [index, { offset, size }] of found.entries())
        assert.deepEqual(bytes.slice(offset, offset + size), Uint8Array.from(members[index]?.content ?? []));
      const contents = members.reduce((sum, { content }) => sum + content.length, 0);
      assert.ok(file.read <= bytes.length - contents);
    }),
    { numRuns: 50 },
  );
});

test('an archive that is cut off anywhere is refused, and never taken for a shorter one', async () => {
  await fc.assert(
    fc.asyncProperty(somePacked, fc.nat(), async (members, at) => {
      const bytes = await packed(members);
      const end = bytes.length - 1024; // where the two blocks of the end begin
      const cut = bytes.subarray(0, at % (end + 511));
      await assert.rejects(membersOf(cut), { code: 'InputTruncated' });
    }),
    { numRuns: 50 },
  );
  await assert.rejects(membersOf(new Uint8Array()), { code: 'InputTruncated', message: 'is empty' });
});

test('archives that were joined by cat are refused: readers would see the first of them', async () => {
  const bytes = await packed([{ name: 'a.png', content: new Uint8Array(10) }]);
  await assert.rejects(membersOf(new Uint8Array(Buffer.concat([bytes, bytes]))), {
    code: 'InputForeign',
    message: /goes on after the end/,
  });
});

test('a header that promises too much is refused before it is read', async () => {
  const bytes = shardFixture('pax.tar').slice();
  const size = Buffer.from('77777777777\0');
  bytes.set(size, 124);
  bytes.fill(0x20, 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  await assert.rejects(membersOf(bytes), { code: 'InputUnsafe' });
});

test('links have no content, whatever size they say', async () => {
  const found: TarMember[] = await membersOf(shardFixture('gnu.tar'));
  assert.deepEqual(
    found.filter(({ kind }) => kind === 'link').map(({ size }) => size),
    [0, 0],
  );
});
