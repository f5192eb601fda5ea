import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceSchema } from '../../../../src/api/spec/source.ts';
import { openSourceFiles } from '../../../../src/trainer/data/openSourceFiles.ts';
import { createS3Client } from '../../../../src/trainer/s3/client.ts';
import { bytesOf, volumeOf } from '../../../helpers/data.ts';
import { fileServer } from '../../../helpers/httpFiles.ts';
import { s3ServerOfFile, skipS3 } from '../../../helpers/s3Server.ts';

const server = s3ServerOfFile();

test('the same files are the same wherever they are: on a volume, in a bucket, at URLs', {
  skip: skipS3,
}, async (t) => {
  const files = { 'd/a.tar': 'first', 'd/b/c.tar': 'second' };
  const web = await fileServer(t, files);
  const place = server().place();
  const client = createS3Client(place, server().credentials);
  for (const [key, content] of Object.entries(files)) await client.put(key, Buffer.from(content));
  const sources = [
    { volume: { claimName: 'data', path: 'd' } },
    { s3: { ...place, path: 'd' } },
    { s3: { ...place, prefix: `${place.prefix}/d` } },
    { http: { urls: [`${web.url}/d/a.tar`, `${web.url}/d/b/c.tar`] } },
  ];
  const access = { volume: volumeOf(t, files), credentials: server().credentials };
  for (const source of sources) {
    const opened = await openSourceFiles(sourceSchema.parse(source), access);
    const read: [string, number, string, string][] = [];
    for (const file of await opened.list()) {
      const part = Buffer.from(await opened.range(file, 1, 2)).toString();
      read.push([file.name, file.size, part, Buffer.from(await bytesOf(opened.stream(file))).toString()]);
    }
    assert.deepEqual(
      read,
      [
        ['a.tar', 5, 'ir', 'first'],
        ['b/c.tar', 6, 'ec', 'second'],
      ],
      opened.where,
    );
  }
});

test('a place is called by what the user wrote', async (t) => {
  const where = async (source: object, access: object = {}) =>
    (await openSourceFiles(sourceSchema.parse(source), access)).where;
  assert.equal(
    await where({ volume: { claimName: 'data', path: 'd' } }, { volume: volumeOf(t, { 'd/a': '' }) }),
    'data/d',
  );
  assert.equal(await where({ s3: { bucket: 'bucket', prefix: 'p', path: 'd' } }), 's3://bucket/p/d');
  assert.equal(await where({ http: { urls: ['http://a/b/c.tar'] } }), 'http://a/b/');
});

test('a bucket with a Secret is not read as somebody else', async () => {
  const source = sourceSchema.parse({ s3: { bucket: 'bucket', secretName: 'reader' } });
  await assert.rejects(openSourceFiles(source, {}), { code: 'InvalidTask', message: /Secret reader/ });
});
