import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseDocuments } from '../../src/cli/yaml.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';

export interface Answer {
  accepted: boolean;
  /** Those that were accepted, as the server would store them. */
  items: KubeObject[];
  text: string;
}

/** What kubectl says to files, or to a text on standard input, that the API server is to create; nothing is created. */
export function dryRun(kubeconfig: string, file: string, input = '', namespace = 'default'): Answer {
  const kubectl = join(process.env.KUBEBUILDER_ASSETS ?? '', 'kubectl');
  const { status, stdout, stderr } = spawnSync(
    kubectl,
    ['create', '--dry-run=server', '--validate=strict', `--namespace=${namespace}`, '--output=json', '-f', file],
    { encoding: 'utf8', input, maxBuffer: 2 ** 26, env: { ...process.env, KUBECONFIG: kubeconfig } },
  );
  const items = parseDocuments(stdout, 'kubectl').map(({ value }) => value as KubeObject);
  return { accepted: status === 0, items: items.filter((item) => item !== undefined), text: stderr };
}

/** What the API server answers to a GET of a path. */
export function getRaw(kubeconfig: string, path: string): unknown {
  const kubectl = join(process.env.KUBEBUILDER_ASSETS ?? '', 'kubectl');
  const { status, stdout, stderr } = spawnSync(kubectl, ['get', '--raw', path], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
