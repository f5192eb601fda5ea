// Asks npm's registry for advisories against the packages of the lock file, and fails for one that docs/audit.json has no word on.
// A registry that keeps no advisories, as mirrors do, is no failure: then this says that it could not ask.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');

/** What somebody has looked at, and why it does not reach us. */
export const reviewedSchema = z.array(
  z.strictObject({
    package: z.string(),
    /** Advisories by their names, such as GHSA-23hp-3jrh-7fpw; or all, where nothing of the package ever runs. */
    advisories: z.union([z.literal('all'), z.array(z.string().regex(/^GHSA(-[0-9a-z]{4}){3}$/)).min(1)]),
    why: z.string().min(20),
    reviewed: z.iso.date(),
  }),
);
export type Reviewed = z.output<typeof reviewedSchema>;

const advisorySchema = z.object({ name: z.string(), title: z.string(), url: z.string(), severity: z.string() });
/** A package is named for an advisory of its own, and by its name for one that it depends on. */
const reportSchema = z.object({
  vulnerabilities: z.record(z.string(), z.object({ via: z.array(z.union([z.string(), advisorySchema])) })),
});

export interface Advisory {
  id: string;
  package: string;
  text: string;
}

/** Advisories of what `npm audit --json` writes; undefined where the registry did not give any answer. */
export function advisoriesOf(output: string): Advisory[] | undefined {
  let report: unknown;
  try {
    report = JSON.parse(output);
  } catch {
    return undefined;
  }
  const { data } = reportSchema.safeParse(report);
  const found = Object.values(data?.vulnerabilities ?? {}).flatMap(({ via }) =>
    via.flatMap((cause) => {
      if (typeof cause === 'string') return [];
      const { name, title, url, severity } = cause;
      return [{ id: url.slice(url.lastIndexOf('/') + 1), package: name, text: `${severity}: ${title} (${url})` }];
    }),
  );
  return data && [...new Map(found.map((advisory) => [advisory.id, advisory])).values()];
}

const covers = (entry: Reviewed[number], advisory: Advisory): boolean =>
  entry.package === advisory.package && (entry.advisories === 'all' || entry.advisories.includes(advisory.id));

/** Those that nobody has looked at. */
export const unreviewed = (advisories: readonly Advisory[], reviewed: Reviewed): Advisory[] =>
  advisories.filter((advisory) => !reviewed.some((entry) => covers(entry, advisory)));

if (import.meta.main) {
  const reviewed = reviewedSchema.parse(JSON.parse(readFileSync(join(root, 'docs/audit.json'), 'utf8')));
  const args = ['audit', '--json', '--audit=true', '--fetch-retries=0', '--fetch-timeout=30000'];
  const { stdout } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  const advisories = advisoriesOf(stdout ?? '');
  if (advisories === undefined) {
    console.log('audit: nothing was asked: this registry keeps no advisories, or cannot be reached');
  } else {
    const left = unreviewed(advisories, reviewed);
    for (const { package: name, text } of left) console.error(`audit: ${name}: ${text}`);
    console.log(`audit: ${advisories.length} advisories, ${left.length} that docs/audit.json has no word on`);
    if (left.length > 0) process.exitCode = 1;
  }
}
