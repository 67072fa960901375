import { jest } from '@jest/globals';
import { tell } from '../../activity.js';
import { configureLog } from '../../log.js';
import { showProgress } from './show-progress.js';

test('outside a terminal a line of the log now and then shows that a run is alive, until it ends', async () => {
  const logged: string[] = [];
  configureLog({ level: 'info', sink: (_, message) => logged.push(message) });
  jest.useFakeTimers();
  try {
    const end = await showProgress();
    tell('records', { stream: 'contacts', count: 1_234 });
    jest.advanceTimersByTime(29_000);
    expect(logged).toEqual([]);
    jest.advanceTimersByTime(2_000);
    expect(logged).toEqual([expect.stringContaining('1,234 records')]);
    end();
    jest.advanceTimersByTime(60_000);
    expect(logged).toHaveLength(1);
  } finally {
    jest.useRealTimers();
  }
});
