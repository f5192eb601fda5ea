import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBundled } from '../../../../src/operator/plan/bundled.ts';
import { addressesOf, modelPlans, unreadData } from '../../../../src/operator/plan/identity.ts';
import { runOf } from '../../../helpers/simulation.ts';

test('a bundle is published where the one that is wanted is, and no other', () => {
  const run = runOf();
  const addresses = addressesOf(run.spec, modelPlans(run.spec), unreadData);
  const at = (address: string) => ({ path: `runs/digits/bundles/${address}`, digest: 'd' });
  assert.deepEqual(
    [undefined, at('other'), at(addresses.bundle)].map((bundle) => isBundled(run, bundle, addresses)),
    [false, false, true],
  );
});
