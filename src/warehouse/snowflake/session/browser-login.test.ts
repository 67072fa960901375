import { CredentialsError } from '../../../errors.js';
import { browserLogin } from './browser-login.js';

const terminals = [process.stderr, process.stdin] as { isTTY?: boolean }[];
const before = terminals.map(({ isTTY }) => isTTY);
afterEach(() => {
  for (const [index, each] of terminals.entries()) Object.assign(each, { isTTY: before[index] });
});
const sitAt = (which: number | null) => {
  for (const [index, each] of terminals.entries()) Object.assign(each, { isTTY: index === which });
};

test('a login by browser is refused where nobody is there', () => {
  sitAt(null);
  expect(browserLogin).toThrow(CredentialsError);
  expect(browserLogin).toThrow(/needs someone at a terminal.* use a key pair, Workload Identity or a programmatic/);
});

test.each([0, 1])('with a terminal the driver is told how to open one', (which) => {
  sitAt(which);
  expect(browserLogin()).toMatchObject({ openExternalBrowserCallback: expect.any(Function) });
});
