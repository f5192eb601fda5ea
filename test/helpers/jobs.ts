import { unreadData } from '../../src/operator/plan/identity.ts';
import { allChildren } from '../../src/operator/plan/render.ts';
import { runOf, settings } from './simulation.ts';

/** What tests look at of a Job. */
export interface Job {
  kind: string;
  metadata: {
    name: string;
    labels: Record<string, string>;
    annotations?: object;
    ownerReferences: { uid: string; controller: boolean }[];
  };
  spec: {
    backoffLimit: number;
    completions?: number;
    parallelism?: number;
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        nodeSelector?: Record<string, string>;
        tolerations?: object[];
        automountServiceAccountToken: boolean;
        securityContext: { runAsNonRoot: boolean };
        volumes: { name: string }[];
        containers: {
          name: string;
          image: string;
          args: string[];
          env: { name: string; value: string }[];
          resources: { limits?: Record<string, string> };
          securityContext: { readOnlyRootFilesystem: boolean };
          volumeMounts: { mountPath: string; readOnly?: boolean }[];
        }[];
      };
    };
  };
}

/** The Jobs of a run in the order of the steps. @param spec fields beside the least that has to be there */
export function jobsOf(spec: Record<string, unknown>): Job[] {
  return allChildren(runOf(spec), unreadData, settings).filter(({ kind }) => kind === 'Job') as unknown as Job[];
}
