import { customResourceDefinition } from '../api/crd.ts';
import { DdrError } from '../api/errors.ts';
import { isObject, type Json } from '../api/objects.ts';
import type { ApiClient } from './kube/apiClient.ts';
import { apiVersionOf, isApiError } from './kube/client.ts';
import { type Clock, sleep } from './kube/clock.ts';
import { types } from './types.ts';

const name = `${types.run.plural}.${types.run.group}`;

/** Looks at a CRD, a second apart, before it counts as old: a server publishes a new one a moment after it has taken it. */
const looks = 10;

/** Fields that are named at most. */
const most = 3;

const objectOf = (value: unknown): Json => (isObject(value) ? value : {});

/**
 * What a schema has not of another: fields, and words of fields that have a choice of them. Each by its path.
 * @param wanted a structural schema
 * @param served the same of another version
 */
export function missingIn(served: Json, wanted: Json, path = ''): string[] {
  const words = Array.isArray(wanted.enum) && Array.isArray(served.enum) ? wanted.enum : [];
  const missing = words
    .filter((word) => !(served.enum as unknown[]).includes(word))
    .map((word) => `${path} ${String(word)}`);
  const fields = Object.entries(objectOf(wanted.properties)).flatMap(([field, schema]) => {
    const here = path === '' ? field : `${path}.${field}`;
    const theirs = objectOf(served.properties)[field];
    return theirs === undefined ? [here] : missingIn(objectOf(theirs), objectOf(schema), here);
  });
  const entries = isObject(wanted.items) ? missingIn(objectOf(served.items), wanted.items, `${path}[]`) : [];
  return [...missing, ...fields, ...entries];
}

/** The schema of runs that a server publishes, which everybody who may log in can read; undefined while it has none. */
async function servedSchema(client: Pick<ApiClient, 'raw'>): Promise<Json | undefined> {
  try {
    const document = objectOf(await client.raw(`/openapi/v3/apis/${apiVersionOf(types.run)}`));
    const schemas = Object.values(objectOf(objectOf(document.components).schemas)).map(objectOf);
    return schemas.find(({ 'x-kubernetes-group-version-kind': kinds }) =>
      Array.isArray(kinds) ? kinds.some((each) => objectOf(each).kind === types.run.kind) : false,
    );
  } catch (error) {
    if (isApiError(error, 403) || isApiError(error, 404)) return undefined;
    throw error;
  }
}

/** The fields of runs that matter here, as this version has them. */
function wantedSchema(): Json {
  const { versions } = objectOf(customResourceDefinition().spec) as {
    versions: { schema: { openAPIV3Schema: Json } }[];
  };
  const { spec, status } = objectOf(versions[0]?.schema.openAPIV3Schema.properties);
  return { properties: { spec, status } };
}

/**
 * Makes sure that the cluster serves runs with all their fields: of a run under an older CRD fields are dropped without a
 * word, and its status is refused. A newer one has more, which does no harm.
 * @throws DdrError CrdMissing, CrdOutdated
 */
export async function requireCrd(
  client: Pick<ApiClient, 'list' | 'raw'>,
  clock: Clock,
  namespace: string | undefined,
): Promise<void> {
  await client.list(types.run, { namespace: namespace ?? 'default' }).catch((error: unknown) => {
    if (!isApiError(error, 404)) throw error;
    throw new DdrError('CrdMissing', `the cluster does not serve ${name}/${types.run.version}`, {
      hint: 'Install the CRD: kubectl apply --server-side -f crds/, or the chart with crds.install.',
    });
  });
  const wanted = wantedSchema();
  let missing: string[] = [];
  for (let look = 0; look < looks; look++) {
    if (look > 0) await sleep(clock, 1000);
    const served = await servedSchema(client);
    missing = served === undefined ? [] : missingIn(served, wanted);
    if (served !== undefined && missing.length === 0) return;
  }
  if (missing.length === 0) return; // it publishes nothing of runs, and nothing can be said
  const more = missing.length > most ? ` and ${missing.length - most} more` : '';
  throw new DdrError(
    'CrdOutdated',
    `${name} is older than this operator: it lacks ${missing.slice(0, most).join(', ')}${more}`,
    {
      hint: 'Apply the CRD of this version: kubectl apply --server-side --force-conflicts -f crds/, or helm upgrade of the release that owns it.',
    },
  );
}
