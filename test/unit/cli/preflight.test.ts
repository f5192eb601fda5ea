import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRun } from '../../../src/api/run.ts';
import { requireRunnable } from '../../../src/cli/preflight.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { minimalRun, withSpec } from '../../helpers/runs.ts';

const run = parseRun(minimalRun());

test('a run whose data is not there, or whose pods need a cluster, is refused before it starts', (t) => {
  const home = temporaryFolder(t);
  assert.throws(() => requireRunnable(run, new Map(), home, 'i'), {
    code: 'InputMissing',
    where: join(home, 'volumes/data/mnist'),
    hint: /--volume data=FOLDER/,
  });
  mkdirSync(join(home, 'volumes/data'), { recursive: true });
  writeFileSync(join(home, 'volumes/data/mnist'), '');
  requireRunnable(run, new Map(), home, 'i');
  const begins = parseRun(withSpec({ training: { warmStart: { volume: { claimName: 'other', path: 'unet' } } } }));
  assert.throws(() => requireRunnable(begins, new Map(), home, 'i'), {
    code: 'InputMissing',
    message: /spec\.training\.warmStart/,
    hint: /--volume other=FOLDER/,
  });
  const env = [{ name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
  const podTemplate = { spec: { containers: [{ name: 'trainer', env }] } };
  const needsSecret = parseRun(withSpec({ execution: { podTemplate } }));
  assert.throws(() => requireRunnable(needsSecret, new Map(), home, 'i'), {
    code: 'InvalidSpec',
    message: /env\[\d+\]\.valueFrom: a variable from another object is not to be had on this machine/,
  });
  const containers = [{ name: 'trainer', volumeMounts: [{ name: 'cache', mountPath: '/cache' }] }];
  const mountsNothing = parseRun(withSpec({ execution: { podTemplate: { spec: { containers } } } }));
  assert.throws(() => requireRunnable(mountsNothing, new Map(), home, 'i'), {
    code: 'InvalidSpec',
    message: 'there is no volume cache',
  });
});
