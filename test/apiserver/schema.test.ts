import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadAll } from 'js-yaml';
import { kind } from '../../src/api/names.ts';
import { parseRun } from '../../src/api/run.ts';
import type { Spec } from '../../src/api/spec/spec.ts';
import type { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { types } from '../../src/operator/types.ts';
import { minimalRun, withSpec } from '../helpers/runs.ts';
import { wrongRuns } from '../helpers/wrongRuns.ts';
import { installCrd } from './crd.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';

const inNamespace = (run: object) =>
  ({ ...run, metadata: { ...(run as KubeObject).metadata, namespace: 'default' } }) as KubeObject;

test('the API server', { skip }, async (t) => {
  let environment: Environment;
  let client: ApiClient;
  before(async () => {
    environment = await startEnvironment();
    client = environment.connect();
    await installCrd(client);
  });
  after(async () => {
    await client.close();
    await environment.stop();
  });

  await t.test('writes the defaults that zod writes', async () => {
    const stored = await client.create(types.run, inNamespace(minimalRun('defaults')));
    assert.deepEqual(stored.spec, parseRun(minimalRun()).spec);
  });

  for (const file of globSync('*.yaml', { cwd: join(import.meta.dirname, '../../examples') }).sort()) {
    await t.test(`accepts examples/${file}`, async () => {
      const documents = loadAll(
        readFileSync(join(import.meta.dirname, '../../examples', file), 'utf8'),
      ) as KubeObject[];
      for (const run of documents.filter((document) => document.kind === kind))
        await client.create(types.run, inNamespace(run));
    });
  }

  for (const { title, spec, field, says } of wrongRuns) {
    await t.test(`refuses ${title}`, async () => {
      // As kubectl does: a field that does not exist is an error, not dropped.
      await assert.rejects(client.create(types.run, inNamespace(withSpec(spec)), { strict: true }), (error: Error) => {
        assert.ok(error.message.includes(field), `${field} is not named in: ${error.message}`);
        assert.match(error.message, says);
        return true;
      });
    });
  }

  await t.test('accepts quantities as text, as whole numbers and as fractions', async () => {
    const limits = { cpu: 0.5, memory: 8_589_934_592, 'nvidia.com/gpu': 1, 'ephemeral-storage': '1e9' };
    await client.create(
      types.run,
      inNamespace({ ...withSpec({ execution: { resources: { limits } } }), metadata: { name: 'quantities' } }),
    );
  });

  await t.test('keeps an empty storage class and the access modes of a claim', async () => {
    const shared = { size: '1Gi', storageClassName: '', accessModes: ['ReadWriteOnce'] };
    const stored = await client.create(
      types.run,
      inNamespace({ ...withSpec({ checkpoints: { volume: { shared } } }), metadata: { name: 'claim' } }),
    );
    assert.deepEqual((stored.spec as Spec).checkpoints.volume?.shared, shared);
  });

  await t.test('takes data in buckets and at URLs, and fills in what zod fills in', async () => {
    const sources: Record<string, object> = {
      s3: { s3: { bucket: 'data', endpoint: 'http://minio:9000', secretName: 'reader' } },
      http: { http: { urls: ['https://data.example/{000000..000146}.tar?download=true', 'http://b/c.tar'] } },
    };
    for (const [name, source] of Object.entries(sources)) {
      const dataset = { source, format: 'Npy', image: { size: 28, channels: 1 } };
      const given = withSpec({ dataset, checkpoints: { objectStore: { bucket: 'models' } } });
      const stored = await client.create(types.run, inNamespace({ ...given, metadata: { name } }));
      assert.deepEqual(stored.spec, parseRun(given).spec);
    }
  });

  await t.test('lets a bucket be reached otherwise, and not be another', async () => {
    const objectStore = { bucket: 'models', prefix: 'team', endpoint: 'http://minio:9000' };
    const given = { ...withSpec({ checkpoints: { objectStore } }), metadata: { name: 'bucket' } };
    let run = await client.create(types.run, inNamespace(given));
    const replace = async (checkpoints: object) => {
      const spec = { ...(run.spec as object), checkpoints };
      run = await client.replace(types.run, { ...run, spec } as KubeObject);
    };
    await replace({ objectStore: { ...objectStore, secretName: 'writer', region: 'eu-central-1' } });
    for (const other of [{ bucket: 'others' }, { prefix: 'other' }, { endpoint: 'http://other:9000' }])
      await assert.rejects(replace({ objectStore: { ...objectStore, ...other } }), /objectStore.*cannot move/);
    await assert.rejects(replace({ objectStore: { bucket: 'models', prefix: 'team' } }), /cannot move/);
    await assert.rejects(replace({ volume: { shared: { size: '1Gi' } } }), /cannot move between/);
  });

  await t.test('refuses to move the claims of models while a run exists', async () => {
    const perModel = { size: '1Gi', storageClassName: 'fast', bundle: { size: '2Gi' } };
    const input = withSpec({ checkpoints: { volume: { perModel } } });
    let run = await client.create(types.run, inNamespace({ ...input, metadata: { name: 'apart' } }));
    const replace = async (change: object) => {
      const checkpoints = { volume: { perModel: { ...perModel, ...change } } };
      run = await client.replace(types.run, { ...run, spec: { ...(run.spec as object), checkpoints } } as KubeObject);
    };
    await replace({ whenBundled: 'Delete', whenDeleted: 'Delete' });
    await assert.rejects(replace({ size: '2Gi' }), /perModel\.size.*expand the claims themselves/);
    await assert.rejects(replace({ bundle: { size: '3Gi' } }), /bundle\.size.*expand the claim itself/);
    await assert.rejects(replace({ bundle: {} }), /bundle\.size/);
    await assert.rejects(replace({ storageClassName: 'slow' }), /storageClassName is that of the claims/);
    await assert.rejects(replace({ storageClassName: undefined }), /storageClassName is that of the claims/);
    const shared = { ...run, spec: { ...(run.spec as object), checkpoints: { volume: { shared: { size: '1Gi' } } } } };
    await assert.rejects(client.replace(types.run, shared as KubeObject), /cannot change between shared and perModel/);
  });

  await t.test('refuses a name that Jobs and their pods cannot have', async () => {
    for (const name of ['x'.repeat(41), 'my.run'])
      await assert.rejects(client.create(types.run, inNamespace(minimalRun(name))), /metadata\.name/);
  });

  await t.test('refuses what cannot be changed while a run exists', async () => {
    const { metadata, ...rest } = await client.create(types.run, inNamespace(withSpec({ cancel: true })));
    const spec = rest.spec as Record<string, unknown>;
    const replace = (change: object) =>
      client.replace(types.run, { ...rest, metadata, spec: { ...spec, ...change } } as KubeObject);
    await assert.rejects(replace({ cancel: false }), /spec\.cancel.*cannot be taken back/);
    await assert.rejects(
      replace({ checkpoints: { volume: { shared: { claimName: 'other' } } } }),
      /spec\.checkpoints\.volume\.shared.*cannot move/,
    );
    await assert.rejects(
      replace({ checkpoints: { volume: { shared: { size: '2Gi' } } } }),
      /spec\.checkpoints\.volume\.shared\.size.*expand the claim itself/,
    );
    await assert.rejects(
      replace({ checkpoints: { volume: { shared: { size: '1Gi', accessModes: ['ReadWriteOnce'] } } } }),
      /spec\.checkpoints\.volume\.shared\.accessModes.*cannot change/,
    );
    await assert.rejects(
      replace({ checkpoints: { volume: { shared: { size: '1Gi', storageClassName: '' } } } }),
      /spec\.checkpoints\.volume\.shared.*cannot move/,
    );
    // What stands for the same claim may be written out.
    const spelledOut = { volume: { shared: { size: '1Gi', accessModes: ['ReadWriteMany'] } } };
    await replace({ suspend: true, sampling: { count: 5 }, checkpoints: spelledOut });
  });
});
