import Environment from '../../../scripts/jest-environment.mjs';

/** Reports a test as skipped that has thrown a NotRun (`not-run.ts`): Jest itself can skip only before a test begins. */
export default class AccountEnvironment extends Environment {
  #notRun = new WeakSet();

  handleTestEvent(event) {
    if (event.name === 'test_fn_failure' && event.error?.name === 'NotRun') {
      event.test.errors = [];
      this.#notRun.add(event.test);
    }
    // A hook that fails behind it is a failure all the same.
    if (event.name === 'test_done' && this.#notRun.has(event.test) && event.test.errors.length === 0) {
      event.test.status = 'skip';
    }
  }
}
