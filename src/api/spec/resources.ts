import { z } from 'zod';
import { anyQuantity, billionthsOf } from '../quantity.ts';

const lists = ['limits', 'requests'] as const;
type Lists = { [list in (typeof lists)[number]]?: Record<string, string> | undefined };

/** A finding about one resource. */
export interface ResourceProblem {
  path: [list: (typeof lists)[number], name: string];
  message: string;
}

/** What every container may ask for by its bare name. */
const standard = ['cpu', 'memory', 'ephemeral-storage'];
const qualifiedName = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$/;

const isHugePages = (name: string) => name.startsWith('hugepages-');
/** Resources with a domain of their own, such as nvidia.com/gpu; they are counted, and cannot be overcommitted. */
const isExtended = (name: string) => name.includes('/') && !/(^|\.)kubernetes\.io\//.test(name);

function nameProblem(name: string): string | undefined {
  if (standard.includes(name) || isHugePages(name)) return undefined;
  if (!name.includes('/'))
    return `is no resource of a container: it is one of ${standard.join(', ')}, or has a domain, such as nvidia.com/gpu`;
  if (name.startsWith('requests.') || !qualifiedName.test(name)) return 'is not the name of a resource';
  return undefined;
}

const isWhole = (quantity: string): boolean => billionthsOf(quantity) % 1_000_000_000n === 0n;

function amountProblem(name: string, request: string, limit: string | undefined): string | undefined {
  const countable = isExtended(name) || isHugePages(name);
  if (limit === undefined) {
    return countable ? `needs a limit of the same: limits: {${name}: ${request}} is enough` : undefined;
  }
  const [asked, allowed] = [billionthsOf(request), billionthsOf(limit)];
  if (countable && asked !== allowed) return `must be equal to its limit of ${limit}`;
  return asked > allowed ? `must not exceed its limit of ${limit}` : undefined;
}

/** What a Job with these resources would be refused for (validation of ResourceRequirements in Kubernetes). */
export function resourceProblems(resources: Lists): ResourceProblem[] {
  const entries = lists.flatMap((list) =>
    Object.entries(resources[list] ?? {}).map(([name, quantity]) => ({ list, name, quantity })),
  );
  const found = entries.flatMap(({ list, name, quantity }): ResourceProblem[] => {
    const message =
      nameProblem(name) ??
      (isExtended(name) && !isWhole(quantity) ? 'must be a whole number: such a resource is not divided' : undefined) ??
      (list === 'requests' ? amountProblem(name, quantity, resources.limits?.[name]) : undefined);
    return message === undefined ? [] : [{ path: [list, name], message }];
  });
  const hugePages = entries.find(({ name }) => isHugePages(name));
  if (hugePages === undefined || entries.some(({ name }) => name === 'cpu' || name === 'memory')) return found;
  return [...found, { path: [hugePages.list, hugePages.name], message: 'huge pages need cpu or memory beside them' }];
}

const resourceList = z.record(z.string().max(253), anyQuantity);

export const resourcesSchema = z
  .strictObject({
    limits: resourceList.optional().describe('Limits by resource name, such as nvidia.com/gpu or memory.'),
    requests: resourceList
      .optional()
      .describe('Requests by resource name; at most its limit, and equal to it where a resource is only counted.'),
  })
  // The API server takes fractions only in fields without a type, and has no rules for those: it says so of the Jobs.
  .superRefine((resources, context) => {
    for (const { path, message } of resourceProblems(resources)) context.addIssue({ code: 'custom', message, path });
  })
  .describe(
    'Resources of training and sampling pods. Aggregation and evaluation get the same without extended resources such as GPUs.',
  );

export type Resources = z.output<typeof resourcesSchema>;
