import { type Fault, pause, until } from '@madang/verify';
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** How long it may take until a call is refused, in ms: somebody must send something first. */
const REFUSED_MS = 15_000;

/** How long sends may take to be acknowledged again, in ms. */
const HEAL_MS = 15_000;

/** The database is taken away from under the server, and another file put in its place; then it returns. */
export const takenAway: Fault = {
  kind: 'taken-away',
  weight: 1,
  run: async ({ subjects, history, tally, random, acknowledged }) => {
    const [subject] = subjects;
    const file = join(subject.data, 'madang.db');
    const away = join(subject.data, 'away.db');
    history.add({ type: 'fault', kind: 'taken-away' });
    const refused = history.unavailable;
    const isUnsure = history.isUnsure;
    history.isUnsure = true;
    renameSync(file, away);
    if (random.chance(0.5)) copyFileSync(away, file);
    const isRefused = await until(() => history.unavailable > refused, REFUSED_MS, 20);
    await pause(random.between(100, 800));
    renameSync(away, file);
    history.add({ type: 'fault', kind: 'brought-back' });
    if (!isRefused) throw new Error(`nothing was refused while the database was away: ${subject.output()}`);
    tally.takenAway += 1;
    const before = acknowledged();
    const isHealed = await until(() => acknowledged() > before, HEAL_MS);
    history.isUnsure = isUnsure;
    if (isHealed) return;
    throw new Error(`nothing was acknowledged for ${HEAL_MS} ms after the database was back: ${subject.output()}`);
  },
};
