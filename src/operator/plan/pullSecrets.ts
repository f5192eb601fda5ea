import type { V1PodTemplateSpec } from '@kubernetes/client-node';

/** A template whose pods pull their image with the Secrets of these names; the same template where there are none. */
export function withPullSecrets(template: V1PodTemplateSpec, names: readonly string[] = []): V1PodTemplateSpec {
  if (names.length === 0 || template.spec === undefined) return template;
  return { ...template, spec: { ...template.spec, imagePullSecrets: names.map((name) => ({ name })) } };
}
