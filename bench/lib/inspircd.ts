import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Contender } from './contender.ts';
import { irc } from './dialect.ts';
import { removeFolder, workFolder } from './workspace.ts';

const program = '/usr/sbin/inspircd';

/** Whether Debian's package `inspircd` is installed. */
export function hasInspircd(): boolean {
  return existsSync(program);
}

/** A chat server in C++ that people use, with its flood limits lifted. It stores nothing. */
export const inspircd: Contender = {
  name: 'InspIRCd',
  dialect: irc,
  prepare: async ({ people, roomSize }) => {
    const folder = workFolder();
    const port = await freePort();
    const file = join(folder, 'inspircd.conf');
    writeFileSync(file, config(folder, port));
    return {
      command: { program, args: ['--nofork', '--nolog', '--runasroot', '--config', file], port },
      places: Array.from({ length: people }, (_each, index) => ({
        room: `r${roomSize === undefined ? 0 : Math.floor(index / roomSize)}`,
        token: `u${index}`,
      })),
      close: () => removeFolder(folder),
    };
  },
};

function config(folder: string, port: number): string {
  return [
    `<path datadir="${folder}" logdir="${folder}" runtimedir="${folder}">`,
    `<pid file="${join(folder, 'pid')}">`,
    '<server name="irc.example" description="bench" network="bench">',
    '<admin name="bench" nick="bench" email="bench@example.com">',
    `<bind address="127.0.0.1" port="${port}" type="clients">`,
    '<module name="cap"><module name="ircv3_echomessage">',
    '<connect allow="*" timeout="60" pingfreq="600" maxchans="20" localmax="100000" globalmax="100000" modes="" useident="no" resolvehostnames="no" commandrate="1000000000" fakelag="no" threshold="1000000000" recvq="1000000" sendq="100000000" softsendq="100000000" hardsendq="100000000">',
    '<performance softlimit="100000" somaxconn="1024" timeskipwarn="0">',
    '<options defaultmodes="nt">',
    '<security maxtargets="20">',
  ].join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
