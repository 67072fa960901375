import type { Item } from '../../../hubspot/api/endpoint.js';
import { metadataScopes, standardObject } from '../../../hubspot/api/object-types.js';
import { memberOf } from '../../../json.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { itemsIn } from '../../resources/collection.js';
import { pipelinesEndpoint } from '../../resources/crm/pipelines.js';
import { whole } from '../../strategies/whole/whole.js';
import { boolean, columns, integer, number, text, time } from './columns.js';
import { MARKED } from './tables.js';

/** Pipelines of deals and tickets, and their stages: both are in one answer. Those that are gone stay, since old deals are in them. */

function pipelinesOf(object: string) {
  const type = standardObject(object);
  return {
    ...MARKED,
    group: 'crm',
    scopes: [metadataScopes(type)],
    subject: object,
    endpoint: { ...pipelinesEndpoint(type), isShared: true },
    isLive: isActive,
    whenGone: { active: false },
  } as const;
}

/** A stage, with its pipeline. */
const stagesOf = ({ id, stages, archived }: Item): readonly Item[] =>
  itemsIn(stages).map((stage) => ({
    ...stage,
    pipelineId: id,
    archived: archived === true || stage.archived === true,
  }));

const isActive = ({ archived }: Item) => archived !== true;
const metadata = (name: string) => (stage: Item) => memberOf(stage.metadata, name);
const isClosed = (stage: Item) => metadata('isClosed')(stage) ?? null;

const PIPELINE = {
  pipeline_id: text('id'),
  label: text('label'),
  display_order: integer('displayOrder'),
  active: boolean(isActive),
  created_at: time('createdAt'),
  updated_at: time('updatedAt'),
};
const STAGE = { stage_id: text('id'), ...PIPELINE, pipeline_id: text('pipelineId') };

const dealPipeline = whole({
  ...pipelinesOf('deals'),
  name: 'deal_pipeline',
  key: 'pipeline_id',
  ...columns(PIPELINE),
});

const dealPipelineStage = whole({
  ...pipelinesOf('deals'),
  name: 'deal_pipeline_stage',
  itemsOf: stagesOf,
  key: 'stage_id',
  ...columns({
    ...STAGE,
    is_closed: boolean(isClosed),
    closed_won: boolean(
      (stage) => String(isClosed(stage)) === 'true' && Number(metadata('probability')(stage)) === 1,
      'Closed, with a probability of 1. Fivetran has replaced it by is_closed and probability.',
    ),
    probability: number(metadata('probability')),
  }),
});

const ticketPipeline = whole({
  ...pipelinesOf('tickets'),
  name: 'ticket_pipeline',
  key: 'pipeline_id',
  ...columns({ ...PIPELINE, object_type_id: text(() => standardObject('tickets').typeId) }),
});

const ticketPipelineStage = whole({
  ...pipelinesOf('tickets'),
  name: 'ticket_pipeline_stage',
  itemsOf: stagesOf,
  key: ['pipeline_id', 'stage_id'],
  ...columns({
    ...STAGE,
    is_closed: boolean((stage) => {
      const state = metadata('ticketState')(stage);
      return isClosed(stage) ?? (typeof state === 'string' ? state === 'CLOSED' : null);
    }),
    ticket_state: text(metadata('ticketState'), 'OPEN or CLOSED.'),
    write_permissions: text('writePermissions'),
  }),
});

export const pipelines: readonly StreamDeclaration[] = [
  dealPipeline,
  dealPipelineStage,
  ticketPipeline,
  ticketPipelineStage,
];
