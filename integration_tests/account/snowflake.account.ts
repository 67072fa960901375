import { storeBehaviours } from '../stores/behaviours.js';
import { AccountWarehouse } from '../support/account-warehouse.js';

storeBehaviours(new AccountWarehouse());
