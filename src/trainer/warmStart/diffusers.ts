import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import { diffusersFiles } from '../artifacts/diffusersFolder.ts';
import { createPosixStore } from '../artifacts/posixStore.ts';
import type { FileRecord } from '../artifacts/records.ts';
import { openTensors, type TensorFile } from '../artifacts/tensorFile.ts';
import { readInput, toInputError } from '../data/volume.ts';
import { sha256 } from '../formats/digest.ts';
import { fromConfig } from '../model/diffusers/config.ts';
import { fromTheirs, theirTensors } from '../model/diffusers/layout.ts';
import { isOfTime, isToken } from '../model/diffusers/network.ts';
import type { NamedValues } from '../model/parameterGroups.ts';
import { type ParameterSpec, unetConfig } from '../model/parameters.ts';
import { requireFit, requireTensors, type Told } from './fit.ts';
import type { Beginner, Source, WarmStart } from './source.ts';

/** Digest and length of a file of any size. @throws DdrError InputMissing, InputForeign, FileAccess */
async function digestFile(path: string): Promise<FileRecord> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 2 ** 22 }) as AsyncIterable<Uint8Array>) {
      hash.update(piece);
      bytes += piece.length;
    }
  } catch (error) {
    throw toInputError(error, path);
  }
  return { sha256: hash.digest('hex'), bytes };
}

function parseConfig(bytes: Uint8Array, where: string): ReturnType<typeof fromConfig> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new DdrError('InputForeign', 'is not JSON', { where, cause });
  }
  return fromConfig(json, where);
}

/** Names of tensors that are 0 throughout, of those that tell the timestep. */
async function silentOf(file: TensorFile): Promise<Set<string>> {
  const silent = new Set<string>();
  for (const name of [...file.tensors.keys()].filter(isOfTime))
    if ((await file.read(name)).every((value) => value === 0)) silent.add(name);
  return silent;
}

const timestep = 'time_embedding.linear_1.weight';

/** Class tokens of a model that {@link diffusersFiles} has, and the tensors of its network. */
interface Files {
  network: TensorFile;
  tokens: TensorFile | undefined;
  silent: ReadonlySet<string>;
}

const toldBy = ({ network, tokens, silent }: Files): Told => ({
  timestep: network.tensors.has(timestep) && !silent.has(timestep),
  classes: (tokens?.tensors.get('weight') ?? network.tensors.get('class_embedding.weight'))?.shape[0] ?? 0,
});

/** A parameter of ours from their files. */
async function parameterOf(
  spec: ParameterSpec,
  { config }: Beginner,
  { network, tokens }: Files,
): Promise<NamedValues> {
  const { name } = spec;
  if (isToken(spec, config)) return { name, values: (await tokens?.read('weight')) ?? new Float32Array() };
  const levels = config.channelMultipliers.length;
  const theirs = new Map<string, Float32Array>();
  for (const { name } of theirTensors(spec, levels)) theirs.set(name, await network.read(name));
  return { name, values: fromTheirs(spec, levels, (name) => theirs.get(name) as Float32Array) };
}

/** Refuses files that have not just what a network needs. @throws DdrError InputMismatch */
function requireWhole({ specs, config }: Beginner, { network, tokens, silent }: Files, where: string): void {
  const levels = config.channelMultipliers.length;
  const inside = specs.filter((spec) => !isToken(spec, config)).flatMap((spec) => theirTensors(spec, levels));
  requireTensors(network.tensors, new Map(inside.map((each) => [each.name, each])), where, silent);
  const table = specs.find((spec) => isToken(spec, config));
  const wanted = new Map(table === undefined ? [] : [['weight', table] as const]);
  requireTensors(tokens?.tensors ?? new Map(), wanted, join(dirname(where), diffusersFiles.classTokens));
}

/**
 * A U-Net in diffusers' layout as weights that every model begins from.
 * @param folder resolved
 * @param hasTokens whether class tokens lie beside it
 * @throws DdrError InputMissing, InputForeign, InputTruncated
 */
export async function openDiffusersStart(folder: string, hasTokens: boolean): Promise<WarmStart> {
  const [configPath, where, tokensPath] = [
    join(folder, diffusersFiles.config),
    join(folder, diffusersFiles.weights),
    join(folder, diffusersFiles.classTokens),
  ];
  const bytes = await readInput(configPath);
  const { model, image } = parseConfig(bytes, configPath);
  const records = [await digestFile(where), ...(hasTokens ? [await digestFile(tokensPath)] : [])];
  const store = createPosixStore(dirname(folder));
  const [network, tokens] = await Promise.all(
    [where, tokensPath].slice(0, records.length).map((path, i) => {
      const key = `${basename(folder)}/${basename(path)}`;
      return openTensors(store, key, (records[i] as FileRecord).bytes);
    }),
  );
  const files: Files = { network: network as TensorFile, tokens, silent: await silentOf(network as TensorFile) };
  const there = { config: unetConfig(model, image), prediction: undefined, told: toldBy(files) };
  const source: Source = {
    where,
    async *weightsFor(beginner) {
      requireFit(there, beginner, where);
      requireWhole(beginner, files, where);
      for (const spec of beginner.specs) yield parameterOf(spec, beginner, files);
    },
  };
  return {
    where: folder,
    digest: sha256(sha256(bytes), ...records.map((record) => record.sha256)),
    sourceOf: () => source,
  };
}
