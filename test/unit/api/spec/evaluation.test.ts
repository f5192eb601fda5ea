import { testRefusals } from '../../../helpers/refusals.ts';

testRefusals('spec.evaluation');
