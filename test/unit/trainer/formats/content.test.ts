import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignContent } from '../../../../src/trainer/formats/content.ts';

const say = (text: string, remedy?: string) =>
  foreignContent(Buffer.from(text, 'latin1'), 'is no array', 'a.npy', remedy);

test('a file that is another is called what it is, with the remedy', () => {
  const { code, where, message, hint } = say('\x89HDF\r\n\x1a\n');
  assert.deepEqual([code, where, message], ['InputForeign', 'a.npy', 'is no array; it is HDF5']);
  assert.match(hint ?? '', /numpy\.save/);
  assert.match(say(`a.png${'\0'.repeat(252)}ustar`).message, /tar archive/);
});

test('a better remedy wins, but where the content is lost', () => {
  assert.equal(say('\x1f\x8b', 'Use Idx.').hint, 'Use Idx.');
  assert.match(say('version https://git-lfs.github.com/spec/v1', 'Use Idx.').hint ?? '', /git lfs pull/);
});

test('what nobody knows is not guessed', () => {
  assert.deepEqual(
    [say('hello').message, say('hello').hint, say('').message],
    ['is no array', undefined, 'is no array'],
  );
});
