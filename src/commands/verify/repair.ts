import type { PipelineConfig } from '../../config/pipeline.js';
import type { Portal } from '../../streams/portal.js';
import type { StreamFailure } from '../../streams/read.js';
import { Mender } from '../../streams/verify/mend.js';
import { Loader } from '../../warehouse/loader/loader.js';
import type { Store } from '../../warehouse/store.js';
import { LoaderSink } from '../sinks/loader-sink.js';
import type { StreamVerification } from './comparison.js';
import type { VerifiedStream } from './verified-streams.js';

/** Mends the rows of some streams, the way of a sync: by the loader, with the pipeline's states, under its lease. */
export class Repair {
  readonly #portal: Portal;
  readonly #streams: readonly VerifiedStream[];
  readonly #loader: Loader;
  readonly #sink: LoaderSink;
  readonly #menders = new Map<string, Mender>();

  constructor(store: Store, config: PipelineConfig, portal: Portal, streams: readonly VerifiedStream[]) {
    this.#portal = portal;
    this.#streams = streams;
    // What is not mended by its key is not to be written: a table that is overwritten would be taken for one that was not finished.
    const mendable = streams.filter(({ records }) => records !== null);
    const targets = mendable.map(({ target }) => ({ ...target, isMending: true }));
    this.#loader = new Loader(store, targets, { ...config.destination.loader, pipeline: config.name });
    this.#sink = new LoaderSink(this.#loader);
  }

  /** Mends the rows of a stream; null: it has no records that can be read by id. */
  menderOf(name: string): Mender | null {
    const records = this.#streams.find((each) => each.name === name)?.records ?? null;
    if (records === null) return null;
    const mender = this.#menders.get(name) ?? new Mender(this.#portal, records.object, records.state, this.#sink);
    this.#menders.set(name, mender);
    return mender;
  }

  /** Writes what is left. What could not be written is not mended. @returns the streams that failed */
  async finish(results: readonly StreamVerification[]): Promise<StreamFailure[]> {
    const failures: StreamFailure[] = [];
    for (const [name, mender] of this.#menders) {
      await mender.close();
      this.#loader.complete(name);
    }
    for (const { stream, error } of await this.#loader.finish()) {
      if (error === null) continue;
      failures.push({ stream, error });
      const result = results.find((each) => each.stream === stream);
      if (result) result.mended = 0;
    }
    return failures;
  }

  close(): void {
    this.#loader.close();
  }
}
