export { earlier, isFrom, later, notBefore } from '../../time.js';
