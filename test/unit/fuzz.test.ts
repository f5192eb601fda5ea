import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { parseProgress } from '../../src/api/progress.ts';
import { parseTermination } from '../../src/api/termination.ts';
import { parseRuns } from '../../src/cli/documents.ts';
import { areWhole, manifestSchema, statesOf } from '../../src/trainer/artifacts/bundle.ts';
import { parseJson } from '../../src/trainer/artifacts/records.ts';
import { readIdx, writeIdx } from '../../src/trainer/data/idx.ts';
import { readNpy, writeNpy } from '../../src/trainer/formats/npy.ts';
import { npzEntries, readNpz } from '../../src/trainer/formats/npz.ts';
import { pagesIn } from '../../src/trainer/formats/parquetPages.ts';
import { readSafetensors, writeSafetensors } from '../../src/trainer/formats/safetensors.ts';
import { parsePax, parseTarHeader } from '../../src/trainer/formats/tar.ts';
import { readZip } from '../../src/trainer/formats/zip.ts';
import { parseAutoencoderConfig } from '../../src/trainer/model/autoencoder/config.ts';
import { tinyAutoencoder } from '../helpers/autoencoder.ts';
import { damagedBytes, damagedJson, type Fuzzed, fuzz, soup } from '../helpers/fuzz.ts';
import { minimalRun } from '../helpers/runs.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => bytesOf(JSON.stringify(value));
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** As many bytes as a header of tar has. */
const block = (bytes: Uint8Array) => Uint8Array.from({ length: 512 }, (_, i) => bytes[i] ?? 0);

const compressed = new Uint8Array(readFileSync(join(import.meta.dirname, '../fixtures/formats/compressed.npz')));
const tensors = new Map([
  ['z', { shape: [2, 1], values: Float32Array.of(1.5, -2) }],
  ['a', { shape: [], values: Float32Array.of(3) }],
]);
const images = { shape: [2, 3, 3], data: new Uint8Array(18).fill(7) };
const binary = (name: string, file: Uint8Array, read: Fuzzed['read']): Fuzzed => ({
  name,
  example: file,
  inputs: damagedBytes(file),
  read,
  codes: /^Input/,
});

fuzz(binary('npy', writeNpy({ shape: [3], data: Float64Array.of(1, 2, 3) }), (bytes) => readNpy(bytes, 'file')));
fuzz(binary('npz', compressed, (bytes) => readNpz(bytes, 'file')));
fuzz(binary('the list of an npz', compressed, (bytes) => npzEntries(bytes, 'file')));
fuzz(
  binary('safetensors', writeSafetensors({ tensors, metadata: { by: 'us' } }), (bytes) =>
    readSafetensors(bytes, 'file'),
  ),
);
fuzz(
  binary('zip', zipSync({ 'a/é.png': new Uint8Array(300), b: Uint8Array.of(1) }), (bytes) => [
    ...readZip(bytes, 'file'),
  ]),
);
const shard = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, '../fixtures/shards', name)));
fuzz(binary('a header of tar', shard('gnu.tar').slice(0, 512), (bytes) => parseTarHeader(block(bytes), 0, 'file')));
fuzz(binary('a pax header', bytesOf('12 path=a/é\n19 GNU.sparse.map=1,2\n'), (bytes) => parsePax(bytes, 'file')));
fuzz(binary('pages of Parquet', shard('pages.parquet').slice(4, 400), (bytes) => pagesIn(bytes, 'file')));
fuzz(binary('IDX', writeIdx(images), (bytes) => readIdx(bytes, 'file')));
fuzz(binary('gzipped IDX', new Uint8Array(gzipSync(writeIdx(images))), (bytes) => readIdx(bytes, 'file')));

