import { removalBehaviours } from '../stores/removals.js';
import { validityBehaviours } from '../stores/validity.js';
import { AccountWarehouse } from '../support/account/account-warehouse.js';

/** As many random histories as an account plays in some minutes. */
const SOME = 3;

describe('removals', () => removalBehaviours(new AccountWarehouse(), SOME));
describe('validity', () => validityBehaviours(new AccountWarehouse(), SOME));
