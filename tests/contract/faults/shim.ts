import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('shim.c', import.meta.url));

/** The fields of the shared control file, in the order of `shim.c`. */
const fields = [
  'clockMs',
  'space',
  'readOnly',
  'powerLoss',
  'point',
  'countdown',
  'pointPower',
  'syncLies',
  'outDropped',
  'outRefused',
  'outSyncs',
  'ioError',
  'copies',
] as const;

type Field = (typeof fields)[number];

/** The moments of a commit at which the shim can end the server. */
export const commitPoints = { beforeWrite: 1, beforeSync: 2, afterSync: 3 } as const;

/** A disk and a clock that fail on demand, under one server at a time. */
export interface Shim {
  /** The environment to start the server with. */
  env: Record<string, string>;
  set(field: Field, value: number): void;
  get(field: Field): number;
  /** Restores a working disk and clock. */
  mend(): void;
  close(): void;
}

/**
 * Compiles the preload library. Without it there are no power losses, failing disks and jumping clocks, and a run would
 * prove nothing about them. So it throws if it can't.
 */
export function compileShim(folder: string): string {
  const library = join(folder, 'shim.so');
  const flags = ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl', '-lpthread'];
  const { status, error, stderr } = spawnSync('cc', flags, { encoding: 'utf8' });
  if (process.platform === 'linux' && status === 0) return library;
  const reason = error?.message ?? stderr.trim();
  throw new Error(
    `Faults of the disk and the clock need Linux and a C compiler (Debian: apt-get install gcc libc6-dev): ${reason}`,
  );
}

/** Creates the shim for a server whose data is in `data`. */
export function createShim(library: string, control: string, data: string): Shim {
  const file = openSync(control, 'w+');
  const set = (field: Field, value: number): void => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(Math.round(value)));
    writeSync(file, bytes, 0, 8, fields.indexOf(field) * 8);
  };
  const mend = (): void => {
    const off = ['clockMs', 'readOnly', 'powerLoss', 'point', 'countdown', 'pointPower', 'ioError', 'copies'] as const;
    for (const field of off) set(field, 0);
    set('space', -1);
  };
  for (const field of fields) set(field, 0);
  mend();
  return {
    env: { LD_PRELOAD: library, MADANG_FAULT_CONTROL: control, MADANG_FAULT_FOLDER: data },
    set,
    get: (field) => {
      const bytes = Buffer.alloc(8);
      readSync(file, bytes, 0, 8, fields.indexOf(field) * 8);
      return Number(bytes.readBigInt64LE());
    },
    mend,
    close: () => closeSync(file),
  };
}
