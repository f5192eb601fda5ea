import { after, before } from 'node:test';
import type { ApiServer } from '../../src/operator/kube/apiServer.ts';
import { testCluster } from '../helpers/clusterBehaviour.ts';
import { installCrd } from './crd.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';

let environment: Environment;
let cluster: ApiServer;

before(async () => {
  if (skip !== false) return;
  environment = await startEnvironment();
  cluster = environment.connect();
  await installCrd(cluster);
});
after(async () => {
  if (skip !== false) return;
  await cluster.close();
  await environment.stop();
});

testCluster(() => cluster, skip);
