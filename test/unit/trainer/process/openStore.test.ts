import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvironment } from '../../../../src/trainer/process/environment.ts';
import { openStore } from '../../../../src/trainer/process/openStore.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';
import { s3ServerOfFile, skipS3 } from '../../../helpers/s3Server.ts';

const server = s3ServerOfFile();
const open = (variables: Record<string, string>) => openStore(parseEnvironment(variables));
const bucket = JSON.stringify({ bucket: 'models', secretName: 'writer' });

test('a volume is a store', async (t) => {
  const store = await open({ DDR_RUN_DIR: temporaryFolder(t) });
  await store.commit('a/b', { x: 'text' });
  assert.deepEqual(await store.list('a/b'), ['x']);
});

test('a place in a bucket is a store', { skip: skipS3 }, async () => {
  const { credentials } = server();
  const store = await open({
    DDR_STORE: JSON.stringify({ ...server().place(), secretName: 'writer' }),
    DDR_STORE_AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    DDR_STORE_AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  });
  await store.commit('a/b', { x: 'text' });
  assert.deepEqual(await store.list('a/b'), ['x']);
});

test('neither, both, and a Secret without what is in it are refused', async () => {
  await assert.rejects(open({}), { code: 'InvalidTask', message: /one of DDR_RUN_DIR and DDR_STORE/ });
  await assert.rejects(open({ DDR_RUN_DIR: '/a', DDR_STORE: bucket }), { code: 'InvalidTask' });
  await assert.rejects(open({ DDR_STORE: bucket, DDR_STORE_AWS_ACCESS_KEY_ID: 'a' }), {
    code: 'InvalidTask',
    message: /Secret writer/,
    where: 'DDR_STORE_AWS_ACCESS_KEY_ID',
  });
});
