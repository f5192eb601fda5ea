import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const source = join(import.meta.dirname, '../../src');

/** Which parts a part may import (DESIGN: arrows go one way), and packages that only some may load. */
const mayImport: Record<string, string[]> = {
  api: ['diffusion'],
  diffusion: [],
  operator: ['api', 'diffusion'],
  trainer: ['api', 'diffusion'],
  local: ['api', 'diffusion', 'operator'],
  cli: ['api', 'diffusion', 'operator', 'local', 'trainer/model', 'trainer/artifacts', 'trainer/formats', 'trainer/s3'],
};
const onlyIn: Record<string, string[]> = {
  '@tensorflow/tfjs-node-gpu': ['trainer'],
  '@kubernetes/client-node': ['operator'],
  sharp: ['trainer'],
  '@aws-sdk/client-s3': ['trainer'],
};

interface Import {
  file: string;
  from: string;
  target: string;
}

function imports(): Import[] {
  return globSync('**/*.ts', { cwd: source }).flatMap((file) => {
    const text = readFileSync(join(source, file), 'utf8');
    const specifiers = [...text.matchAll(/(?:from|import|import\()\s*\(?'([^']+)'/g)].map(
      (match) => match[1] as string,
    );
    return specifiers.map((specifier) => ({
      file,
      from: file.split('/')[0] as string,
      target: specifier.startsWith('.') ? relative(source, resolve(join(source, dirname(file)), specifier)) : specifier,
    }));
  });
}

test('imports follow the arrows between the parts', () => {
  const wrong = imports().filter(({ from, target }) => {
    const part = target.split('/')[0] as string;
    if (part === from || !(part in mayImport)) return target.startsWith('..');
    return !mayImport[from]?.some((allowed) => part === allowed || target.startsWith(`${allowed}/`));
  });
  assert.deepEqual(wrong, []);
});

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The edges of a graph that lie on a circle, as "a → b". */
function circles(graph: Graph): string[] {
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    [...(graph.get(from) ?? [])].some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))));
  return [...graph].flatMap(([from, targets]) =>
    [...targets].filter((to) => to === from || reaches(to, from)).map((to) => `${from} → ${to}`),
  );
}

function graphOf(edges: readonly (readonly [string, string])[]): Graph {
  const graph = new Map<string, Set<string>>();
  for (const [from, to] of edges) graph.set(from, (graph.get(from) ?? new Set()).add(to));
  return graph;
}

const within = (folder: string, path: string) => path.startsWith(`${folder}/`);

test('no file imports itself by way of others', () => {
  const edges = imports().filter(({ target }) => target.endsWith('.ts'));
  assert.deepEqual(circles(graphOf(edges.map(({ file, target }) => [file, target]))), []);
});

test('no folder imports itself by way of others, inside a part either', () => {
  const edges = imports()
    .filter(({ target }) => target.endsWith('.ts'))
    .map(({ file, target }) => [dirname(file), dirname(target)] as const)
    .filter(([from, to]) => from !== to && !within(from, to) && !within(to, from));
  assert.deepEqual(circles(graphOf(edges)), []);
});

test('a circle is found where there is one, and only there', () => {
  const edges = [
    ['trainer/sample', 'trainer/metrics'],
    ['trainer/metrics', 'trainer/report'],
    ['trainer/report', 'trainer/sample'],
    ['trainer/report', 'trainer/formats'],
  ] as const;
  assert.deepEqual(circles(graphOf(edges)), [
    'trainer/sample → trainer/metrics',
    'trainer/metrics → trainer/report',
    'trainer/report → trainer/sample',
  ]);
  assert.deepEqual(circles(graphOf(edges.slice(1))), []);
});

test('heavy packages are loaded only where they belong', () => {
  const wrong = imports().filter(({ from, target }) => onlyIn[target] !== undefined && !onlyIn[target].includes(from));
  assert.deepEqual(wrong, []);
});

test('the plan is pure: it imports no I/O and asks no clock', () => {
  const files = globSync('operator/plan/**/*.ts', { cwd: source });
  for (const file of files) {
    const text = readFileSync(join(source, file), 'utf8');
    assert.doesNotMatch(
      text,
      /node:(fs|http|https|net|child_process|timers)|Date\.now\(|new Date\(\)|Math\.random/,
      file,
    );
  }
});

test('the Kubernetes runtime knows nothing of diffusion', () => {
  const wrong = imports().filter(
    ({ file, target }) =>
      file.startsWith('operator/kube/') && /^(api\/(?!errors)|diffusion|operator\/(?!kube))/.test(target),
  );
  assert.deepEqual(wrong, []);
});
