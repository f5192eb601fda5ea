import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRun } from '../../../src/api/run.ts';
import { requireRunnable, secretVariable } from '../../../src/cli/preflight.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { minimalRun, withSpec } from '../../helpers/runs.ts';

const run = parseRun(minimalRun());

test('a run whose data is not there, or whose pods need a cluster, is refused before it starts', (t) => {
  const home = temporaryFolder(t);
  assert.throws(() => requireRunnable(run, new Map(), home, 'i', {}), {
    code: 'InputMissing',
    where: join(home, 'volumes/data/mnist'),
    hint: /--volume data=FOLDER/,
  });
  mkdirSync(join(home, 'volumes/data'), { recursive: true });
  writeFileSync(join(home, 'volumes/data/mnist'), '');
  requireRunnable(run, new Map(), home, 'i', {});
  const begins = parseRun(withSpec({ training: { warmStart: { volume: { claimName: 'other', path: 'unet' } } } }));
  assert.throws(() => requireRunnable(begins, new Map(), home, 'i', {}), {
    code: 'InputMissing',
    message: /spec\.training\.warmStart/,
    hint: /--volume other=FOLDER/,
  });
  const env = [{ name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
  const podTemplate = { spec: { containers: [{ name: 'trainer', env }] } };
  const needsSecret = parseRun(withSpec({ execution: { podTemplate } }));
  assert.throws(() => requireRunnable(needsSecret, new Map(), home, 'i', {}), {
    code: 'InvalidSpec',
    message: /env\[\d+\]\.valueFrom: a variable from another object is not to be had on this machine/,
  });
  const containers = [{ name: 'trainer', volumeMounts: [{ name: 'cache', mountPath: '/cache' }] }];
  const mountsNothing = parseRun(withSpec({ execution: { podTemplate: { spec: { containers } } } }));
  assert.throws(() => requireRunnable(mountsNothing, new Map(), home, 'i', {}), {
    code: 'InvalidSpec',
    message: 'there is no volume cache',
  });
});

test('what Secrets have is in the environment of this machine', (t) => {
  const home = temporaryFolder(t);
  const s3 = { bucket: 'data', secretName: 'reader' };
  const inBuckets = parseRun(
    withSpec({
      dataset: { source: { s3 }, format: 'Npy', image: { size: 28, channels: 1 } },
      checkpoints: { objectStore: { bucket: 'models', secretName: 'writer' } },
    }),
  );
  const of = (environment: NodeJS.ProcessEnv) => () => requireRunnable(inBuckets, new Map(), home, 'i', environment);
  const reader = { DDR_DATA_AWS_ACCESS_KEY_ID: 'a', DDR_DATA_AWS_SECRET_ACCESS_KEY: 'b' };
  assert.throws(of({ AWS_ACCESS_KEY_ID: 'a' }), {
    code: 'InvalidSpec',
    where: 'spec.dataset.source.s3.secretName',
    message: /AWS_SECRET_ACCESS_KEY not set/,
    hint: /Secret reader/,
  });
  assert.throws(of(reader), { where: 'spec.checkpoints.objectStore.secretName' });
  of({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' })();
  const both = { ...reader, AWS_ACCESS_KEY_ID: 'c', AWS_SECRET_ACCESS_KEY: '' };
  assert.throws(of(both), { where: 'spec.checkpoints.objectStore.secretName' });
  assert.equal(secretVariable(both, 'DDR_DATA_AWS_ACCESS_KEY_ID'), 'a');
  assert.equal(secretVariable(both, 'DDR_STORE_AWS_ACCESS_KEY_ID'), 'c');
});
