import { DdrError } from '../../api/errors.ts';
import { readSafetensors, type Safetensors, writeSafetensors } from '../formats/safetensors.ts';
import { conditioningOf } from '../model/conditioning.ts';
import { fromDiffusers, toDiffusers } from '../model/diffusers/network.ts';
import { unetConfig } from '../model/parameters.ts';
import { parameterSpecs } from '../model/unet.ts';
import {
  type BundledModel,
  type Manifest,
  manifestFile,
  manifestSchema,
  networkShapeOf,
  openAnyBundle,
} from './bundle.ts';
import { conditionsOf } from './conditions.ts';
import type { Place, ReadPlace } from './place.ts';
import { refuseExisting } from './place.ts';
import { parseJson, recordOf, toJson } from './records.ts';

/** Files of a model in diffusers' layout, as its from_pretrained reads them, and the table of class tokens beside them. */
export const diffusersFiles = {
  config: 'config.json',
  weights: 'diffusion_pytorch_model.safetensors',
  classTokens: 'class_tokens.safetensors',
} as const;

/** The folder of a bundled model: its file's name without the ending. */
const folderOf = ({ file }: Pick<BundledModel, 'file'>): string => file.replace(/\.safetensors$/, '');

const read = async ({ store, key }: ReadPlace, name: string): Promise<Uint8Array> => {
  const bytes = await store.read(`${key}/${name}`);
  if (bytes !== undefined) return bytes;
  throw new DdrError('InputMissing', 'is not there', { where: store.describe(`${key}/${name}`) });
};

/** A model of a bundle as files of diffusers' layout. */
function modelFiles(
  model: BundledModel,
  manifest: Manifest,
  { tensors }: Safetensors,
): Record<string, Uint8Array | string> {
  const config = unetConfig(model.model, networkShapeOf(manifest));
  const exported = toDiffusers(config, model.states.length, conditionsOf(manifest.conditions), (name) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new DdrError('InputMismatch', `has no tensor ${name}`, { where: model.file });
    return tensor;
  });
  const metadata = { format: 'pt' }; // without it some readers refuse a file
  const { classTokens } = exported;
  return {
    [diffusersFiles.config]: toJson(exported.config),
    [diffusersFiles.weights]: writeSafetensors({ tensors: exported.tensors, metadata }),
    ...(classTokens && {
      [diffusersFiles.classTokens]: writeSafetensors({ tensors: new Map([['weight', classTokens]]), metadata }),
    }),
  };
}

/**
 * Writes every model of a bundle as diffusers keeps a network, in a folder of its own, and the manifest beside them.
 * @returns how many
 * @throws DdrError InputMissing, DigestMismatch, InvalidSpec where diffusers has no such network, FileAccess where it is there
 */
export async function exportDiffusers(from: ReadPlace, to: Place): Promise<number> {
  const bundle = await openAnyBundle(from.store, from.key);
  const { manifest } = bundle;
  await refuseExisting(to);
  for (const model of manifest.models)
    await to.store.commit(`${to.key}/${folderOf(model)}`, modelFiles(model, manifest, await bundle.read(model)));
  const moments = writeSafetensors(await bundle.read(manifest.moments));
  await to.store.commit(`${to.key}/bundle`, { [manifestFile]: toJson(manifest), [manifest.moments.file]: moments });
  return manifest.models.length;
}

/** A model's weights from its folder in diffusers' layout, in our layout. */
async function importModel(from: ReadPlace, model: BundledModel, manifest: Manifest): Promise<Uint8Array> {
  const folder = { store: from.store, key: `${from.key}/${folderOf(model)}` };
  const config = unetConfig(model.model, networkShapeOf(manifest));
  const conditioning = conditioningOf(model.states.length, config, conditionsOf(manifest.conditions));
  const specs = parameterSpecs(config, conditioning);
  const where = from.store.describe(`${folder.key}/${diffusersFiles.weights}`);
  const { tensors } = readSafetensors(await read(folder, diffusersFiles.weights), where);
  const tokens = specs.some(({ name }) => name === 'class.w') && config.classEmbedding === 'Token';
  const table = tokens
    ? readSafetensors(await read(folder, diffusersFiles.classTokens), folder.key, ['weight']).tensors.get('weight')
    : undefined;
  return writeSafetensors({
    tensors: fromDiffusers(specs, config, { tensors, classTokens: table }, where),
    metadata: {},
  });
}

/**
 * Makes a bundle of what {@link exportDiffusers} wrote, whose weights may have been trained on since. It is another bundle,
 * for what its files hold: its models' addresses stay those of what they came from.
 * @returns how many models
 * @throws DdrError InputMissing, InputForeign, InputMismatch where weights are not those of the manifest's networks, FileAccess
 */
export async function importDiffusers(from: ReadPlace, to: Place): Promise<number> {
  const place = { store: from.store, key: `${from.key}/bundle` };
  const manifest = parseJson(await read(place, manifestFile), manifestSchema, from.store.describe(place.key));
  await refuseExisting(to);
  const contents: Record<string, Uint8Array | string> = {};
  const models: BundledModel[] = [];
  for (const model of manifest.models) {
    const bytes = await importModel(from, model, manifest);
    contents[model.file] = bytes;
    const { further: _, ...kept } = model; // other averages were not exported
    models.push({ ...kept, ...recordOf(bytes) });
  }
  contents[manifest.moments.file] = await read(place, manifest.moments.file);
  await to.store.commit(to.key, { ...contents, [manifestFile]: toJson({ ...manifest, models }) });
  return models.length;
}
