import { CredentialsError, DailyLimitError, MissingScopesError, RequestError, UnavailableError } from '../../errors.js';
import { epochMs, timeOf } from '../../time.js';
import { dailyLimit } from './daily-quota.js';
import { judge, parseRetryAfter, pauseBefore, RETRY, rateLimitedPause, type Verdict } from './faults.js';

const answer = (
  status: number,
  body: unknown = {},
  retryAfter: string | null = null,
  day: number | undefined = 86_400_000,
) =>
  judge({ status, retryAfter, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }, 'contacts', {
    now: epochMs(3_600_000),
    resetsAt: day === undefined ? undefined : epochMs(day),
  });

test.each([408, 500, 502, 503, 504, 524])('%i passes: it is repeated, also when its body is HTML', (status) => {
  expect(answer(status, '<html>')).toMatchObject({ action: 'repeat' });
});

test('a lock is waited for two seconds at least', () => {
  expect(answer(423)).toMatchObject({ action: 'repeat', leastPauseMs: 2000 });
});

test('a portal being moved is waited for as long as it says, within reason', () => {
  expect(answer(477, {}, '30')).toMatchObject({ action: 'repeat', leastPauseMs: 30_000 });
  expect(answer(477, {}, '86400')).toMatchObject({ action: 'fail', error: expect.any(UnavailableError) });
});

test.each([
  ['TEN_SECONDLY_ROLLING', null, 10_000],
  ['TEN_SECONDLY_ROLLING', '3', 3000],
  ['SECONDLY', null, 1000],
  [undefined, null, 1000],
])('429 %s with Retry-After %s backs off for %i ms', (policyName, retryAfter, pauseMs) => {
  expect(answer(429, { policyName }, retryAfter)).toMatchObject({ action: 'backOff', pauseMs });
});

test('the limit of the day ends the run, and says when it can go on', () => {
  const verdict = answer(429, { policyName: 'DAILY' });
  expect(verdict).toMatchObject({ action: 'endDay', error: expect.any(DailyLimitError) });
  expect(verdict.action === 'endDay' && verdict.error).toMatchObject({
    message: expect.stringContaining('from 1970-01-02T00:00Z on.'),
    resetsAt: 86_400_000,
  });
});

test('a pause that is too long to be waited for ends the run like the limit of the day', () => {
  const verdict = answer(429, { policyName: 'SECONDLY' }, '7200');
  expect(verdict).toMatchObject({ action: 'endDay', error: { resetsAt: 3 * 3_600_000, kind: 'transient_error' } });
});

test('where nobody knows when the day ends, it has ended a day from now', () => {
  expect(dailyLimit('No.', undefined, epochMs(0))).toMatchObject({
    message: 'No. The state is saved; the next run goes on from 1970-01-02T00:00Z on at the latest.',
    resetsAt: 86_400_000,
  });
});

test('a call that is refused again and again waits longer, up to ten seconds, and never less than asked', () => {
  expect([1, 2, 5, 50].map((attempt) => rateLimitedPause(RETRY, attempt, 1000, () => 0))).toEqual([
    1000, 1000, 4000, 10_000,
  ]);
  expect(rateLimitedPause(RETRY, 1, 60_000, () => 0)).toBe(60_000);
  expect(rateLimitedPause(RETRY, 1, 10_000, () => 1)).toBe(11_000);
});

test('a refused token is worth one renewal; a malformed one is not', () => {
  expect(answer(401, { category: 'EXPIRED_AUTHENTICATION' })).toMatchObject({
    action: 'renewToken',
    error: expect.any(CredentialsError),
  });
  expect(answer(530)).toMatchObject({ action: 'fail', error: expect.any(CredentialsError) });
});

