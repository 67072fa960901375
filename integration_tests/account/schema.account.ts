import { schemaBehaviours } from '../stores/schema-behaviours.js';
import { AccountWarehouse } from '../support/account/account-warehouse.js';

schemaBehaviours(new AccountWarehouse());
