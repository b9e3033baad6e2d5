// What the store's write thread needs of the protocol. There are no schemas in it, because loading those would take most of
// the time in which the thread starts.
export { type EditedContent, type MessageContent, noContent } from './content.js';
export { formatLimits } from './limits.js';
export { searchKey } from './search-key.js';
