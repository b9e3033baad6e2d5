// What the store's write thread needs of the protocol. It has no schemas, so it loads in a moment: the thread starts with
// each workspace, and the whole table would be most of what that costs.
export { type EditedContent, type MessageContent, noContent } from './content.js';
export { formatLimits } from './limits.js';
export { searchKey } from './search-key.js';
