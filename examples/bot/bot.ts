import { createClient } from '@madang/client';
import { readFileSync, writeFileSync } from 'node:fs';

/** A bot that rolls dice: `!roll 2d6` in any room that it is in. Its token is kept in a file, and so its identity. */
const url = process.env['MADANG_URL'] ?? 'http://localhost:3000';
const tokenFile = process.env['TOKEN_FILE'] ?? './bot-token';

const client = createClient({ url, name: 'dice', echo: false, ...savedToken() });

client.on('message.created', ({ room, message }) => {
  const roll = /^!roll (\d{1,2})d(\d{1,3})$/.exec(message.text);
  if (roll) client.send(room, answerTo(Number(roll[1]), Number(roll[2])));
});

client.state.subscribe(() => {
  if (client.state.get().status === 'online' && client.token) writeFileSync(tokenFile, client.token, { mode: 0o600 });
  process.stdout.write(`${client.state.get().status}\n`);
});

client.connect();
process.once('SIGTERM', () => void client.close());

function answerTo(count: number, sides: number): string {
  const rolls = Array.from({ length: count }, () => 1 + Math.floor(Math.random() * sides));
  return `🎲 ${rolls.join(' + ')} = ${rolls.reduce((sum, each) => sum + each, 0)}`;
}

function savedToken(): { token?: string } {
  try {
    return { token: readFileSync(tokenFile, 'utf8').trim() };
  } catch {
    return {};
  }
}
