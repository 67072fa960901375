import { observed, onBehalfOf } from '../activity.js';
import { configureLog, listenToLog, log, registerSecret } from '../log.js';
import { jsonLines, textLine } from './log-lines.js';

test('a line of JSON says when, how bad, what, and on whose behalf, as far as that is known', async () => {
  const line = jsonLines();
  const parse = (text: string) => JSON.parse(text);
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(parse(line('info', 'It "works"\nwell.', {}))).toEqual({ time, level: 'info', message: 'It "works"\nwell.' });
  expect(parse(line('error', 'No.', { stream: 'deals', code: 'HF-SCOPES' }))).toMatchObject({
    stream: 'deals',
    code: 'HF-SCOPES',
  });
  const inPhase = await onBehalfOf('contacts', () =>
    observed('phase', { stream: 'contacts', phase: 'load' }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return line('warn', 'Odd.', {});
    }),
  );
  expect(parse(inPhase)).toEqual({ time, level: 'warn', message: 'Odd.', stream: 'contacts', phase: 'load' });
  expect(parse(line('info', 'Behind it.', {}))).not.toHaveProperty('phase');
  expect(textLine('warn', 'Odd.', { code: 'HF-INTERNAL' })).toBe('WARN Odd.');
});

test('who listens hears of what is logged, and of every warning, without secrets; the sink only of what is logged', () => {
  const [heard, logged]: string[][] = [[], []];
  registerSecret('secret-of-this-test');
  configureLog({ level: 'error', sink: (level, message) => logged?.push(`${level} ${message}`) });
  const stop = listenToLog((level, message) => heard?.push(`${level} ${message}`));
  log.error('one');
  log.warn('two secret-of-this-test');
  log.info('three');
  stop();
  log.error('four');
  expect(heard).toEqual(['error one', 'warn two ****']);
  expect(logged).toEqual(['error one', 'error four']);
});
