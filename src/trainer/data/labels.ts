import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import type { LabelsSpec } from '../../api/spec/conditions.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import { type NpyArray, npyHeadBytes, parseNpyHeader, readNpy } from '../formats/npy.ts';
import { npzContent } from '../formats/npz.ts';
import { idxFile, type Wanted } from './arrayFiles.ts';
import { type ArrayFormat, openArrays } from './arrayShards.ts';
import { labelsOfFolders } from './classFolders.ts';
import { labelsOfJson } from './datasetJson.ts';
import { noFindings } from './findings.ts';
import { isFolder } from './folder.ts';
import { readIdx } from './idx.ts';
import type { OpenSource } from './source.ts';
import { readInput, resolveInVolume } from './volume.ts';

/** The class of every image of a source, in the order of the source. */
export interface Labels {
  classes: number;
  /** Of the classes, where the source names them. */
  names?: string[];
  /** 0 … classes − 1. */
  values: Int32Array;
}

/** Where the images are: resolved, on the volume `root`. */
interface ImagesPlace {
  path: string;
  root: string;
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Names that the labels of MNIST-like images have, gzipped or not; none where the images have no usual name. */
export function idxLabelNames(images: string): string[] {
  const plain = images.replace(/\.gz$/, '');
  const name = plain.replace(/images([-.])idx3/, 'labels$1idx1');
  return name === plain ? [] : [name, `${name}.gz`];
}

/** The labels that lie beside MNIST-like images under their usual name, gzipped or not. */
async function idxBeside(images: string): Promise<string> {
  const names = idxLabelNames(basename(images)).map((name) => join(dirname(images), name));
  const [plain] = names;
  if (plain === undefined) {
    throw new DdrError('InputMissing', 'has no usual name, by which its labels would be found', {
      where: images,
      hint: 'Name the file of labels in dataset.labels.path.',
    });
  }
  for (const file of names) if (await isThere(file)) return file;
  throw new DdrError('InputMissing', 'the labels are not there', {
    where: plain,
    hint: 'Copy them beside the images, or name their file in dataset.labels.path.',
  });
}

/**
 * The file that labels are read from by itself; undefined where they come with the images.
 * @throws DdrError InputMissing, InputUnsafe
 */
export async function labelsFile({ labels }: Dataset, { path, root }: ImagesPlace): Promise<string | undefined> {
  if (labels?.path !== undefined) return resolveInVolume(root, labels.path, 'labels');
  return labels?.from === 'Idx' ? idxBeside(await idxFile(path)) : undefined;
}

const wholeTypes = /^(bool|u?int)/;

/** An .npy file of labels. @throws DdrError InputForeign where they are no whole numbers */
function readWhole(bytes: Uint8Array, where: string): NpyArray {
  requireWhole(parseNpyHeader(bytes.subarray(0, npyHeadBytes), where).type, where);
  return readNpy(bytes, where);
}

function requireWhole(type: string, where: string): void {
  if (wholeTypes.test(type)) return;
  throw new DdrError('InputForeign', `has labels of type ${type}, not whole numbers`, {
    where,
    hint: 'Save array.astype(numpy.int32); of one-hot rows array.argmax(1).',
  });
}

/** [N] and [N,1] as numbers. @throws DdrError InputForeign */
function flat({ shape, data }: { shape: readonly number[]; data: NpyArray['data'] }, where: string): number[] {
  const [, ...others] = shape;
  if (shape.length > 0 && others.every((size) => size === 1)) return Array.from(data, Number);
  throw new DdrError('InputForeign', `has shape [${shape.join(', ')}], not that of labels [N]`, { where });
}

const labelsWanted: Wanted = { fits: ({ type }) => wholeTypes.test(type), kind: 'labels [N] of whole numbers' };

/** Labels of arrays that are read by position: those of safetensors, and of the files of a folder. */
async function labelsOfShards(format: ArrayFormat, array: string, place: ImagesPlace): Promise<number[]> {
  const { where, type, shape, slice } = await openArrays(format, place, array, noFindings(), labelsWanted);
  requireWhole(type, where);
  return flat({ shape, data: await slice(0, shape[0] ?? 0) }, where);
}

/** @throws DdrError InputMissing, InputForeign, InputTruncated, InputUnsafe */
async function labelsOfArray({ from, array = '' }: LabelsSpec, where: string, root: string): Promise<number[]> {
  if (from === 'Safetensors' || ((from === 'Npz' || from === 'Npy') && (await isFolder(where))))
    return labelsOfShards(from, array, { path: where, root });
  const bytes = await readInput(where);
  switch (from) {
    case 'Idx':
      return flat(readIdx(bytes, where), where);
    case 'Npz':
      return flat(readWhole(npzContent(bytes, where, array), `${where}:${array}`), `${where}:${array}`);
    default:
      return flat(readWhole(bytes, where), where);
  }
}

/** @throws DdrError InputMismatch */
function check(labels: readonly number[], classes: number, entries: number, where: string): Int32Array {
  if (labels.length !== entries) {
    throw new DdrError('InputMismatch', `has ${labels.length} labels, and there are ${entries} images`, {
      where,
      hint: 'There is one label for every image of the source, in the same order.',
    });
  }
  const wrong = labels.findIndex((label) => !(label >= 0 && label < classes));
  if (wrong >= 0) {
    throw new DdrError('InputMismatch', `has the label ${labels[wrong]} for image ${wrong}`, {
      where,
      hint: `Labels run from 0 to classes − 1, which is ${classes - 1}; correct them, or dataset.labels.classes.`,
    });
  }
  return Int32Array.from(labels);
}

/** @throws DdrError InputMismatch */
function requireNames(names: readonly string[] | undefined, classes: number, where: string): void {
  if (names === undefined || names.length === classes) return;
  throw new DdrError('InputMismatch', `names ${names.length} classes, not ${classes}`, {
    where,
    hint: 'Set dataset.labels.classes to their number.',
  });
}

/**
 * The labels of a source; undefined where none are asked for.
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputUnsafe; InputMismatch where they do not fit the images or
 *   the number of classes
 */
export async function readLabels(
  dataset: Dataset,
  place: ImagesPlace,
  { entries, files, labels: found }: Pick<OpenSource, 'entries' | 'files' | 'labels'>,
): Promise<Labels | undefined> {
  const { labels } = dataset;
  if (labels === undefined) return undefined;
  const { classes } = labels;
  if (labels.from === 'ClassFolders' && files !== undefined) {
    const found = labelsOfFolders(files);
    if (found.names.length !== classes) {
      throw new DdrError('InputMismatch', `has ${found.names.length} folders of images, not ${classes}`, {
        where: place.path,
        hint: 'Set dataset.labels.classes to their number, and path of dataset.source to the folder that they are in.',
      });
    }
    return { classes, names: found.names, values: Int32Array.from(found.labels) };
  }
  if (labels.from === 'DatasetJson' && files !== undefined) {
    const found = await labelsOfJson(files);
    return { classes, values: check(found.labels, classes, entries, found.where) };
  }
  if (found !== undefined) {
    requireNames(found.names, classes, place.path);
    return {
      classes,
      ...(found.names && { names: [...found.names] }),
      values: check(found.values, classes, entries, place.path),
    };
  }
  const where = (await labelsFile(dataset, place)) ?? place.path;
  return { classes, values: check(await labelsOfArray(labels, where, place.root), classes, entries, where) };
}
