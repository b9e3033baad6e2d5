import { Command, Option } from 'commander';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { trace, type TraceQuestion } from './cli/trace.js';
import type { VerifyQuestion } from './cli/verify.js';
import { addFlags, readConfig } from './config.js';
import { PlainError } from './errors.js';

/** The exit code of `madang verify` if it could not test. */
const UNTESTABLE = 2;

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

// Each command loads its own file, so that commands that only ask a server don't load one.
const program = addFlags(new Command('madang'))
  .description('Real-time chat for your own server.')
  .version(version, '--version', 'Print the version')
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
  .addHelpText('after', '\n--data, --port and --path, or --config, are those that the server was started with.')
  .action((message: string, user: string, options: Pick<Partial<TraceQuestion>, 'json' | 'url'>) => {
    const { data, port, path = '' } = readConfig(program);
    const { json, url = `http://localhost:${port}${path}` } = options;
    return trace({ message, user, data, url, json });
  });

program
  .command('copy')
  .description('Move a workspace to another database, say from SQLite to PostgreSQL. Stop its servers first.')
  .requiredOption('--from <place>', 'A data folder, or postgres://…')
  .requiredOption('--to <place>', 'The same, for an empty database; an interrupted copy is continued')
  .helpOption('--help', 'Show this')
  .action(async (places: { from: string; to: string }) => (await import('./cli/copy.js')).copy(places));

program
  .command('backup')
  .description('Copy the database in --data to a file, even while a server is using it. For SQLite.')
  .argument('<file>', 'the file to create')
  .option('--force', 'Replace an existing file')
  .helpOption('--help', 'Show this')
  .action(async (file: string, { force = false }: { force?: boolean }) =>
    (await import('./cli/backup.js')).backup(readConfig(program), file, force),
  );

program
  .command('restore')
  .description(
    'Restore a backup into --data. Stop the server first; the old database is kept under another name. For SQLite.',
  )
  .argument('<file>', 'the backup')
  .helpOption('--help', 'Show this')
  .action(async (file: string) => (await import('./cli/backup.js')).restore(readConfig(program), file));

program
  .command('new-epoch')
  .description(
    'Declare that the database does not continue what was served last, for example after a whole disk was restored.',
  )
  .helpOption('--help', 'Show this')
  .action(async () => (await import('./cli/backup.js')).newEpoch(readConfig(program)));

program
  .command('verify')
  .description('Test the delivery contract on a new workspace, on a copy, or on a running one.')
  .option('--url <url>', 'A running workspace, including its mount path; it is not killed')
  .addOption(
    new Option('--token <token>', 'With --url: session tokens to use instead of guests, separated by commas').env(
      'MADANG_TOKEN',
    ),
  )
  .option('--seconds <number>', 'How long simulated users talk', '30')
  .option('--seed <number>', 'Repeat the random choices of an earlier run')
  .option('--keep <file>', 'Save the history here, for a bug report')
  .option('--json', 'Print the answer as JSON')
  .helpOption('--help', 'Show this')
  .addHelpText(
    'after',
    `
Without --url it starts a server of its own, in a temporary folder; with --data <folder> on a copy of that workspace.
Exit code: 0 if no promise is broken, 1 if one is, 2 if they could not be tested.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : UNTESTABLE))
  .action(async (options: Omit<VerifyQuestion, 'program' | 'data' | 'database'>) => {
    const typed = (name: string) =>
      program.getOptionValueSource(name) === 'cli' ? { [name]: String(program.getOptionValue(name)) } : {};
    const file = fileURLToPath(new URL('cli.js', import.meta.url));
    try {
      await (
        await import('./cli/verify.js')
      ).verify({ ...options, program: file, ...typed('data'), ...typed('database') });
    } catch (error) {
      report(error, UNTESTABLE);
    }
  });

// No `await` here: a CommonJS module, as which the program is bundled, may not have one.
program.parseAsync().catch((error: unknown) => report(error, 1));

/** Prints in plain words why it can't be done. */
function report(error: unknown, exitCode: number): void {
  if (!(error instanceof PlainError)) throw error;
  process.stderr.write(`madang: ${error.message}\n`);
  process.exitCode = exitCode;
}
