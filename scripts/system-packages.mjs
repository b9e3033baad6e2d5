// What the tests need from the system: a C compiler; Chromium, Firefox and WebKit, with Korean and emoji fonts; clients in
// Python; PostgreSQL, Redis, nginx, and systemd's analysis of units. Installs from Debian what is missing, if it may, and
// then names what is still missing.
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
  { packages: ['firefox-esr'], isThere: () => existsSync('/usr/bin/firefox-esr') },
  // With WebKit's small browser, and a screen in memory for it.
  {
    packages: ['webkit2gtk-driver', 'xvfb'],
    isThere: () => existsSync('/usr/bin/WebKitWebDriver') && existsSync('/usr/bin/Xvfb'),
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

/** Installs missing Debian packages, if root; then names those that are still missing. */
export function ensureSystemPackages() {
  let missing = needs.filter((need) => !need.isThere());
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    process.stdout.write(`Installing ${namesOf(missing)} …\n`);
    aptGet('update', '-qq');
    // Together, or else each by itself: one that can't be had keeps none of the others away.
    if (!install(missing)) for (const need of missing) install([need]);
    missing = missing.filter((need) => !need.isThere());
    if (missing.length === 0) return;
  }
  process.stderr.write(`The tests also need: ${namesOf(missing)}. Install them, for example with apt-get.\n`);
}

function namesOf(some) {
  return some.flatMap((need) => need.packages).join(' ');
}

function install(some) {
  return aptGet('install', '-y', '-qq', '--no-install-recommends', ...some.flatMap((need) => need.packages));
}

function aptGet(...args) {
  const { status } = spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return status === 0;
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
