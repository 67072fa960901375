import { configureLog } from '../../src/log.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { valueAt } from '../../src/sandbox/portal/values.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readTable, readTogether } from './reading.js';
import { plain, Rows } from './rows.js';

/** Forms, and what contacts have submitted by them: whose a submission is, is told by the e-mail address. */

const FORMS = '/marketing/v3/forms';
const SUBMISSIONS = '/form-integrations/v1/submissions/forms/:form';

let played: Played;
beforeEach(async () => {
  played = await startPlayed({ counts: { '*': 0, contacts: 20 } });
});
afterEach(() => played.sandbox.close());

const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);
const portalId = () => played.sandbox.portal.account.portalId;

/** The ids of contacts by their addresses. */
function contacts(): Map<string, number> {
  const { portal } = played.sandbox;
  const type = portal.type('contacts');
  const email = portal.properties(type).get('email');
  const live = portal.store(type).records.filter((record) => record.live);
  return new Map(live.flatMap((record) => [[String(valueAt(record, email, record.change)), record.id] as const]));
}

const fieldsOf = ({ values }: JsonObject) => values as JsonObject[];
const addressOf = (submission: JsonObject) => String(fieldsOf(submission)[0]?.value);

/** What was submitted by forms that are no blog comments, with the form. */
function submitted(): JsonObject[] {
  const refused = [...collectionAt(FORMS).truth()].flatMap(([id, { formType }]) =>
    formType === 'blog_comment' ? [id] : [],
  );
  const forms = collectionAt(SUBMISSIONS)
    .list(false)
    .map(({ id, members }) => [id, String((members as JsonObject).form)] as const);
  return forms.flatMap(([id, form]) => {
    const item = collectionAt(SUBMISSIONS).truth().get(id) as JsonObject;
    return refused.includes(form) ? [] : [{ ...item, form }];
  });
}

/** Submits a form. @param at epoch ms */
function submit(id: string, address: string, at = played.sandbox.portal.clock.now()): void {
  const values = [{ name: 'email', value: address, objectTypeId: '0-1' }];
  collectionAt(SUBMISSIONS).put(id, { form: '2001', values, pageUrl: 'https://x.example/' }, at);
}

function wanted(): Record<string, unknown> {
  const ids = contacts();
  return Object.fromEntries(
    submitted().flatMap((each) => {
      const contact = ids.get(addressOf(each).toLowerCase());
      if (contact === undefined) return [];
      const row = {
        contact_id: contact,
        conversion_id: each.conversionId,
        form_id: each.form,
        timestamp: plain(each.submittedAt),
        page_url: each.pageUrl,
        portal_id: portalId(),
        page_id: null,
        title: null,
      };
      return [[`${contact} ${each.conversionId}`, row]];
    }),
  );
}

test('forms have their columns, and one that is gone is marked', async () => {
  const forms = new Rows(played.sandbox, 'form');
  await forms.sync();
  const nothing = { action: null, css_class: null, follow_up_id: null, lead_nurturing_campaign_id: null, method: null };
  const rows = [...collectionAt(FORMS).truth().values()].map((each) => {
    const { notifyRecipients, postSubmitAction } = each.configuration as Record<
      string,
      { type: string; value: string }
    >;
    return {
      guid: each.id,
      name: each.name,
      form_type: each.formType,
      portal_id: portalId(),
      redirect: postSubmitAction?.type === 'redirect_url' ? postSubmitAction.value : null,
      submit_text: 'Send',
      notify_recipients: JSON.stringify(notifyRecipients),
      created_at: plain(each.createdAt),
      updated_at: plain(each.updatedAt),
      ...nothing,
      _fivetran_deleted: false,
    };
  });
  expect(forms.all).toEqual(Object.fromEntries(rows.map((row) => [row.guid, row])));
  expect(rows.some(({ redirect }) => redirect !== null)).toBe(true);
  collectionAt(FORMS).archive('2001');
  played.wait(5);
  await forms.sync();
  expect(forms.at(2001)).toEqual({ ...rows[0], guid: '2001', _fivetran_deleted: true });
});

test('submissions of contacts are rows, and those of nobody known are left out', async () => {
  const [someone = ''] = contacts().keys();
  submit('9001', 'nobody@elsewhere.example');
  submit('9008', ` ${someone.toUpperCase()} `);
  played.wait(1);
  const submissions = new Rows(played.sandbox, 'contact_form_submission');
  await submissions.sync();
  const rows = wanted();
  expect(Object.keys(rows).length).toBeGreaterThan(30);
  expect(submissions.all).toMatchObject(rows);
  // And one of an address with capitals and blanks.
  expect(Object.keys(submissions.all)).toHaveLength(Object.keys(rows).length + 1);
  expect(Object.values(submissions.all).filter(({ page_url: page }) => page === 'https://x.example/')).toMatchObject([
    { contact_id: contacts().get(someone) },
  ]);
  expect(await submissions.sync()).toEqual([]);
});

