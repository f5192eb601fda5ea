import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DdrError } from '../../src/api/errors.ts';
import { parseRun } from '../../src/api/run.ts';
import { withSpec } from './runs.ts';
import { wrongRuns } from './wrongRuns.ts';

/** A test for every mistake in a block of the spec, by the path that the refusal names: 'spec.schedule'. */
export function testRefusals(block: string): void {
  for (const { title, spec, field, says } of wrongRuns.filter(
    (wrong) => /^spec\.\w+/.exec(wrong.field)?.[0] === block,
  )) {
    test(`refused: ${title}`, () => {
      assert.throws(
        () => parseRun(withSpec(spec)),
        (error: unknown) => {
          assert.ok(error instanceof DdrError);
          assert.equal(error.code, 'InvalidSpec');
          const issue = error.message.split('; ').find((line) => line.startsWith(field) && says.test(line));
          assert.ok(issue, `nothing about ${field} that says ${says} in: ${error.message}`);
          return true;
        },
      );
    });
  }
}
