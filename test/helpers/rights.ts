import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/operator/kube/client.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

interface Binding extends KubeObject {
  roleRef: { kind: string; name: string };
  subjects: { kind: string; name: string; namespace?: string }[];
}

export interface Right {
  /** Where it holds; all namespaces where undefined. */
  namespace: string | undefined;
  verb: string;
  /** With group and subresource, such as `batch/jobs` or `pods/exec`. */
  resource: string;
  /** The one object that it holds for. */
  name: string | undefined;
}

export const resourceOf = (group: string, resource: string): string =>
  group === '' ? resource : `${group}/${resource}`;

/** A right in a line, such as "update coordination.k8s.io/leases ddr-operator". */
export const describeRight = ({ verb, resource, name }: Omit<Right, 'namespace'>): string =>
  [verb, resource, name].filter((part) => part !== undefined).join(' ');

function rightsOfRole(role: KubeObject & { rules?: Rule[] }, namespace: string | undefined): Right[] {
  return (role.rules ?? []).flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) =>
          verbs.map((verb) => ({ namespace, verb, resource: resourceOf(group, resource), name })),
        ),
      ),
    ),
  );
}

/** What objects of a chart let a service account do, by the roles that are bound to it. */
export function rightsOf(objects: readonly KubeObject[], account: string): Right[] {
  const bindings = objects.filter(({ kind }) => kind.endsWith('RoleBinding')) as Binding[];
  return bindings
    .filter(({ subjects }) => subjects.some(({ kind, name }) => kind === 'ServiceAccount' && name === account))
    .flatMap(({ kind, metadata: { namespace }, roleRef }) => {
      const role = objects.find(
        (object) =>
          object.kind === roleRef.kind &&
          object.metadata.name === roleRef.name &&
          (roleRef.kind === 'ClusterRole' || object.metadata.namespace === namespace),
      );
      assert.ok(role !== undefined, `the chart has no ${roleRef.kind} ${roleRef.name}`);
      return rightsOfRole(role, kind === 'ClusterRoleBinding' ? undefined : namespace);
    });
}
