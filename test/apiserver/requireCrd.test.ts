import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { load } from 'js-yaml';
import { customResourceDefinition } from '../../src/api/crd.ts';
import { DdrError } from '../../src/api/errors.ts';
import type { ApiClient } from '../../src/operator/kube/apiClient.ts';
import { systemClock } from '../../src/operator/kube/clock.ts';
import { requireCrd } from '../../src/operator/requireCrd.ts';
import { installCrd } from './crd.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';

const released = join(import.meta.dirname, '../fixtures/crd-0.1.0.yaml');

test('the CRD that an operator finds', { skip }, async (t) => {
  let environment: Environment;
  let client: ApiClient;
  before(async () => {
    environment = await startEnvironment();
    client = environment.connect();
  });
  after(async () => {
    await client.close();
    await environment.stop();
  });
  const codeOf = () =>
    requireCrd(client, systemClock, undefined).then(
      () => undefined,
      (error: unknown) => (error instanceof DdrError ? [error.code, error.message] : [String(error)]),
    );

  await t.test('none', async () => {
    assert.equal((await codeOf())?.[0], 'CrdMissing');
  });

  await t.test('that of the last release', async () => {
    await installCrd(client, load(readFileSync(released, 'utf8')) as object);
    const [code, message = ''] = (await codeOf()) ?? [];
    assert.equal(code, 'CrdOutdated');
    assert.match(message, /lacks spec\.dataset\.source\.s3, .* and \d+ more/);
  });

  await t.test('that of this version, applied over the old one while the operator looks', async () => {
    const [found] = await Promise.all([codeOf(), installCrd(client, customResourceDefinition())]);
    assert.equal(found, undefined);
  });
});
