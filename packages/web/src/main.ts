import { openEarly } from '@madang/client/early';

// A file of its own, so small that it is there long before the others: the server's answers travel while they load.
const [, room] = /^#\/r\/([\w-]+)$/.exec(location.hash) ?? [];
const early = openEarly(room);
// Not awaited here: the other files import this one, too.
void import('./start.js').then(({ start }) => start(early));