test('a submission comes once; one whose contact is made within the hour comes with it', async () => {
  const submissions = new Rows(played.sandbox, 'contact_form_submission');
  await submissions.sync();
  played.wait(10);
  submit('9001', 'late@elsewhere.example');
  played.wait(1);
  expect(await submissions.sync()).toEqual([]);
  played.wait(20);
  const id = played.sandbox.portal.create('contacts', { email: 'late@elsewhere.example' });
  expect(await submissions.sync()).toMatchObject([{ contact_id: Number(id), form_id: '2001' }]);
  expect(await submissions.sync()).toEqual([]);
  // A day later only a full refresh finds one.
  submit('9008', 'later@elsewhere.example');
  played.wait(1);
  await submissions.sync();
  played.wait(24 * 60);
  await submissions.sync();
  played.sandbox.portal.create('contacts', { email: 'later@elsewhere.example' });
  expect(await submissions.sync()).toEqual([]);
  const { records } = await readTable(played.sandbox, 'contact_form_submission', null, { mode: 'full_refresh' });
  expect(records).toHaveLength(Object.keys(wanted()).length);
});

test('each field that was filled in is a row', async () => {
  submit('9001', 'nobody@elsewhere.example');
  collectionAt(SUBMISSIONS).put('9001', {
    values: [
      { name: 'colour', value: 'red', objectTypeId: '0-1' },
      { name: 'colour', value: 'blue', objectTypeId: '0-1' },
    ],
  });
  played.wait(1);
  const responses = new Rows(played.sandbox, 'submission_response');
  await responses.sync();
  const rows = submitted().flatMap((each) =>
    fieldsOf(each).map(({ name, value, objectTypeId }) => ({
      _fivetran_id: expect.any(String),
      conversion_id: each.conversionId,
      form_id: each.form,
      object_type_id: objectTypeId,
      field_name: name,
      field_value: value,
      submitted_at: each.submittedAt,
      page_url: each.pageUrl,
    })),
  );
  expect(Object.values(responses.all)).toHaveLength(rows.length);
  expect(Object.values(responses.all)).toEqual(expect.arrayContaining(rows));
  expect(await responses.sync()).toEqual([]);
});

test('both tables of submissions ask once for each page, and for each address once', async () => {
  const { sandbox } = played;
  const [someone = ''] = contacts().keys();
  for (let n = 0; n < 300; n += 1) submit(String(100_000 + n), n % 2 === 0 ? someone : `n${n}@elsewhere.example`);
  played.wait(1);
  sandbox.calls.reset();
  await readTogether(sandbox, ['form', 'contact_form_submission', 'submission_response']);
  const urls = sandbox.calls.last(Number.POSITIVE_INFINITY).map(({ url }) => url);
  const pages = urls.filter((url) => url.includes('/submissions/forms/'));
  expect(pages.length).toBeGreaterThan(8);
  expect(new Set(pages).size).toBe(pages.length);
  expect(urls.filter((url) => url.startsWith(FORMS))).toHaveLength(2);
  // 150 addresses of nobody, and some of contacts.
  expect(sandbox.calls.counts().byKind.batchRead).toBeLessThanOrEqual(8);
});

test('addresses that were entered by several forms are asked for together', async () => {
  const submissions = new Rows(played.sandbox, 'contact_form_submission');
  await submissions.sync();
  const addresses = [...contacts().keys()];
  for (const [index, form] of [...collectionAt(FORMS).truth()].filter(isTold).entries()) {
    const values = [{ name: 'email', value: addresses[index], objectTypeId: '0-1' }];
    collectionAt(SUBMISSIONS).put(String(200_000 + index), { form: form[0], values, pageUrl: 'https://x.example/' });
  }
  played.wait(1);
  played.sandbox.calls.reset();
  expect((await submissions.sync()).length).toBeGreaterThan(4);
  expect(played.sandbox.calls.counts().byKind.batchRead).toBeLessThan(5);
});
const isTold = ([, { formType }]: readonly [string, Record<string, unknown>]) => formType !== 'blog_comment';

test('how many were left out is said once', async () => {
  const said: string[] = [];
  configureLog({ level: 'info', sink: (_, message) => said.push(message) });
  for (const id of ['9001', '9008', '9015']) submit(id, 'nobody@elsewhere.example');
  played.wait(1);
  await readTable(played.sandbox, 'contact_form_submission', null);
  const unknown = submitted().filter((each) => !contacts().has(addressOf(each))).length;
  expect(unknown).toBeGreaterThan(2);
  expect(said.filter((line) => line.includes('left out'))).toEqual([
    `contact_form_submission: ${unknown} submissions are left out, since no contact has the e-mail address that was entered.`,
  ]);
});
