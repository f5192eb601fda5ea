import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const mirrorOf = (file: string) => join(root, 'test/unit', file.replace(/\.ts$/, '.test.ts'));

/** Files without a test of their own, each with the reason. */
const without: Record<string, string> = {
  'operator/main.ts': 'an entry point that wires and starts: test/apiserver and test/e2e run it',
  'trainer/main.ts': 'an entry point of three lines: test/unit/trainer/process runs it',
  'trainer/process/httpWorker.ts': 'runs in its own thread: process/http.test.ts asks it',
  'trainer/process/subcommands.ts': 'a table that the compiler holds against the kinds of tasks',
  'trainer/data/stream/streamWorker.ts': 'runs in its own thread: stream/streamedImages.test.ts asks it',
  'trainer/context/streaming.ts': 'picks three fields: train/streaming.test.ts streams by them',
  'api/spec/podFields.ts':
    'generated; test/unit/scripts/generate.test.ts and test/apiserver/openapi.test.ts look at it',
  'api/spec/podEnums.ts': 'a table of Kubernetes’ words: test/apiserver/openapi.test.ts asks a server for them',
  'operator/plan/judgement.ts': 'two constructors',
  'trainer/data/imageSource.ts': 'an interface, and the product of its shape',
  'trainer/report/styles.ts': 'a style sheet',
};

/** Whether anything of a file is left when it runs. */
function hasCode(file: string): boolean {
  const code = stripTypeScriptTypes(readFileSync(join(root, 'src', file), 'utf8'));
  return code.replace(/\/\*[\s\S]*?\*\/|\/\/.*|^import [^;]*;|^export \{\};/gm, '').trim() !== '';
}

const files = globSync('**/*.ts', { cwd: join(root, 'src') }).filter(hasCode);

test('every file of src has its test at the same place below test/unit', () => {
  const missing = files.filter((file) => !(file in without) && !existsSync(mirrorOf(file)));
  assert.deepEqual(missing, []);
});

test('what has no test of its own is there, and has none', () => {
  const wrong = Object.keys(without).filter((file) => !files.includes(file) || existsSync(mirrorOf(file)));
  assert.deepEqual(wrong, []);
});
