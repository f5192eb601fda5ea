import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRun } from '../../../src/api/run.ts';
import { recordData, requireSameData } from '../../../src/cli/dataFolders.ts';
import { withSpec } from '../../helpers/runs.ts';
import { temporaryFolder } from '../../helpers/trainer.ts';

test('other data under the same name are refused in the same home; the same data are not, by whatever path', (t) => {
  const root = temporaryFolder(t);
  const run = parseRun(withSpec({}));
  const { claimName, path } = run.spec.dataset.source.volume;
  for (const folder of ['digits', 'clothes']) mkdirSync(join(root, folder, path), { recursive: true });
  symlinkSync(join(root, 'digits'), join(root, 'link'));
  const volumes = (folder: string) => new Map([[claimName, join(root, folder)]]);
  const home = join(root, 'home');
  requireSameData(run, volumes('digits'), home);
  recordData(run, volumes('digits'), home);
  requireSameData(run, volumes('link'), home);
  assert.throws(() => requireSameData(run, volumes('clothes'), home), { code: 'InputMismatch' });
  requireSameData(run, volumes('clothes'), join(root, 'another'));
  writeFileSync(join(home, `${run.metadata.name}.data.json`), '{');
  requireSameData(run, volumes('clothes'), home);
});
