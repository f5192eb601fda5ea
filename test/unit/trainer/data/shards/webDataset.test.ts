import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pack } from 'tar-stream';
import { noFindings } from '../../../../../src/trainer/data/findings.ts';
import { webDataset } from '../../../../../src/trainer/data/shards/webDataset.ts';
import { datasetOf } from '../../../../helpers/data.ts';
import { allOf, fileOf, memoryFiles, shardFixture } from '../../../../helpers/sourceFiles.ts';

async function tarOf(members: Record<string, string | Uint8Array>): Promise<Uint8Array> {
  const out = pack();
  for (const [name, content] of Object.entries(members)) out.entry({ name }, Buffer.from(content));
  out.finalize();
  return new Uint8Array(Buffer.concat((await allOf(out as AsyncIterable<Buffer>)) as Buffer[]));
}

async function entriesOf(bytes: Uint8Array, fields: object = {}, name = 'a.tar') {
  const files = memoryFiles({ [name]: bytes });
  const findings = noFindings();
  const file = await fileOf(files, name);
  const shard = await webDataset.open(files, file, datasetOf('WebDataset', '', fields), findings);
  return { entries: await allOf(shard.entries()), shard, findings, files };
}

const classes = (from: string, field?: string) => ({ labels: { classes: 3, from, ...(field && { field }) } });

test('shards of the webdataset library have their images where its entries say, with their labels', async () => {
  const bytes = shardFixture('digits-000001.tar');
  const { entries, shard, findings } = await entriesOf(bytes, classes('Cls'));
  assert.deepEqual(
    entries.map(({ name, label }) => [name, label]),
    [
      ['memory: a.tar: train/0003.png', 0],
      ['memory: a.tar: train/0004.npy', 1],
      ['memory: a.tar: train/0005.png', 2],
    ],
  );
  const images = await Promise.all(
    entries.map((entry) => shard.extract(bytes.subarray(entry.offset, entry.offset + entry.length), entry)),
  );
  assert.deepEqual(
    images.map((image) => (image.kind === 'encoded' ? Buffer.from(image.bytes).toString('latin1', 1, 4) : image.array)),
    ['PNG', { shape: [4, 4], data: Uint8Array.from({ length: 16 }, (_, i) => 80 + i) }, 'PNG'],
  );
  assert.equal(findings.leftOut.count, 0, 'labels and texts are known');
});

test('labels may be in a field of the .json', async () => {
  const bytes = shardFixture('digits-000000.tar');
  const labels = async (field?: string) =>
    (await entriesOf(bytes, classes('Json', field))).entries.map(({ label }) => label);
  assert.deepEqual(await labels(), [0, 1, 2]);
  assert.deepEqual(await labels('of.class'), [2, 2, 2]);
  await assert.rejects(labels('gone'), { code: 'InputForeign', where: 'memory: a.tar: train/0000.png' });
});

test('an image without its label is refused with the likely reason', async () => {
  const bytes = await tarOf({ 'a.png': 'x', 'b.png': 'y', 'a.cls': '1', 'b.cls': '2' });
  await assert.rejects(entriesOf(bytes, classes('Cls')), { code: 'InputMismatch', hint: /--sort=name/ });
  assert.equal((await entriesOf(bytes)).entries.length, 2);
});

test('what is no image is told of: members of other suffixes, and samples without one', async () => {
  const { entries, findings } = await entriesOf(
    await tarOf({
      'a.jpg': 'x',
      'a.mask.png': 'm',
      'a.txt': 't',
      'b.txt': 't',
      'c.mp4': 'v',
      readme: 'r',
      '.DS_Store': '',
    }),
  );
  assert.equal(entries.length, 1);
  assert.deepEqual(findings.leftOut.examples.sort(), ['a.mask.png', 'b.txt', 'c.mp4', 'readme']);
});

test('of several images in a sample the spec says which', async () => {
  const bytes = await tarOf({ 'a.jpg': 'x', 'a.png': 'y', 'a.left.png': 'z' });
  await assert.rejects(entriesOf(bytes), { code: 'InputForeign', hint: /dataset.field/ });
  for (const [field, content] of [
    ['PNG', 'y'],
    ['left.png', 'z'],
  ] as const) {
    const { entries } = await entriesOf(bytes, { field });
    assert.deepEqual(
      entries.map(({ offset, length }) => Buffer.from(bytes.subarray(offset, offset + length)).toString()),
      [content],
    );
  }
});

test('a shard is one by its name; a compressed one is refused with what to do', async () => {
  assert.deepEqual(['a.tar', 'b/A.TAR', 'a.tar.gz', 'a.tgz', 'a.tar.json', 'tar', 'a.zip'].filter(webDataset.isShard), [
    'a.tar',
    'b/A.TAR',
    'a.tar.gz',
    'a.tgz',
  ]);
  await assert.rejects(entriesOf(new Uint8Array(512), {}, 'a.tar.gz'), { code: 'InputForeign', hint: /gunzip/ });
});

test('members that no image or label could be of are refused before they are read', async () => {
  const bytes = await tarOf({ 'a.png': 'x', 'a.cls': ' '.repeat(2 ** 20 + 1) });
  await assert.rejects(entriesOf(bytes, classes('Cls')), { code: 'InputUnsafe' });
});
