import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FileMetaData, parquetMetadata } from 'hyparquet';
import {
  featuresOf,
  imageColumn,
  labelColumn,
  leavesOf,
} from '../../../../../src/trainer/data/shards/parquetColumns.ts';
import { shardFixture } from '../../../../helpers/sourceFiles.ts';

const metadataOf = (name: string): FileMetaData => parquetMetadata(shardFixture(name));
const about = (value: string) => ({ key_value_metadata: [{ key: 'huggingface', value }] });
const withFeatures = (features: object) => featuresOf(about(JSON.stringify({ info: { features } })));

test('what the datasets library says of columns is found, nested ones too', () => {
  const { images, classes } = withFeatures({
    image: { _type: 'Image' },
    annotation: { label: { names: ['a', 'b'], _type: 'ClassLabel' }, mask: { decode: true, _type: 'Image' } },
    odd: { names: 'none', _type: 'ClassLabel' },
    list: [{ _type: 'Image' }],
    text: { dtype: 'string', _type: 'Value' },
  });
  assert.deepEqual([...images], ['image', 'annotation.mask']);
  assert.deepEqual(
    [...classes],
    [
      ['annotation.label', ['a', 'b']],
      ['odd', []],
    ],
  );
});

test('metadata of others, or none, say nothing', () => {
  for (const value of ['', '{', 'null', '[]', '{"info": {}}', '{"info": {"features": []}}'])
    assert.deepEqual(featuresOf(about(value)), { images: new Set(), classes: new Map() }, value);
  assert.equal(featuresOf({}).images.size, 0);
});

test('leaves are columns that can be read by themselves; an image goes by the name of its struct', () => {
  const shown = (name: string) =>
    leavesOf(metadataOf(name)).map(({ name, type, isText }) => [name, isText ? 'text' : type]);
  assert.deepEqual(shown('several.parquet'), [
    ['image', 'BYTE_ARRAY'],
    ['image.path', 'text'],
    ['label', 'INT64'],
    ['sample.image', 'BYTE_ARRAY'],
    ['sample.image.path', 'text'],
    ['sample.class', 'INT32'],
    ['caption', 'text'],
  ]);
  assert.deepEqual(shown('lists.parquet'), [['text', 'text']], 'a list has several values in a row');
});

test('the column that the features say is of images goes before those that only look so', () => {
  const leaves = leavesOf(metadataOf('several.parquet'));
  const features = withFeatures({ sample: { image: { _type: 'Image' } } });
  assert.equal(imageColumn(leaves, features, undefined, 'file').name, 'sample.image');
  assert.deepEqual(imageColumn(leaves, features, 'image', 'file').path, ['image', 'bytes']);
  assert.deepEqual(imageColumn(leaves, features, 'image.bytes', 'file').path, ['image', 'bytes']);
  assert.throws(() => imageColumn(leaves, withFeatures({}), undefined, 'file'), { hint: /dataset\.field/ });
});

test('a column of classes is the one that has names, or the one that is named', () => {
  const leaves = leavesOf(metadataOf('several.parquet'));
  const features = withFeatures({ label: { names: ['a'], _type: 'ClassLabel' } });
  assert.deepEqual(labelColumn(leaves, features, undefined, 'file').classNames, ['a']);
  assert.equal(labelColumn(leaves, features, 'sample.class', 'file').classNames, undefined);
  for (const name of ['gone', 'caption'])
    assert.throws(() => labelColumn(leaves, features, name, 'file'), { code: 'InputForeign' });
});
