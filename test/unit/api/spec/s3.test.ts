import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressingOf, describeS3, s3PlaceSchema } from '../../../../src/api/spec/s3.ts';

const parsed = (place: object) => s3PlaceSchema.parse({ bucket: 'data', ...place });
const refused = (place: object) => assert.equal(s3PlaceSchema.safeParse({ bucket: 'data', ...place }).success, false);

test('a bucket is enough', () => {
  assert.deepEqual(parsed({}), { bucket: 'data', prefix: '', region: 'us-east-1' });
});

test('a server of one’s own is addressed by path, Amazon by virtual host, unless said otherwise', () => {
  assert.equal(addressingOf(parsed({})), 'VirtualHost');
  assert.equal(addressingOf(parsed({ endpoint: 'http://minio:9000' })), 'Path');
  assert.equal(addressingOf(parsed({ endpoint: 'http://minio:9000', addressing: 'VirtualHost' })), 'VirtualHost');
});

test('an endpoint is http or https, and has no credentials, query or fragment', () => {
  for (const endpoint of ['http://127.0.0.1:7070', 'https://[::1]:9000', 'https://x.example/storage/v1/s3/'])
    assert.equal(parsed({ endpoint }).endpoint, endpoint);
  for (const endpoint of ['minio:9000', 'file:///etc', 'https://me:secret@minio', 'https://minio/?a=b', 'http://a/#b'])
    refused({ endpoint });
});

test('a bucket has a name, and a prefix stays inside it', () => {
  for (const bucket of ['', 'ab', 'Data', 'a/b', '-abc', 'a'.repeat(64)]) refused({ bucket });
  for (const prefix of ['/a', 'a/../../b', '..']) refused({ prefix });
  refused({ region: '' });
  refused({ secretName: 'Not_A_Name' });
});

test('a place is shown as people write it', () => {
  assert.equal(describeS3(parsed({ prefix: 'mnist/train' })), 's3://data/mnist/train');
  assert.equal(describeS3(parsed({})), 's3://data');
});
