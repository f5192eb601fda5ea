import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { group, plural } from '../../api/names.ts';
import { ApiError } from '../../operator/kube/client.ts';

/** A rule of a Role, with what it is for. */
export interface Rule {
  apiGroup: string;
  resource: string;
  verbs: string[];
}

/** What reading results off a claim needs. Servers ask for `get`, `create` or both where a WebSocket runs a command. */
export const claimRules: Rule[] = [
  { apiGroup: group, resource: plural, verbs: ['get'] },
  { apiGroup: 'batch', resource: 'jobs', verbs: ['list'] },
  { apiGroup: '', resource: 'persistentvolumeclaims', verbs: ['get'] },
  { apiGroup: '', resource: 'pods', verbs: ['get', 'list', 'create', 'delete'] },
  { apiGroup: '', resource: 'pods/exec', verbs: ['get', 'create'] },
];

/** What reading results out of an object store needs of the cluster. */
export const runRules: Rule[] = claimRules.slice(0, 1);

/** What it asks a cluster. */
export interface Asker {
  ask(path: string, body: unknown): Promise<unknown>;
}

const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Whether one may. A server that does not say is asked for the thing itself. */
async function mayBe(client: Asker, namespace: string, { apiGroup, resource }: Rule, verb: string): Promise<boolean> {
  const [name = '', subresource = ''] = resource.split('/');
  const resourceAttributes = { namespace, verb, group: apiGroup, resource: name, subresource };
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  try {
    return reviewSchema.parse(await client.ask(reviews, review)).status.allowed;
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return true;
    throw error;
  }
}

/** A rule as a Role has it. */
export const describeRule = ({ apiGroup, resource, verbs }: Rule): string =>
  `{apiGroups: ["${apiGroup}"], resources: [${resource}], verbs: [${verbs.join(', ')}]}`;

/**
 * Asks for all rights before anything is made.
 * @throws DdrError AccessDenied with the rules that are missing
 */
export async function requireRights(client: Asker, namespace: string, rules: readonly Rule[]): Promise<void> {
  const missing = await Promise.all(
    rules.map(async (rule): Promise<Rule[]> => {
      const allowed = await Promise.all(rule.verbs.map((verb) => mayBe(client, namespace, rule, verb)));
      const verbs = rule.verbs.filter((_, i) => allowed[i] === false);
      return verbs.length === 0 ? [] : [{ ...rule, verbs }];
    }),
  );
  const denied = missing.flat();
  if (denied.length === 0) return;
  throw new DdrError('AccessDenied', 'you may not do what reading the results needs', {
    where: `namespace ${namespace}`,
    hint: `Ask for a Role there with ${denied.map(describeRule).join(', ')}.`,
  });
}