test('a missing scope is named as HubSpot names it', () => {
  const body = { category: 'MISSING_SCOPES', errors: [{ context: { requiredGranularScopes: ['a.read', 'b.read'] } }] };
  const verdict = answer(403, body);
  expect(verdict.action === 'fail' && verdict.error).toBeInstanceOf(MissingScopesError);
  expect(verdict.action === 'fail' && verdict.error.message).toContain('add the scope a.read or b.read');
});

test('any other refusal is passed on with what HubSpot said', () => {
  const verdict = answer(400, { message: 'Unknown property' });
  expect(verdict.action === 'fail' && verdict.error.message).toBe(
    'HubSpot refused a call for contacts (400): Unknown property',
  );
});

test('pauses double up to a bound, and half of each is chance', () => {
  expect(pauseBefore(RETRY, 1, () => 1)).toBe(RETRY.firstPauseMs);
  expect(pauseBefore(RETRY, 3, () => 1)).toBe(RETRY.firstPauseMs * 4);
  expect(pauseBefore(RETRY, 3, () => 0)).toBe(RETRY.firstPauseMs * 2);
  expect(pauseBefore(RETRY, 50, () => 1)).toBe(RETRY.longestPauseMs);
});

test('Retry-After is read in both its forms', () => {
  expect(parseRetryAfter('2')).toBe(2000);
  expect(parseRetryAfter('Thu, 01 Jan 2026 00:00:05 GMT', () => timeOf('2026-01-01T00:00:00Z'))).toBe(5000);
  expect(parseRetryAfter('soon')).toBeNull();
  expect(parseRetryAfter(null)).toBeNull();
});

describe('an answer that is not HubSpot’s own', () => {
  const foreign = (status: number, text: string): Verdict =>
    judge({ status, retryAfter: null, body: Buffer.from(text) }, 'contacts', { now: epochMs(0), resetsAt: undefined });

  test.each([400, 403, 404])('of %d is repeated, and quoted', (status) => {
    expect(foreign(status, 'Invalid request')).toMatchObject({
      action: 'repeat',
      why: expect.stringContaining(`answered ${status} with "Invalid request"`),
    });
    expect(foreign(status, '<html><h1>Blocked</h1> by the firewall</html>')).toMatchObject({
      action: 'repeat',
      why: expect.stringContaining('with "Blocked by the firewall"'),
    });
    expect(foreign(status, '')).toMatchObject({ action: 'repeat', why: expect.stringContaining('with nothing') });
    expect(foreign(status, '{"error": {"code": 7}}')).toMatchObject({ action: 'repeat' });
  });

  test.each([{ status: 'error', message: 'no' }, { message: 'no' }, { category: 'VALIDATION_ERROR' }])(
    '%p is HubSpot’s own',
    (body) => {
      for (const status of [400, 403, 404]) expect(answer(status, body)).toMatchObject({ action: 'fail' });
    },
  );
});

test.each([
  { category: 'MISSING_SCOPES' },
  { message: "This app hasn't been granted all required scopes to make this call." },
  { message: "This auth request is missing required 'content' scope" },
  { message: 'You do not have proper permissions.' },
  { message: 'no', errors: [{ context: { requiredScopes: ['content'] } }] },
])('a 403 for want of a scope is known by %p', (body) => {
  expect(answer(403, body)).toMatchObject({ action: 'fail', error: expect.any(MissingScopesError) });
});

test('any other 403 is a refusal, and says nothing of scopes', () => {
  const verdict = answer(403, { message: 'This account is suspended.' });
  expect(verdict.action === 'fail' && verdict.error).toBeInstanceOf(RequestError);
  expect(verdict.action === 'fail' && verdict.error.message).toContain('This account is suspended.');
});

test('what HubSpot says of the parts of a request is shown', () => {
  const body = {
    message: 'There was a problem with the request.',
    errors: [{ message: 'Property "amont" does not exist' }],
  };
  const verdict = answer(400, body);
  expect(verdict.action === 'fail' && verdict.error.message).toBe(
    'HubSpot refused a call for contacts (400): There was a problem with the request. Property "amont" does not exist',
  );
});
