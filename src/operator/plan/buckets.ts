import type { V1EnvVar } from '@kubernetes/client-node';
import type { Run } from '../../api/run.ts';
import { type CredentialPurpose, credentialKeys, type S3Place } from '../../api/spec/s3.ts';
import { renderJson, type Task } from '../../api/task.ts';
import { mountsOf } from './steps.ts';

/** Credentials out of a Secret; none where the pod has an identity of its own. Their values are for the kubelet alone. */
const credentials = (purpose: CredentialPurpose, { secretName }: Pick<S3Place, 'secretName'>): V1EnvVar[] =>
  secretName === undefined
    ? []
    : credentialKeys.map(({ key, optional }) => ({
        name: `${purpose}_${key}`,
        valueFrom: { secretKeyRef: { name: secretName, key, ...(optional && { optional }) } },
      }));

/** Variables that tell a task's pod of buckets: where the store is, where it is one, and the credentials of what it uses. */
export function bucketVariables({ spec: { checkpoints, dataset } }: Run, task: Task): V1EnvVar[] {
  const { objectStore } = checkpoints;
  const { s3 } = dataset.source;
  return [
    ...(objectStore === undefined
      ? []
      : [{ name: 'DDR_STORE', value: renderJson(objectStore) }, ...credentials('DDR_STORE', objectStore)]),
    ...(s3 !== undefined && mountsOf(task).includes('data') ? credentials('DDR_DATA', s3) : []),
  ];
}

/** A Secret that a run names, and where. */
export interface NamedSecret {
  name: string;
  /** Path from the run. */
  path: string;
  purpose: CredentialPurpose;
}

const neededKeys = credentialKeys.filter(({ optional }) => !optional).map(({ key }) => key);

/** What to add to the kubelet's words where it misses a Secret of the run, or a key of it: `secret "s" not found`. */
export function secretRemedy(run: Run, message: string): string {
  if (!/\bsecret\b/i.test(message)) return '';
  const named = secretsOf(run).filter(({ name }) => message.split(/[\s"'/]+/).includes(name));
  if (named.length === 0) return '';
  return `. It is named in ${named.map(({ path }) => path).join(' and ')}, and has to have ${neededKeys.join(' and ')}; once it does, the pod starts by itself.`;
}

/** Secrets that pods of a run get credentials from. */
export function secretsOf({ spec: { checkpoints, dataset } }: Run): NamedSecret[] {
  const places = [
    ['DDR_DATA', 'spec.dataset.source.s3.secretName', dataset.source.s3?.secretName],
    ['DDR_STORE', 'spec.checkpoints.objectStore.secretName', checkpoints.objectStore?.secretName],
  ] as const;
  return places.flatMap(([purpose, path, name]) => (name === undefined ? [] : [{ name, path, purpose }]));
}
