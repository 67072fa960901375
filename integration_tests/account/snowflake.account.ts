import { storeBehaviours } from '../stores/behaviours.js';
import { AccountWarehouse } from '../support/account/account-warehouse.js';

storeBehaviours(new AccountWarehouse());
