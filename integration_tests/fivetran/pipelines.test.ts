import type { JsonObject } from '../../src/protocol/messages.js';
import type { Pipeline } from '../../src/sandbox/portal/account.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readTogether } from './reading.js';
import { answerOf, plain, Rows } from './rows.js';

/** Pipelines and stages of deals and tickets: what the portal has, with those that are gone marked. */

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const listed = (object: string) => answerOf(played.sandbox, `/crm/pipelines/2026-09/${object}`);
const stagesOf = ({ stages }: JsonObject) => stages as JsonObject[];

/** Changes the pipelines of an object. */
function change(object: string, edit: (all: Pipeline[]) => Pipeline[]): void {
  const { pipelines } = played.sandbox.portal;
  const { id } = played.sandbox.portal.type(object);
  pipelines.set(id, edit(pipelines.get(id) ?? []));
}

test.each([
  ['deal', 'deals'],
  ['ticket', 'tickets'],
])('those of a %s are in two tables', async (name, object) => {
  const [pipelines, stages] = [`${name}_pipeline`, `${name}_pipeline_stage`].map(
    (table) => new Rows(played.sandbox, table),
  ) as [Rows, Rows];
  await pipelines.sync();
  await stages.sync();
  const there = await listed(object);
  expect(there.length).toBeGreaterThan(0);
  const common = ({ id, label, displayOrder, createdAt, updatedAt }: JsonObject) => ({
    pipeline_id: id,
    label,
    display_order: displayOrder,
    active: true,
    created_at: plain(createdAt),
    updated_at: plain(updatedAt),
    _fivetran_deleted: false,
  });
  const type = name === 'ticket' ? { object_type_id: '0-5' } : {};
  expect(pipelines.all).toEqual(Object.fromEntries(there.map((each) => [each.id, { ...common(each), ...type }])));
  const wanted: Record<string, unknown>[] = there.flatMap((pipeline) =>
    stagesOf(pipeline).map((stage) => {
      const { isClosed, probability, ticketState } = stage.metadata as JsonObject;
      const own =
        name === 'deal'
          ? {
              probability: Number(probability),
              closed_won: isClosed === 'true' && Number(probability) === 1,
            }
          : { ticket_state: ticketState, write_permissions: stage.writePermissions };
      return {
        ...common(stage),
        ...own,
        stage_id: stage.id,
        pipeline_id: pipeline.id,
        is_closed: isClosed === 'true',
      };
    }),
  );
  const key = ({ pipeline_id: pipeline, stage_id: stage }: Record<string, unknown>) =>
    name === 'deal' ? String(stage) : `${pipeline} ${stage}`;
  expect(stages.all).toEqual(Object.fromEntries(wanted.map((each) => [key(each), each])));
  expect(wanted.some((each) => each.is_closed)).toBe(true);
  expect([await pipelines.sync(), await stages.sync()]).toEqual([[], []]);
});

test('a closed ticket stage is one by its state as well, and an id that is no number is a text', async () => {
  change('tickets', (all) => [
    ...all,
    {
      id: '77',
      label: 'By state',
      createdAt: 1,
      updatedAt: 1,
      stages: [{ id: '78', label: 'Done', metadata: { ticketState: 'CLOSED' } }],
    },
  ]);
  const stages = new Rows(played.sandbox, 'ticket_pipeline_stage');
  await stages.sync();
  expect(stages.at(77, 78)).toMatchObject({ pipeline_id: '77', stage_id: '78', is_closed: true });
});

test('what is gone stays and is marked, with all else as it was; what comes again is live', async () => {
  const [pipelines, stages] = [
    new Rows(played.sandbox, 'deal_pipeline'),
    new Rows(played.sandbox, 'deal_pipeline_stage'),
  ];
  await pipelines.sync();
  await stages.sync();
  const before = [pipelines.all, stages.all] as const;
  const [first, second] = played.sandbox.portal.pipelines.get('0-3') as [Pipeline, Pipeline];
  played.wait(10);
  change('deals', () => [{ ...first, stages: first.stages.slice(1) }]);
  const [gone] = first.stages;
  expect(await pipelines.sync()).toEqual([
    {
      pipeline_id: second.id,
      active: false,
      _fivetran_deleted: true,
      _fivetran_synced: expect.stringMatching(/^2026-03-01T00:10:\d\d\.\d{3}$/),
    },
  ]);
  await stages.sync();
  const mark = { active: false, _fivetran_deleted: true };
  expect(pipelines.all).toEqual({ ...before[0], [second.id]: { ...before[0][second.id], ...mark } });
  const left = [String(gone?.id), ...second.stages.map(({ id }) => id)];
  const marked = left.map((id) => [id, { ...before[1][id], ...mark }]);
  // The others moved up by one.
  const live = Object.fromEntries(Object.entries(stages.all).filter(([id]) => left.includes(id)));
  expect(live).toEqual(Object.fromEntries(marked));
  change('deals', () => [first, second]);
  played.wait(10);
  await pipelines.sync();
  await stages.sync();
  expect([pipelines.all, stages.all]).toEqual([before[0], before[1]]);
});

test('an object whose pipelines are read into two tables is asked once', async () => {
  played.sandbox.calls.reset();
  await readTogether(played.sandbox, [
    'deal_pipeline',
    'deal_pipeline_stage',
    'ticket_pipeline',
    'ticket_pipeline_stage',
  ]);
  expect(played.sandbox.calls.counts().byKind.pipelines).toBe(2);
});
