import { z } from 'zod';
import { isObject, type Json } from '../objects.ts';
import { ownNameProblems } from './ownNames.ts';
import { containerResourceProblems } from './podContainers.ts';
import { podTemplateProblems } from './podTypes.ts';
import type { Problem } from './problems.ts';

/** A PodTemplateSpec of which any part may be left out; {@link podTemplateSchema} has looked at what is there. */
export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string>; [field: string]: unknown };
  spec?: Json;
  [field: string]: unknown;
}

/** Resources of containers, where they are what their type says. */
function resourceProblemsOf(template: unknown): Problem[] {
  const spec = isObject(template) && isObject(template.spec) ? template.spec : {};
  return ['containers', 'initContainers'].flatMap((list) =>
    (Array.isArray(spec[list]) ? spec[list] : []).flatMap((container: unknown, i) =>
      isObject(container)
        ? containerResourceProblems(container).map(({ path, message }) => ({
            path: ['spec', list, i, ...path],
            message,
          }))
        : [],
    ),
  );
}

function problemsOf(template: unknown): Problem[] {
  const problems = podTemplateProblems(template);
  return [...problems, ...ownNameProblems(template), ...(problems.length > 0 ? [] : resourceProblemsOf(template))];
}

/** Kubernetes' own schema is too large to embed (argo-cd#11074): the API server takes anything, and the operator looks at it. */
export const podTemplateSchema: z.ZodType<PodTemplate, PodTemplate> = z
  .looseObject({})
  .superRefine((template, context) => {
    for (const { path, message } of problemsOf(template)) context.addIssue({ code: 'custom', message, path });
  })
  .meta({ 'x-kubernetes-preserve-unknown-fields': true })
  .describe(
    'A PodTemplate that is merged into every pod as Kubernetes merges patches: containers are matched by name (ours is called "trainer"), null removes a field, and one kind of probe or volume replaces another. Unknown fields, and names that the operator sets itself, are refused.',
  );
