import { after, before } from 'node:test';
import type { ApiClient } from '../../src/operator/kube/apiClient.ts';
import { testClient } from '../helpers/clientBehaviour.ts';
import { installCrd } from './crd.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';

let environment: Environment;
let client: ApiClient;

before(async () => {
  if (skip !== false) return;
  environment = await startEnvironment();
  client = environment.connect();
  await installCrd(client);
});
after(async () => {
  if (skip !== false) return;
  await client.close();
  await environment.stop();
});

testClient(() => client, skip);
