// What the tests need from the system: a C compiler, a Chromium with Korean and emoji fonts, Python clients that are
// not ours, PostgreSQL, Redis, nginx, and systemd's analysis of units. If something is missing and Debian packages may
// be installed, they are; otherwise the missing packages are named.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const needs = [
  {
    packages: ['chromium-headless-shell'],
    isThere: () =>
      ['lib/chromium/chromium-headless-shell', 'bin/chromium', 'bin/chromium-browser'].some((path) =>
        existsSync(`/usr/${path}`),
      ),
  },
  { packages: ['fonts-nanum'], isThere: () => existsSync('/usr/share/fonts/truetype/nanum') },
  {
    packages: ['fonts-noto-color-emoji'],
    isThere: () => existsSync('/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf'),
  },
  {
    packages: ['python3', 'python3-websockets', 'python3-socketio', 'python3-aiohttp'],
    isThere: () => runs('/usr/bin/python3', ['-c', 'import websockets, socketio, aiohttp']),
  },
  // The contract's tests put a failing disk and clock beneath the server.
  { packages: ['gcc', 'libc6-dev'], isThere: () => compiles('#include <stdio.h>') },
  { packages: ['redis-server'], isThere: () => runs('redis-server', ['--version']) },
  { packages: ['nginx'], isThere: () => existsSync('/usr/sbin/nginx') },
  { packages: ['systemd'], isThere: () => runs('systemd-analyze', ['--version']) },
  { packages: ['postgresql'], isThere: () => existsSync('/usr/lib/postgresql') || runs('pg_config', ['--bindir']) },
];

/** Installs missing Debian packages, if root; otherwise names them. */
export function ensureSystemPackages() {
  const missing = needs.filter((need) => !need.isThere()).flatMap((need) => need.packages);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`The tests also need: ${missing.join(' ')}. Install them, for example with apt-get.\n`);
    return;
  }
  process.stdout.write(`Installing ${missing.join(' ')} …\n`);
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
}

function compiles(source) {
  return (
    spawnSync('cc', ['-x', 'c', '-fsyntax-only', '-'], { input: `${source}\n`, stdio: ['pipe', 'ignore', 'ignore'] })
      .status === 0
  );
}

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
