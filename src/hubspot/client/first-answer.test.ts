import { FirstAnswer } from './first-answer.js';

const never = () => new Promise<string>(() => undefined);
const after = (milliseconds: number) =>
  new Promise<string>((resolve) => setTimeout(() => resolve('late'), milliseconds));

test('a host that never answers is given up when it is time', async () => {
  const first = new FirstAnswer(100);
  await expect(first.of(never())).rejects.toThrow('no answer within 0.1 s');
  expect(first.isTooLate(0)).toBe(true);
});

test('what went wrong before is what is said', async () => {
  const first = new FirstAnswer(100);
  first.failure = new Error('ECONNREFUSED');
  await expect(first.of(never())).rejects.toThrow('ECONNREFUSED');
});

test('the time begins with the first call, and is one for all of them', async () => {
  const first = new FirstAnswer(300);
  await after(350);
  expect(first.isTooLate(0)).toBe(false);
  const startedAt = Date.now();
  const calls = [first.of(never()), after(200).then(() => first.of(never()))];
  await Promise.all(calls.map((call) => expect(call).rejects.toThrow('no answer')));
  expect(Date.now() - startedAt).toBeLessThan(450);
});

test('a host that has answered is waited for as long as ever, also by calls that were under way', async () => {
  const first = new FirstAnswer(100);
  const call = first.of(after(300));
  first.came = true;
  expect(await call).toBe('late');
  expect(await first.of(after(200))).toBe('late');
  expect(first.isTooLate(1e9)).toBe(false);
});
