import { endFirstHour } from '../support/account/step.js';
import { idleSync } from './steps/idle-sync.js';
import { killedAppend } from './steps/killed-append.js';
import { masking } from './steps/masking.js';
import { mergeProfile } from './steps/merge-profile.js';
import { schemaNames } from './steps/names.js';
import { rawView } from './steps/raw-view.js';
import { sessionPolicy } from './steps/session-policy.js';
import { sideBySide } from './steps/side-by-side.js';
import { snowparkTask } from './steps/snowpark-task.js';
import { upload } from './steps/upload.js';
import { wideMerge } from './steps/wide-merge.js';

/**
 * The first hour on a real account: what a stand-in cannot show, step by step, each with what it has cost. CONTRIBUTING.md says what it
 * takes. Steps that lack something are reported as not run, and say what.
 */

rawView(300);
rawView(600);
wideMerge(500);
wideMerge(1_000);
mergeProfile();
sessionPolicy();
killedAppend('after-write', 'behind the INSERT');
killedAppend('before-commit', 'behind the state, before the COMMIT');
masking();
schemaNames('a hyphen and small letters', (run) => `hubflake-test-${run}`);
schemaNames('a space', (run) => `Hubflake Test ${run}`);
sideBySide();
snowparkTask();
idleSync();
upload();

endFirstHour();
