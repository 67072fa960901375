import { instantOf } from '../../time.js';
import type { RecordSink } from '../core/sink.js';
import type { PortalFacts } from '../core/stream.js';
import type { ObjectStream } from '../crm/object-stream.js';
import { StreamChannel } from '../crm/reading/stream-channel.js';
import { readAssociated } from '../crm/run/associated.js';
import { emitGoneRecords } from '../crm/run/gone-records.js';
import { ObjectRun } from '../crm/run/object-run.js';
import type { ObjectState } from '../crm/run/object-state.js';
import { RecordsOutput } from '../crm/run/records-output.js';
import type { Judged } from './judge.js';

/** Emits what makes the rows of a stream equal to their records, on behalf of its state. */
export class Mender {
  readonly #run: ObjectRun;
  mended = 0;

  /** @param state the stream's, which is complete; changed by what is emitted */
  constructor(portal: PortalFacts, stream: ObjectStream, state: ObjectState, sink: RecordSink) {
    const { client, config, chains, pace, id } = portal;
    const channel = new StreamChannel(stream.name, { state: null, mode: 'incremental', sink }, ['']);
    const output = new RecordsOutput(stream.layout, () => instantOf(client.clock.now()));
    this.#run = new ObjectRun(client, stream, { ...config, chains, pace, portalId: id }, state, [
      channel.port('', output),
    ]);
  }

  /** Emits records that were judged; their live ones were read with all properties. */
  async mend(differences: readonly Judged[]): Promise<void> {
    const run = this.#run;
    const live = differences.flatMap(({ row }) => (row ? [row] : []));
    // What the state says of them is as wrong as their rows are.
    for (const { id } of live) run.archived.restore(id);
    await run.emitLive(live, await readAssociated(run, live), null, true, { is: 'restored' });
    const gone = differences.flatMap(({ id, gone: how, version }) => (how ? [{ id, gone: how, version }] : []));
    await emitGoneRecords(run, gone);
    this.mended += differences.length;
  }

  /** Emits the state behind it, with the memory of what was sent. Does nothing if nothing was mended. */
  async close(): Promise<void> {
    if (this.mended > 0) await this.#run.close();
  }
}