const yaml = `# a run, and what YAML can do
apiVersion: tspace.dev/v1alpha1
kind: DisentangledDiffusionRun
metadata: &meta {name: "digits", labels: {a: 'b'}}
spec:
  schedule: &s {states: 0o12, timesteps: 1_000}
  dataset: {source: {volume: {claimName: data}}, format: Idx, image: {size: 28, channels: 1}}
  checkpoints: {volume: {shared: {size: 1Gi}}}
  execution:
    podTemplate:
      spec:
        tolerations: [{operator: Exists}]
        containers: [{name: trainer, env: [&env {name: A, value: "\\x41"}, {<<: [*env], name: B}]}]
      metadata:
        annotations:
          note: |-
            two
            lines
  overrides:
  - {<<: {states: "0-1"}, model: {baseChannels: ~}}
---
{"apiVersion": "v1", "kind": "List", "items": []}
`;
const words = [
  ...['a: ', '- ', '\n', '\n  ', ' ', '\t', ': ', '? ', ',', '[', ']', '{', '}', '{}', '"', "'", '"a":', '\\'],
  ...[
    '&a ',
    '*a',
    '*a, ',
    '<<: *a',
    '<<: ',
    '|\n',
    '>-\n ',
    '# ',
    '---\n',
    '...\n',
    '--- a\n',
    '%YAML 1.1\n',
    '%TAG ! b\n',
  ],
  ...[
    '!!binary ',
    '!!map ',
    '!!int ',
    '!x ',
    '0o7',
    '1_0',
    '.nan',
    '1e999',
    '2001-01-01',
    '~',
    'null',
    'yes',
    '\0',
    '\u2028',
    '\ufeff',
  ],
  ...[
    '__proto__: ',
    'constructor: ',
    'apiVersion: tspace.dev/v1alpha1\n',
    'kind: List\nitems: ',
    'metadata: ',
    'spec: ',
  ],
];
fuzz({
  name: 'a run in YAML',
  example: bytesOf(yaml),
  inputs: fc.oneof(damagedBytes(bytesOf(yaml)), soup(words), damagedJson(minimalRun())),
  read: (bytes) => parseRuns(bytes, 'file'),
  codes: /^Input/,
});

const digest = 'd'.repeat(64);
const file = { file: 'm0.safetensors', sha256: digest, bytes: 9 };
const manifest = {
  format: 2,
  hash: 'abc',
  image: { size: 28, channels: 1 },
  schedule: { family: 'Linear', alphas: 'Mapped', timesteps: 1000 },
  dataset: { address: 'd', count: 9, sha256: digest },
  moments: { ...file, file: 'moments.safetensors' },
  models: [0, 1].map((index) => ({
    ...file,
    index,
    hash: 'm',
    states: [{ index, timestep: 499 + 500 * index, alphaBar: 0.5 - index / 10 }],
    model: { baseChannels: 32, channelMultipliers: [1, 2], residualBlocks: 1, attentionResolutions: [7] },
    prediction: 'V',
    images: 100,
    loss: null,
  })),
};
fuzz({
  name: 'the manifest of a bundle',
  example: json(manifest),
  inputs: damagedJson(manifest),
  read: (bytes) => areWhole(statesOf(parseJson(bytes, manifestSchema, 'file'))),
  codes: /^DigestMismatch$/,
});

fuzz({
  name: 'the config.json of an autoencoder',
  example: json(tinyAutoencoder),
  inputs: fc.oneof(damagedJson(tinyAutoencoder), damagedBytes(json(tinyAutoencoder))),
  read: (bytes) => parseAutoencoderConfig(bytes, 'file'),
  codes: /^InputForeign$/,
});

const progress = { phase: 'Running', done: 1, total: 2, perSecond: 0.5, loss: -1 };
fuzz({
  name: 'the progress of a pod',
  example: json(progress),
  inputs: fc.oneof(damagedJson(progress), fc.uint8Array({ maxLength: 300 })),
  read: (bytes) => parseProgress(textOf(bytes)),
  codes: undefined,
});

const good = {
  outcome: 'Succeeded',
  result: { kind: 'prepare', dataset: 'd', sha256: digest, count: 9, leftOut: 1, broken: 0, notices: ['a notice'] },
};
const bad = { outcome: 'Failed', code: 'InputForeign', message: 'is no PNG', where: 'a.png', log: ['a', 'b'] };
fuzz({
  name: 'the termination message of a pod',
  example: json(good),
  inputs: fc.oneof(
    damagedJson(good),
    damagedJson(bad),
    soup(['{', '}', '[', '"', '"outcome":', '"Failed"', ',', 'a\n', '\u0000']),
    fc.uint8Array({ maxLength: 300 }),
  ),
  read: (bytes) => parseTermination(textOf(bytes)),
  codes: undefined,
});
