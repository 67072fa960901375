import { TestEnvironment } from 'jest-environment-node';

const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

/**
 * Jest runs tests in a realm of their own, but its `fetch` is the outer one, which looks for undici's global dispatcher on the
 * outer global object. Here a test's `fetch` uses the dispatcher that was set in the test's realm, as outside of Jest.
 */
export default class Environment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    const outerFetch = globalThis.fetch;
    this.global.fetch = (input, init) => {
      const dispatcher = this.global[DISPATCHER];
      return outerFetch(input, dispatcher ? { dispatcher: withOuterErrors(dispatcher), ...init } : init);
    };
  }
}

/** An error of the test's realm is none for the outer `fetch`, which would make a text of it: here it comes as the cause of one. */
function withOuterErrors(dispatcher) {
  const outer = (error) =>
    error instanceof Error ? error : Object.assign(new Error(error.message, { cause: error }), { code: error.code });
  return {
    dispatch: (options, handler) => {
      const onError = (error) => handler.onError(outer(error));
      return dispatcher.dispatch(options, Object.assign(Object.create(handler), { onError }));
    },
  };
}
