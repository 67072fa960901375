// Finds the browser: nothing is downloaded for these tests.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

export default function setup() {
  const path = process.env.HUBFLAKE_CHROMIUM ?? find();
  if (!path) {
    throw new Error(
      `These tests need Chromium, and found none as ${NAMES.join(', ')}. Install it (Debian: apt-get install chromium), or name it in ` +
        'HUBFLAKE_CHROMIUM, and run them again.',
    );
  }
  process.env.HUBFLAKE_CHROMIUM = path;
}

function find() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
