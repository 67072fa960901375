import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunOptions } from '../support/processes/command.js';
import { examples, firstLoad, type TableCounts, Workplace } from './workplace.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');

test('the excerpts of docs/orchestration.md are what the examples say', () => {
  const files = readdirSync(examples).filter((name) => name.endsWith('.py'));
  const code = files.map((name) => readFileSync(`${examples}/${name}`, 'utf8'));
  const page = read('docs/orchestration.md');
  const excerpts = [...page.matchAll(/```python\n([\s\S]*?)```/g)].map(([, text]) => text as string);
  expect(excerpts.length).toBeGreaterThan(4);
  expect(excerpts.filter((excerpt) => !code.some((text) => text.includes(excerpt)))).toEqual([]);
  expect(files.filter((name) => !page.includes(`(../examples/orchestration/${name})`))).toEqual([]);
});

test('what waiting mends is what hubflake says of its errors', () => {
  const kinds = [...read('src/errors.ts').matchAll(/code = '(HF-[A-Z-]+)';\n +readonly kind = '(\w+)'/g)];
  const transient = kinds.filter(([, , kind]) => kind === 'transient_error').map(([, code]) => code);
  const [, listed = ''] =
    /TRANSIENT_CODES = frozenset\(([\s\S]*?)\)/.exec(read('examples/orchestration/hubflake_sync.py')) ?? [];
  expect(kinds.length).toBeGreaterThan(15);
  expect([...listed.matchAll(/"(.*?)"/g)].map(([, code]) => code).sort()).toEqual(transient.sort());
});

test('the image of the examples is that of this version', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const named = [read('examples/orchestration/airflow_image_dag.py'), read('docs/orchestration.md')].flatMap((text) => [
    ...text.matchAll(/source-hubspot:([\d.]+\d)/g),
  ]);
  expect(new Set(named.map(([, each]) => each))).toEqual(new Set([version]));
});

interface SyncRun {
  log: string[];
  tables?: (TableCounts & { stream: string; table: string; complete: boolean })[];
  error?: { message: string; transient: boolean } | null;
  another?: string;
  failed?: string;
  transient?: boolean;
  interrupted?: true;
}

describe('what the examples share', () => {
  let workplace: Workplace;

  beforeEach(async () => {
    workplace = await Workplace.open('.venv');
  });

  afterEach(() => workplace.close());

  const sync = (during?: RunOptions['during']) => workplace.outcome<SyncRun>('sync_run.py', [], during);

  test('returns what became of the tables, and of streams that failed', async () => {
    workplace.pipeline(['contacts', 'p_nothing']);
    const { tables, error, log } = await sync();
    const counts = firstLoad(workplace.live('contacts'));
    expect(tables).toEqual([{ stream: 'contacts', table: 'contacts', complete: true, ...counts }]);
    const message = expect.stringMatching(/^nothing: .*"p_nothing"\. \[HF-CONFIG\]$/);
    expect(error).toEqual({ message, transient: false });
    expect(log).toContainEqual(expect.stringMatching(/^ERROR nothing: /));
  });

  test('says what hubflake logged, where a whole sync failed', async () => {
    workplace.pipeline(['contacts'], 'pat-na1-wrong');
    const refused = expect.stringMatching(/^HubSpot refused the access token\./);
    expect(await sync()).toMatchObject({ failed: refused, transient: false });
  });

  test('says where another run is going on', async () => {
    workplace.pipeline(['contacts']);
    expect(await workplace.whileBusy(() => sync())).toMatchObject({
      another: expect.stringContaining('hubspot.duckdb'),
    });
  });

  test('a hubflake that is killed is a failure that another try may mend', async () => {
    workplace.pipeline(['contacts']);
    workplace.atNextCall = () => workplace.signal('SIGKILL');
    expect(await sync()).toMatchObject({ failed: expect.stringContaining('exit code -9'), transient: true });
  });

  test('a task that is ended ends hubflake, and waits for it', async () => {
    workplace.pipeline(['contacts']);
    const ended = await sync((child) => {
      workplace.atNextCall = () => child.kill('SIGTERM');
    });
    expect(ended.interrupted).toBe(true);
    expect(ended.log).toContain('hubflake was stopped, and ended with exit code -15');
    expect(await sync()).toMatchObject({ error: null, tables: [{ complete: true }] });
  });
});
