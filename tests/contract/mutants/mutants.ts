import { cut, type Fault, kill, type ViolationKind } from '@madang/verify';
import { diskFull, powerLoss } from '../faults/disk.ts';
import { restore } from '../faults/restore.ts';
import type { Shim } from '../faults/shim.ts';
import type { Edit } from './mutate.ts';

/** A server that breaks one promise, and what the checker must report. */
export interface Mutant {
  name: string;
  edits: readonly Edit[];
  /** One of these must be found. */
  caughtAs: readonly ViolationKind[];
  /** Represents its kind in `npm test`; `npm run test:contract -- --mutants` tries all. */
  isInShort?: true;
  /** The fault that exposes it, repeatedly; none if absent. */
  fault?: Fault;
  /** The same, for what only a failing disk exposes. */
  diskFault?: (shim: Shim) => Fault;
}

const sendBuffer = 'fanout/send-buffer.js';
const writeWorker = 'store/sqlite/write-worker.js';
const writeEvents = 'writeEvents(connection, encoded, range) {';

/**
 * The mutants that the ordinary workload catches. The first two are caught in `tests/server/verify.test.ts`, too, by
 * `madang verify`.
 */
export const mutants: readonly Mutant[] = [
  {
    name: 'acknowledges before the commit',
    edits: [
      {
        file: writeWorker,
        from: `this.#gained = 0;
        this.#begin.run();`,
        to: `this.#gained = 0;
        if (!this.#database.inTransaction) this.#begin.run();`,
      },
      {
        file: writeWorker,
        from: `this.#commit.run();
            this.#position += this.#gained;`,
        // While messages wait for their commit, everything that arrives waits with them, so each kill hits some.
        to: `const commit = () => {
            this.isLate = false;
            if (this.#database.inTransaction) this.#commit.run();
          };
          if (!this.isLate && batch.some(({ events }) => events[0].name === 'message.created')) {
            this.isLate = true;
            setTimeout(commit, 400);
          } else if (!this.isLate) commit();
          this.#position += this.#gained;`,
      },
    ],
    caughtAs: ['lost', 'phantom'],
    fault: kill,
  },
  {
    name: 'drops one event in seventeen',
    edits: [{ file: sendBuffer, from: writeEvents, to: `${writeEvents} if (range.seq % 17 === 5) return;` }],
    caughtAs: ['gap'],
  },
  {
    name: 'swaps two events',
    isInShort: true,
    edits: [
      {
        file: sendBuffer,
        from: writeEvents,
        to: `${writeEvents}
          const { kept } = connection;
          connection.kept = undefined;
          if (!kept && range.seq % 7 === 3) {
            connection.kept = { encoded, range };
            return;
          }
          this.writeInOrder(connection, encoded, range);
          if (kept) this.writeInOrder(connection, kept.encoded, kept.range);
        }
        writeInOrder(connection, encoded, range) {`,
      },
    ],
    caughtAs: ['disorder'],
  },
  {
    name: 'recognises no repeated clientId',
    isInShort: true,
    edits: [{ file: 'store/queries/messages.js', from: 'p.at, c.clientId]', to: 'p.at, null]' }],
    caughtAs: ['cloned'],
  },
  {
    name: 'keeps sending to users who left',
    isInShort: true,
    edits: [{ file: 'fanout/deliver.js', from: 'this.#connections.leave(memberOf(last), room);', to: ';' }],
    caughtAs: ['leaked'],
  },
  {
    name: 'lets anybody read a log',
    edits: [
      {
        file: 'identity/authority.js',
        from: `const rung = room.role ?? 'outsider';`,
        to: `if (permission === 'room.read') return undefined; const rung = room.role ?? 'outsider';`,
      },
      {
        file: 'commands/log.js',
        from: 'const range = own.get(room);',
        to: 'const range = own.get(room) ?? (await store.access(room, context.session.user.id));',
      },
    ],
    caughtAs: ['leaked'],
  },
  {
    name: 'begins each page one event too late',
    edits: [
      {
        file: 'log/room-log.js',
        from: 'await this.#eventsAfter(room, head, after, wanted)',
        to: 'await this.#eventsAfter(room, head, after > 3 ? after + 1 : after, wanted)',
      },
      // The check for removed parts of the log would hide it.
      { file: 'log/room-log.js', from: 'if (wanted > 0 && first?.seq !== after + 1)', to: 'if (false)' },
    ],
    caughtAs: ['gap'],
    fault: cut,
  },
  {
    name: 'keeps its epoch when a backup is restored',
    isInShort: true,
    edits: [
      {
        file: 'store/sqlite/prepare.js',
        from: 'db, run, reason !== undefined)',
        to: 'db, run, false)',
      },
    ],
    caughtAs: ['epoch'],
    fault: restore,
  },
];

/** The mutants that only a failing disk exposes. */
export const diskMutants: readonly Mutant[] = [
  {
    name: 'does not sync',
    isInShort: true,
    edits: [
      { file: 'store/sqlite/connection.js', from: 'synchronous = FULL', to: 'synchronous = NORMAL' },
      { file: 'store/sqlite/connection.js', from: 'synchronous !== 2', to: 'synchronous === 2' },
    ],
    caughtAs: ['lost', 'phantom'],
    diskFault: powerLoss,
  },
  {
    name: 'acknowledges what the disk refused',
    edits: [
      {
        file: 'log/writer.js',
        from: 'each.reject(reason);',
        to: `each.resolve({ status: 'appended', seqs: each.append.events.map(() => 1) });`,
      },
    ],
    caughtAs: ['lost'],
    diskFault: diskFull,
  },
];

/** The mutant that only a slow client exposes. */
export const slowMutant: Mutant = {
  name: 'does not tell a slow client what it missed',
  edits: [{ file: sendBuffer, from: 'connection.write(connection.format.encode(events));', to: 'void events;' }],
  caughtAs: ['gap'],
};
