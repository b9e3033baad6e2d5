import { openEarly } from '@madang/client/early';

// A file of its own, so small that it is there long before the others: the server's answers travel while they load.
const [, room] = /^#\/r\/([\w-]+)$/.exec(location.hash) ?? [];
const early = openEarly(room);
// Not awaited here: the other files import this one, too.
void import('./start.js').then(({ start }) => start(early));
// The way to a room needs this as well, and would ask for it only when the above is there. If it fails, it is loaded again when
// it is needed.
if (room !== undefined) import('./features/message/conversation.js').catch(() => {});
