import type { Handler, Services } from '../http/listener.js';
import { zoneOffsetMs } from '../portal/account.js';
import { iso } from '../portal/clock.js';
import type { ObjectType } from '../portal/types/object-types.js';
import { reply } from './reply.js';
import { typeNamed } from './type-names.js';

/** The most records of a standard object, and of all custom objects together, in the plan this portal pretends to have. */
const MAX_RECORDS = 15_000_000;
const MAX_CUSTOM_RECORDS = 10_000_000;

/** `GET /account-info/…/details`. */
export const accountHandler: Handler = {
  answer(_, services) {
    const { portal } = services;
    const { accountType, ...account } = portal.account;
    const offsetMs = zoneOffsetMs(account.timeZone, portal.clock.now());
    const minutes = Math.abs(offsetMs) / 60_000;
    const clock = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
    return reply(services, {
      ...account,
      accountType,
      utcOffset: `${offsetMs < 0 ? '-' : '+'}${clock}`,
      utcOffsetMilliseconds: offsetMs,
    });
  },
};

/** `GET /account-info/…/api-usage/daily/private-apps`: the day's calls so far, and when the count starts anew. */
export const usageHandler: Handler = {
  answer(_, services) {
    const { portal, limits } = services;
    const { used, limit, resetsAt } = limits.usage();
    const usage = {
      name: 'private-apps-api-calls-daily',
      currentUsage: used,
      usageLimit: limit,
      collectedAt: iso(portal.clock.now()),
      resetsAt: iso(resetsAt),
      fetchStatus: 'SUCCESS',
    };
    return reply(services, { results: [usage] });
  },
};

/** `GET /crm/limits/…/records`: how many live records there are of each object type. */
export const recordCountsHandler: Handler = {
  answer(_, services) {
    const types = services.portal.types.all().filter((type) => type.readable);
    const counted = types.map((type) => ({ type, usage: liveCount(type, services) }));
    const named = ({ type, usage }: (typeof counted)[number]) => ({
      objectTypeId: type.id,
      singularLabel: type.labels.singular,
      pluralLabel: type.labels.plural,
      usage,
    });
    const custom = counted.filter(({ type }) => type.custom);
    const overallUsage = custom.reduce((sum, { usage }) => sum + usage, 0);
    return reply(services, {
      hubspotDefinedObjectTypes: counted
        .filter(({ type }) => !type.custom)
        .map((one) => ({ ...named(one), limit: MAX_RECORDS, percentage: percentage(one.usage, MAX_RECORDS) })),
      customObjectTypes: {
        overallLimit: MAX_CUSTOM_RECORDS,
        overallUsage,
        overallPercentage: percentage(overallUsage, MAX_CUSTOM_RECORDS),
        byObjectType: custom.map(named),
      },
    });
  },
};

function liveCount(type: ObjectType, { portal }: Services): number {
  return portal.store(type).records.reduce((count, record) => count + (record.live ? 1 : 0), 0);
}

function percentage(usage: number, limit: number): number {
  return Math.round((usage / limit) * 100_000) / 1_000;
}

/** `GET /crm/object-library/…/enablement`: only objects that can be switched on and off are listed. */
export const enablementHandler: Handler = {
  answer(_, services) {
    const { portal, switches } = services;
    const { disabledObjects } = switches.now;
    const entries = portal.types
      .all()
      .filter((type) => type.activatable)
      .map((type) => [type.id, !disabledObjects.includes(type.id)] as const);
    return reply(services, { enablementByObjectTypeId: Object.fromEntries(entries) });
  },
};

/** `GET /crm/object-library/…/enablement/{objectTypeId}`. */
export const enablementOfHandler: Handler = {
  answer(call, services) {
    const type = typeNamed(call.params.type, services);
    return reply(services, { enablement: !services.switches.now.disabledObjects.includes(type.id) });
  },
};
