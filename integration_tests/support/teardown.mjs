// The end of what setup.mjs has begun.
export { teardown as default } from './setup.mjs';
