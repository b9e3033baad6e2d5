#!/usr/bin/env node
import { Command } from 'commander';
import { trace, type TraceQuestion } from './cli/trace.js';
import { addFlags, readConfig } from './config.js';
import { PlainError } from './errors.js';

// Each command loads its own file, so that asking a server does not load one.
const program = addFlags(new Command('madang'))
  .description('Real-time chat for your own server.')
  .helpOption('--help', 'Show this')
  .allowExcessArguments(false)
  .action(async () => (await import('./cli/start.js')).start(readConfig(program)));

program
  .command('trace')
  .description("Ask a running server why somebody did or didn't get a message.")
  .argument('<message>', "the message's id")
  .argument('<user>', "the user's id")
  .option('--url <url>', 'Where the server is (default: this machine, at --port)')
  .option('--json', 'Print the answer as JSON')
  .helpOption('--help', 'Show this')
  .addHelpText('after', '\n--data and --port, or --config, are those that the server was started with.')
  .action((message: string, user: string, options: Pick<Partial<TraceQuestion>, 'json' | 'url'>) => {
    const { data, port } = readConfig(program);
    const { json, url = `http://localhost:${port}` } = options;
    return trace({ message, user, data, url, json });
  });

program
  .command('copy')
  .description('Move a yard to another database, say from SQLite to PostgreSQL. Stop its servers first.')
  .requiredOption('--from <place>', 'A data folder, or postgres://…')
  .requiredOption('--to <place>', 'The same, of an empty database; what was broken off goes on')
  .helpOption('--help', 'Show this')
  .action(async (places: { from: string; to: string }) => (await import('./cli/copy.js')).copy(places));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof PlainError)) throw error;
  process.stderr.write(`madang: ${error.message}\n`);
  process.exitCode = 1;
}
