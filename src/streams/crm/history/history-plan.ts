import { EVERY_PROPERTY, type LayoutName } from '../../../config/source.js';
import { nearest } from '../../../config/suggest.js';
import { ConfigError } from '../../../errors.js';
import type { ObjectType } from '../../../hubspot/api/object-types.js';
import { HISTORY_LIMIT } from '../../../hubspot/api/objects.js';
import type { JsonObject, SyncMode } from '../../../protocol/messages.js';
import type { EpochMs } from '../../../time.js';
import { catalogEntry, type Estimate, type PortalFacts, type StreamPlan } from '../../core/stream.js';
import { referenceColumn } from '../../layouts/fivetran-names.js';
import { adviseOnCopies } from '../../privacy/copies.js';
import { planOf } from '../object-plan.js';
import type { ObjectStream } from '../object-stream.js';
import { FedStream } from '../reading/fed-stream.js';
import { type Feed, feedShortage } from '../reading/object-reading.js';
import type { ReadingPlan } from '../reading/reading-plan.js';
import { estimateWith } from '../reading/shared-estimate.js';
import { fivetranForm } from './fivetran-forms.js';
import { airbyteForm, columnsForm, type HistoryForm } from './history-form.js';
import { HistoryOutput, type HistorySelection, historyShortage } from './history-output.js';

/** The name of the stream of an object's past values. @param stream the object's stream */
export function historyName(stream: string): string {
  return `${stream}_property_history`;
}

/** The plan of a stream of the values that an object's properties have had. @param wanted its properties' names, or {@link EVERY_PROPERTY} */
export function historyPlan(
  reading: ReadingPlan,
  wanted: readonly string[],
  name = historyName(reading.selection.name),
  form: HistoryForm | null = null,
): StreamPlan {
  const { name: objectStream } = reading.selection;
  const plan = planOf(reading);
  const open = async (portal: PortalFacts) => {
    const object = await reading.open(portal);
    const { layout, validity } = portal.config;
    const selection = selectionOf(name, object, wanted, form ?? formFor(object.type, layout, validity));
    adviseOnCopies(name, selection.names, object.hashed, portal.client);
    return new HistoryStream(object, portal, selection);
  };
  return {
    ...plan,
    name,
    reading: { increment: `what ${objectStream} finds modified`, calls: `1 for ${HISTORY_LIMIT}` },
    // Names of properties that do not exist are noticed when it is opened.
    probe: async (portal) => {
      await plan.probe(portal);
      if (wanted.some((each) => each !== EVERY_PROPERTY)) await open(portal);
    },
    open,
    hiddenDeletions: () => null,
  };
}

function formFor(type: ObjectType, layout: LayoutName, hasValidity: boolean): HistoryForm {
  switch (layout) {
    case 'airbyte':
      return airbyteForm(type.name, hasValidity);
    case 'columns':
      return columnsForm(hasValidity);
    case 'fivetran':
      return fivetranForm(type.name, referenceColumn(type));
  }
}

/**
 * What a stream of past values selects. Calculated properties and the time of modification, whose versions tell no more than that something
 * was asked for or changed, are left out unless they are named; so are excluded properties. Throws a ConfigError for a property that does not exist.
 */
export function selectionOf(
  stream: string,
  object: ObjectStream,
  wanted: readonly string[],
  form: HistoryForm,
): HistorySelection {
  const { definitions, type, excluded, hashed } = object;
  const known = definitions.map(({ name }) => name);
  const named = wanted.filter((name) => name !== EVERY_PROPERTY);
  for (const name of named) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new ConfigError(
      `history of ${object.name}: ${type.name} have no property "${name}".${meant ? ` Did you mean "${meant}"?` : ''}`,
    );
  }
  const takesAll = named.length < wanted.length;
  const isUsual = ({ name, calculated }: (typeof definitions)[number]) =>
    calculated !== true && !excluded.includes(name) && name !== type.modifiedProperty && name !== 'hs_lastmodifieddate';
  const chosen = definitions.filter((each) => named.includes(each.name) || (takesAll && isUsual(each)));
  return {
    stream,
    object: type.name,
    names: chosen.map(({ name }) => name),
    calculated: new Set(chosen.filter(({ calculated }) => calculated === true).map(({ name }) => name)),
    from: object.updatedAfter,
    isFiltered: object.filterGroups.length > 0,
    hashed,
    form,
  };
}

/** A stream's past values as a feed of its object's reading. */
function historyFeed(object: ObjectStream, selection: HistorySelection, now: () => EpochMs): Feed {
  const created = new Map(object.definitions.map(({ name, createdAt }) => [name, createdAt ?? null]));
  return {
    needs: { properties: [], links: [], histories: selection.names },
    cursorField: selection.form.cursorField,
    ownsSelection: false,
    shortage: (memory, cursor) => historyShortage(selection, memory, (name) => created.get(name) ?? null, cursor),
    output: (_, memory) => new HistoryOutput(selection, memory, now),
  };
}

class HistoryStream extends FedStream {
  readonly keepsGone = true;
  readonly #object: ObjectStream;

  constructor(object: ObjectStream, portal: PortalFacts, selection: HistorySelection) {
    const { schema, keywords, key, cursorField } = selection.form;
    const entry = catalogEntry(selection.stream, schema, key, cursorField);
    super(
      selection.stream,
      { ...entry, json_schema: { ...entry.json_schema, ...keywords } },
      [{ part: '', object, feed: historyFeed(object, selection, () => portal.client.clock.now()) }],
      portal,
    );
    this.#object = object;
  }

  async estimate(state: JsonObject | null, mode: SyncMode): Promise<Estimate> {
    // A page of a first load has half as many records. An increment has calls of its own.
    const perCall = (isLoad: boolean) => (isLoad ? 2 * HISTORY_LIMIT : HISTORY_LIMIT);
    const own = (rows: number, isLoad: boolean) => ({ burst: Math.ceil(rows / perCall(isLoad)) });
    const [feed] = this.feeds;
    const why = feed ? feedShortage(this.#object, feed.feed, this.name, state) : null;
    const share = { object: this.#object, ownsSelection: false };
    const from = why === null ? state : null;
    const { what, calls } = await estimateWith(share, this.portal, from, mode, { name: 'histories', calls: own });
    const again = why === null || mode === 'full_refresh' ? '' : ` again: ${why}`;
    return { what: `past values: ${what}${again}`, rows: null, calls };
  }
}
