import { labels } from '../../src/api/names.ts';
import type { Run } from '../../src/api/run.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { unreadData } from '../../src/operator/plan/identity.ts';
import { allChildren } from '../../src/operator/plan/render.ts';

/** The Jobs that train the models of a run, as the operator would create them. */
export const trainingJobs = (run: Run): KubeObject[] =>
  allChildren(run, unreadData, { trainerImage: 'simulated' }).filter(
    ({ metadata }) => metadata.labels?.[labels.component] === 'train',
  );
