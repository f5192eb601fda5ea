import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { claimFolder, startLocalCluster } from '../../../src/local/localCluster.ts';
import { systemClock } from '../../../src/operator/kube/clock.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { silent } from '../../helpers/manualClock.ts';

test('a claim is the folder that was given for it, or one below the home', () => {
  const volumes = new Map([['data', '/mnt/data']]);
  assert.equal(claimFolder('/home', volumes, 'data'), '/mnt/data');
  assert.equal(claimFolder('/home', volumes, 'run'), '/home/volumes/run');
});

test('a claim’s folder is made when it is asked for', async (t) => {
  const home = temporaryFolder(t);
  const local = startLocalCluster({
    clock: systemClock,
    random: Math.random,
    logger: silent,
    home,
    volumes: new Map(),
    commandOf: () => [],
    capacity: 1,
  });
  t.after(() => local.stop());
  assert.equal(existsSync(join(home, 'volumes/run')), false);
  assert.equal(local.folderOf('run'), join(home, 'volumes/run'));
  assert.ok(existsSync(join(home, 'volumes/run')));
  assert.equal(local.logOf('pod'), join(home, 'logs/pod.log'));
});
